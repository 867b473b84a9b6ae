"""The hub's `where` as conditions on what is stored here; what is the same in every row is settled at once.

As on the hub: a field that is compared with null, a list without values and a value that nothing can have find nothing;
a bound that is null is no bound.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from strawberry import UNSET

from domain.drafts import MAX_TITLE
from domain.errors import BadInput
from domain.inputs import check_storable
from domain.public import Condition, Plain, State, Test
from schema.ids import row_id

SUFFIXES = {
    "_not_in": Test.NOT_IN,
    "_in": Test.IN,
    "_not": Test.IS_NOT,
    "_gte": Test.FROM,
    "_gt": Test.ABOVE,
    "_lte": Test.UP_TO,
    "_lt": Test.BELOW,
    "_contains": Test.CONTAINS,
}
EXACT = (Test.IS, Test.IS_NOT)
OPTIONAL = ("state", "flagged", "validation", "labels", "strategy", "plugin", "domain", "turbo", "search")
"""Without a value these ask for nothing on the hub."""
STATES = tuple(State)
SEVERAL = (Test.IN, Test.NOT_IN)


@dataclass(frozen=True, slots=True)
class Stored[F: StrEnum]:
    """A field that is asked of the database; `read` gives a value as it is stored there, None when none can be."""

    field: F
    read: Callable[[Any], Plain | None]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A field that every row has alike; None is no value at all."""

    value: Plain | None


type Meaning[F: StrEnum] = Stored[F] | Fixed


def conditions[F: StrEnum](where: object, meanings: Mapping[str, Meaning[F]]) -> list[Condition[F]] | None:
    """None when no row can be as asked. `where` is an input of schema/snapshot/where.py."""
    found: list[Condition[F]] = []
    for name, test, asked in given(where, meanings):
        meaning = meanings[name]
        if isinstance(meaning, Fixed):
            if not holds(meaning.value, test, asked):
                return None
            continue
        value = stored(meaning, test, asked)
        if value is None:
            return None
        if value != ():  # everything but nothing
            found.append(Condition(meaning.field, test, value))
    return found


def given(where: object, names: Mapping[str, Any]) -> Iterator[tuple[str, Test, Any]]:
    """Name, test and value of every field that is set and means something."""
    for each in fields(where) if where else ():  # type: ignore[arg-type]  # strawberry's inputs are dataclasses
        asked = getattr(where, each.name)
        name, test = parted(each.name, names)
        if asked is not UNSET and means_something(name, test, asked):
            yield name, test, [value for value in asked if value is not None] if test in SEVERAL else asked


def means_something(name: str, test: Test, asked: object) -> bool:
    """A state that there is not asks for every state."""
    if name == "state":
        return asked in STATES
    if name in OPTIONAL and asked in (None, "", []):
        return False
    return asked is not None or test in EXACT


def parted(name: str, names: Mapping[str, Any]) -> tuple[str, Test]:
    """The field that a name speaks of, and how it is compared."""
    if name == "search":
        return name, Test.CONTAINS
    for suffix, test in SUFFIXES.items():
        if name not in names and name.endswith(suffix):
            return name.removesuffix(suffix), test
    return name, Test.IS


def stored[F: StrEnum](meaning: Stored[F], test: Test, asked: Any) -> Plain | tuple[Plain, ...] | None:  # noqa: ANN401  # JSON
    """As it is stored; None when nothing can be as asked, () when everything is."""
    if test in SEVERAL:
        known = tuple(value for value in map(meaning.read, asked) if value is not None)
        if not asked or (test is Test.IN and not known):
            return None
        return known
    return None if asked is None else meaning.read(asked)


def holds(value: Plain | None, test: Test, asked: Any) -> bool:  # noqa: ANN401  # whatever the field holds
    """Whether a field with this value is as asked."""
    if value is None or asked is None or asked == []:
        return False
    comparisons: dict[Test, Callable[[], bool]] = {
        Test.IS: lambda: value == asked,
        Test.IS_NOT: lambda: value != asked,
        Test.IN: lambda: value in asked,
        Test.NOT_IN: lambda: value not in asked,
        Test.ABOVE: lambda: value > asked,
        Test.FROM: lambda: value >= asked,
        Test.BELOW: lambda: value < asked,
        Test.UP_TO: lambda: value <= asked,
        Test.CONTAINS: lambda: str(asked).lower() in str(value).lower(),
    }
    return comparisons[test]()


def id_of(noun: str) -> Callable[[str], int | None]:
    """Reads an id of this server's; an address or anything else is nobody's."""

    def read(given: str) -> int | None:
        try:
            return row_id(noun, given, "id")
        except BadInput:
            return None

    return read


def text(given: str) -> str:
    """Raises BadInput for what no database stores."""
    check_storable(given, "where")
    return given


def part_of_a_title(given: str) -> str | None:
    """What is longer than every title is part of none. Raises BadInput."""
    return text(given) if len(given) <= MAX_TITLE else None


def number(given: float) -> float:
    return given
