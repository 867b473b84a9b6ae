"""Rows in every table of a database, whatever its revision: made from what the database says of itself."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, DateTime, Float, Integer, MetaData, delete, insert, select
from sqlalchemy.ext.asyncio import create_async_engine

type Rows = dict[str, list[dict[str, Any]]]
"""Of every table but alembic's, in the order of their keys."""

ROWS = 2
BIG = 100
"""For the weight that is eligible: more than the rest of a tally together."""


async def on[T](url: str, act: Callable[[Connection], T]) -> T:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(act)
    finally:
        await engine.dispose()


def tables(connection: Connection) -> MetaData:
    found = MetaData()
    found.reflect(connection)
    found.remove(found.tables["alembic_version"])
    return found


def fill(connection: Connection) -> Rows:
    """Two rows a table, every column with a value but references to the own table, which would turn in a circle.

    They take the place of rows that a migration made."""
    for table in tables(connection).sorted_tables:
        rows = [{column.name: value(column, number) for column in table.c} for number in range(1, ROWS + 1)]
        connection.execute(delete(table))
        connection.execute(insert(table), rows)
    return dump(connection)


def value(column: Column[Any], number: int) -> object:
    if column.foreign_keys:
        own = any(key.column.table is column.table for key in column.foreign_keys)
        return None if own else number
    match column.type:
        case Boolean():
            return True
        case Integer():
            return number + (BIG if column.name == "eligible" else 0)
        case Float():
            return number / 4
        case DateTime():
            at = datetime(2026, 1, number, 12, 0, 0, 250_000, tzinfo=UTC)
            return at if column.type.timezone else at.replace(tzinfo=None)
        case JSON():
            return {"kept": [number, "ä"]}
        case _:
            return f"{column.name} {number} ä"


def dump(connection: Connection) -> Rows:
    return {
        name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
        for name, table in tables(connection).tables.items()
    }


def shared(rows: Rows, other: Rows) -> Rows:
    """What of `rows` the revision of `other` has tables and columns for. Every table of it holds rows."""
    return {
        name: [{column: row[column] for column in row if column in other[name][0]} for row in rows[name]]
        for name in rows
        if name in other
    }
