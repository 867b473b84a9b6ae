"""Migrations lead from nothing to the rows' definitions and back."""

import asyncio
import subprocess
import sys
from functools import partial
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.sql.database import Database
from adapters.sql.migrations import ROOT, check, downgrade, run, upgrade
from adapters.sql.revision import newest
from adapters.sql.tables import METADATA
from app.migrated import check_migrated
from app.settings import BadSettings
from tests.contracts.sql.conftest import Databases, administer
from tests.contracts.sql.filling import ROWS, dump, fill, on, shared


@pytest.fixture
async def empty(databases: Databases) -> str:
    return await databases(f"empty_{uuid4().hex[:8]}")


def steps() -> list[tuple[str, str]]:
    """Every migration and the one below it, the newest first."""
    scripts = ScriptDirectory.from_config(Config(ROOT / "alembic.ini")).walk_revisions()
    return [(script.revision, str(script.down_revision or "base")) for script in scripts]


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


async def test_rows_outlive_every_step_down_and_up_again(empty: str) -> None:
    await upgrade(empty)
    above = await on(empty, fill)
    assert {len(rows) for rows in above.values()} == {ROWS}
    for revision, lower in steps():
        await downgrade(empty, lower)
        below = await on(empty, dump)
        assert shared(below, above) == shared(above, below)
        await upgrade(empty, revision)
        again = await on(empty, dump)
        assert shared(again, below) == shared(below, again)
        await downgrade(empty, lower)
        above = await on(empty, dump)
    assert above == {}


@pytest.mark.parametrize("revision", [revision for revision, _ in steps()])
async def test_rows_of_every_revision_outlive_the_way_to_the_newest(empty: str, revision: str) -> None:
    await upgrade(empty, revision)
    before = await on(empty, fill)
    await upgrade(empty)
    after = await on(empty, dump)
    assert shared(after, before) == shared(before, after)
    await check(empty)


async def test_upgrade_that_is_cut_short_leaves_nothing_and_can_be_run_again(empty: str) -> None:
    def cut(config: Config) -> None:
        command.upgrade(config, "head")
        raise KeyError

    with pytest.raises(KeyError):
        await run(empty, cut)
    assert await tables_of(empty) == set()
    await upgrade(empty)
    await check(empty)


async def test_two_processes_that_migrate_at_once_take_turns(empty: str) -> None:
    code = f"import asyncio; from adapters.sql.migrations import upgrade; asyncio.run(upgrade({empty!r}))"
    migrate = partial(subprocess.run, [sys.executable, "-c", code], check=True)
    await asyncio.gather(*(asyncio.to_thread(migrate) for _ in range(2)))
    await check(empty)


async def test_check_names_a_difference(empty: str) -> None:
    await upgrade(empty)
    engine = create_async_engine(empty)
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE vote DROP COLUMN confidence"))
    await engine.dispose()
    with pytest.raises(CommandError, match=r"add_column.*confidence"):
        await check(empty)


async def accepted(url: str) -> str:
    """What is said to who would start on it; nothing where it may."""
    database = Database(url)
    try:
        await check_migrated(database)
    except BadSettings as refusal:
        return str(refusal)
    finally:
        await database.close()
    return ""


async def test_only_what_is_migrated_is_started_on(empty: str) -> None:
    nothing = "The database has no tables yet: run `frontier migrate` first."
    assert await accepted(empty) == nothing
    await upgrade(empty)
    assert await accepted(empty) == ""
    for revision, below in steps():
        await downgrade(empty, below)
        older = f"The database is at migration {below} of {newest()}: run `frontier migrate` first."
        assert await accepted(empty) == (nothing if below == "base" else older), revision


async def test_a_newer_database_is_started_on(empty: str) -> None:
    await upgrade(empty)
    await administer(empty, "UPDATE alembic_version SET version_num = '9999_later'")
    assert await accepted(empty) == ""
