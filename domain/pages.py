"""Keyset pages: a slice of a list in one total order, from either end."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from domain.errors import BadInput

DEFAULT_SIZE = 20
MAX_SIZE = 100

type Key = tuple[str | int, ...]
"""The sort key of a row, its id last: what a cursor holds."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What a caller asks for: `size` rows after `after` or, `backward`, before `before`."""

    size: int = DEFAULT_SIZE
    backward: bool = False
    after: Key | None = None
    before: Key | None = None


async def _nothing() -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Page[T]:
    """Rows in the connection's order, each with its key; `count` is asked only for totalCount."""

    rows: list[T] = field(default_factory=list)
    keys: Sequence[Key] = ()
    has_next: bool = False
    has_previous: bool = False
    count: Callable[[], Awaitable[int]] = _nothing


def foreign_cursor(name: str) -> BadInput:
    """Of the argument with this name."""
    return BadInput(f"{name} is a cursor of another list: take endCursor or startCursor of this one.", field=(name,))


def slice_of(first: int | None, after: Key | None, last: int | None, before: Key | None) -> Slice:
    """Relay's four arguments as one slice. Raises BadInput."""
    if first is not None and last is not None:
        raise BadInput("Give first or last, not both.", field=("last",))
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= MAX_SIZE:
            raise BadInput(f"{name} must be between 1 and {MAX_SIZE}.", field=(name,))
    return Slice(size=first or last or DEFAULT_SIZE, backward=last is not None, after=after, before=before)
