"""Bringing a database to the newest migration, and comparing it with the rows' definitions."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.sql.engine import is_sqlite, sqlite_path
from adapters.sql.failures import store_failures

ROOT = Path(__file__).resolve().parents[2]


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
    """Raises StoreFailed."""
    if is_sqlite(url):
        sqlite_path(url).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url)

    def on(connection: Connection) -> None:
        config = Config(ROOT / "alembic.ini")
        config.attributes["connection"] = connection
        act(config)

    try:
        with store_failures():
            async with engine.begin() as connection:
                await connection.run_sync(on)
    finally:
        await engine.dispose()
