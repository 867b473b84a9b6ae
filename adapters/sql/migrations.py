"""Bringing a database to the newest migration, and comparing it with the rows' definitions."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from adapters.sql.engine import begin_immediate, begin_nothing, is_sqlite, sqlite_path
from adapters.sql.failures import store_failures

ROOT = Path(__file__).resolve().parents[2]
LOCK = 7_300_006
"""Of nothing else in this database."""
WAIT_SECONDS = 60
"""For another process that migrates the same file."""


async def upgrade(url: str, revision: str = "head") -> None:
    await run(url, lambda config: command.upgrade(config, revision))


async def downgrade(url: str, revision: str = "base") -> None:
    await run(url, lambda config: command.downgrade(config, revision))


async def check(url: str) -> None:
    """Raises alembic's CommandError when models and migrations differ."""
    await run(url, command.check)


async def draft(url: str, message: str, revision_id: str) -> None:
    """Write the next migration from what the models have and the database lacks."""
    await run(url, lambda config: command.revision(config, message, autogenerate=True, rev_id=revision_id))


async def run(url: str, act: Callable[[Config], object]) -> None:
    """In one transaction, and by one process at a time. Raises StoreFailed."""
    if is_sqlite(url):
        sqlite_path(url).parent.mkdir(parents=True, exist_ok=True)
    engine = alone(url)

    def on(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        config = Config(ROOT / "alembic.ini")
        config.attributes["connection"] = connection
        act(config)

    try:
        with store_failures():
            async with engine.begin() as connection:
                await connection.run_sync(on)
    finally:
        await engine.dispose()


def alone(url: str) -> AsyncEngine:
    """SQLite's driver would begin only before the first row is written: what was cut short would leave half the tables.
    Foreign keys are left off, for a table that is made anew is dropped before."""
    if not is_sqlite(url):
        return create_async_engine(url)
    engine = create_async_engine(url, connect_args={"timeout": WAIT_SECONDS})
    event.listen(engine.sync_engine, "connect", begin_nothing)
    event.listen(engine.sync_engine, "begin", begin_immediate)
    return engine
