"""Migrations lead from nothing to the rows' definitions and back."""

import pytest
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.sql.migrations import check, downgrade, upgrade
from adapters.sql.tables import METADATA
from tests.contracts.sql.conftest import Databases


@pytest.fixture
async def empty(databases: Databases, request: pytest.FixtureRequest) -> str:
    return await databases(f"empty_{request.node.name.partition('[')[0].removeprefix('test_')}"[:40])


async def tables_of(url: str) -> set[str]:
    def names(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(names)
    await engine.dispose()
    return found


async def test_upgrade_makes_what_the_rows_define(empty: str) -> None:
    await upgrade(empty)
    assert await tables_of(empty) == {*METADATA.tables, "alembic_version"}
    await check(empty)


async def test_upgrade_twice_changes_nothing(empty: str) -> None:
    await upgrade(empty)
    await upgrade(empty)
    await check(empty)


async def test_downgrade_leaves_nothing_and_upgrade_comes_back(empty: str) -> None:
    await upgrade(empty)
    await downgrade(empty)
    assert await tables_of(empty) == {"alembic_version"}
    await upgrade(empty)
    await check(empty)


async def test_check_names_a_difference(empty: str) -> None:
    await upgrade(empty)
    engine = create_async_engine(empty)
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE vote DROP COLUMN confidence"))
    await engine.dispose()
    with pytest.raises(CommandError, match=r"add_column.*confidence"):
        await check(empty)
