"""Keyset pages over one SELECT."""

from collections import namedtuple
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from typing import Any, overload

from sqlalchemy import ColumnElement, Integer, Select, Table, and_, func, or_, select

from adapters.counts import Counts
from adapters.sql.reader import Reader
from adapters.sql.types import UtcDateTime
from domain.pages import Key, Page, Slice, foreign_cursor

LARGEST = 2**31 - 1
"""Postgres' INTEGER."""
STATEMENTS = 64
"""Kept."""


@dataclass(frozen=True, slots=True)
class Order:
    """One column of a total order; the last one of an order is unique."""

    column: Any
    """A mapped column or an expression of some."""
    descending: bool = False


async def rows_of[R](reader: Reader, statement: Select[R]) -> list[R]:
    """All rows, detached."""
    return await reader(lambda session: list(session.scalars(statement)))


async def page_of[R, T](
    reader: Reader,
    statement: Select[R],
    order: Sequence[Order],
    wanted: Slice,
    to_domain: Callable[[R], T],
) -> Page[T]:
    """One slice. The statement selects one table; it may filter and join, but neither order nor limit. `to_domain` gets
    plain rows, which have the columns of R and nothing else: a mapped object each takes five times as long."""
    first, table = made(statement, tuple(order), wanted.backward, wanted.size + 1)
    limited = sliced(first, order, wanted)
    found = await reader(lambda session: session.connection().execute(limited).all())
    return page(found, wanted, table, to_domain, lambda: count_of(reader, statement))


@lru_cache(STATEMENTS)
def made(statement: Select[Any], order: tuple[Order, ...], backward: bool, most: int) -> tuple[Select[Any], Table]:
    """The first page's statement, and its table. A SELECT and order that a module keeps are made and analysed once: a
    quarter of what a list of a hundred members took."""
    table: Table = statement.column_descriptions[0]["entity"].__table__
    columns = (*table.columns, *(part.column for part in order))
    chosen = statement.with_only_columns(*columns, maintain_column_froms=True)
    return chosen.order_by(*directions(order, backward)).limit(most), table


@dataclass(frozen=True, slots=True)
class Parents:
    """Whose lists are wanted."""

    column: Any
    """Mapped, of a table that the statement selects from."""
    keys: Sequence[int]


async def pages_of[R, T](
    reader: Reader,
    statement: Select[R],
    parents: Parents,
    order: Sequence[Order],
    wanted: Slice,
    to_domain: Callable[[R], T],
) -> dict[int, Page[T]]:
    """The same slice of each parent's list, in one statement."""
    table: Table = statement.column_descriptions[0]["entity"].__table__
    theirs = statement.where(parents.column.in_(parents.keys))
    place = func.row_number().over(partition_by=parents.column, order_by=directions(order, wanted.backward))
    columns = (*table.columns, *(part.column for part in order), parents.column, place)
    named = [column.label(f"c{number}") for number, column in enumerate(columns)]
    ranked = sliced(theirs, order, wanted).with_only_columns(*named, maintain_column_froms=True).subquery()
    whose, at = list(ranked.c)[-2:]
    limited = select(ranked).where(at <= wanted.size + 1).order_by(whose, at)
    found: dict[int, list[Sequence[Any]]] = {key: [] for key in parents.keys}
    for row in await reader(lambda session: session.connection().execute(limited).all()):
        found[row[-2]].append(row[:-2])
    counts = Counts(partial(counts_of, reader, theirs, parents.column))
    return {key: page(rows, wanted, table, to_domain, partial(counts.of, key)) for key, rows in found.items()}


async def counts_of(reader: Reader, statement: Select[Any], parent: Any) -> dict[int, int]:  # noqa: ANN401  # a column
    """How many rows each parent has that has any."""
    counted = statement.with_only_columns(parent, func.count(), maintain_column_froms=True).group_by(parent)
    return {row[0]: row[1] for row in await reader(lambda session: session.execute(counted).all())}


def sliced[R](statement: Select[R], order: Sequence[Order], wanted: Slice) -> Select[R]:
    """Raises BadInput for a cursor of another list."""
    for name, key, flipped in (("after", wanted.after, False), ("before", wanted.before, True)):
        if key is not None:
            statement = statement.where(beyond(order, bound(order, key, name), flipped=flipped))
    return statement


def directions(order: Sequence[Order], backward: bool) -> list[ColumnElement[Any]]:
    return [part.column.desc() if part.descending != backward else part.column.asc() for part in order]


def page[R, T](
    found: Sequence[Sequence[Any]],
    wanted: Slice,
    table: Table,
    to_domain: Callable[[R], T],
    count: Callable[[], Awaitable[int]],
) -> Page[T]:
    """Of rows with the table's columns and then the order's, one more than wanted if there are more."""
    more, rows = len(found) > wanted.size, list(found[: wanted.size])
    if wanted.backward:
        rows.reverse()
    make: Callable[[Sequence[Any]], R] = record_of(table, len(rows[0]) if rows else 0)._make
    return Page(
        rows=[to_domain(make(row)) for row in rows],
        keys=Keys(rows, len(table.columns)),
        has_next=wanted.before is not None if wanted.backward else more,
        has_previous=more if wanted.backward else wanted.after is not None,
        count=count,
    )


class Keys(Sequence[Key]):
    """Of rows that end with them; made when they are asked for: most pages need the first and the last."""

    def __init__(self, rows: Sequence[Sequence[Any]], start: int) -> None:
        self._rows = rows
        self._start = start

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> Key: ...
    @overload
    def __getitem__(self, at: slice) -> "Keys": ...
    def __getitem__(self, at: int | slice) -> "Key | Keys":
        if isinstance(at, slice):
            return Keys(self._rows[at], self._start)
        return tuple(plain(value) for value in self._rows[at][self._start :])


async def count_of(reader: Reader, statement: Select[Any]) -> int:
    counted = select(func.count()).select_from(statement.order_by(None).subquery())
    return await reader(lambda session: int(session.scalar(counted) or 0))


def beyond(order: Sequence[Order], key: Sequence[Any], *, flipped: bool) -> ColumnElement[bool]:
    """Rows that stand after `key` in the order or, flipped, before it."""
    choices = []
    for at, part in enumerate(order):
        equal = [before.column == value for before, value in zip(order[:at], key, strict=False)]
        below = part.descending != flipped
        choices.append(and_(*equal, part.column < key[at] if below else part.column > key[at]))
    return or_(*choices)


def bound(order: Sequence[Order], key: Key, name: str) -> list[Any]:
    """A cursor's key as the columns' values. Raises BadInput, naming the argument, when it is of another list."""
    try:
        return [as_column(part, value) for part, value in zip(order, key, strict=True)]
    except (ValueError, OverflowError):
        raise foreign_cursor(name) from None


def as_column(part: Order, value: str | int) -> Any:  # noqa: ANN401  # whatever the column holds
    """Raises ValueError, also for what a database could not even compare with."""
    if isinstance(part.column.type, UtcDateTime):
        return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)
    if isinstance(part.column.type, Integer):
        if abs(number := int(value)) > LARGEST:
            raise ValueError(value)
        return number
    if "\0" in (text := str(value)) or not text.encode():  # encode() refuses half a character
        raise ValueError(value)
    return text


@cache
def record_of(table: Table, width: int) -> Any:  # noqa: ANN401  # a class made here
    """A named tuple of the table's columns and whatever follows them, so many in all: SQLAlchemy's rows take ten times
    as long to tell a column by its name."""
    names = table.columns.keys()
    return namedtuple(table.name, names + [f"order_{place}" for place in range(width - len(names))])


def plain(value: Any) -> str | int:  # noqa: ANN401  # whatever the column holds
    return value if isinstance(value, str | int) else value.replace(tzinfo=None).isoformat(timespec="milliseconds")
