"""A migrated database for every test, on SQLite and, with TEST_DATABASE_URL, on Postgres."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.sql.migrations import upgrade
from adapters.sql.tables import METADATA
from domain.rules import Rules
from evals.hall import Hall, hall
from tests.conftest import real
from tests.contracts.sql.times import Clock

type Databases = Callable[[str], Awaitable[str]]
"""Makes a database of this name and gives its URL: migrated, or empty when the name starts with `empty`."""


async def administer(url: str, *statements: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


def sqlite_databases(folder: Path) -> Databases:
    template = folder / "template.db"
    asyncio.run(upgrade(f"sqlite+aiosqlite:///{template}"))

    async def made(name: str) -> str:
        if not name.startswith("empty"):
            shutil.copy(template, folder / f"{name}.db")
        return f"sqlite+aiosqlite:///{folder / f'{name}.db'}"

    return made


def postgres_databases(server: str, prefix: str) -> Databases:
    """One migrated database that every test finds empty: making one takes a second."""
    tables = ", ".join(METADATA.tables)

    def named(name: str) -> str:
        return make_url(server).set(database=f"{prefix}_{name}").render_as_string(hide_password=False)

    async def made(name: str) -> str:
        if name.startswith("empty"):
            await administer(server, f"CREATE DATABASE {prefix}_{name}")
            return named(name)
        await administer(named("shared"), f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        return named("shared")

    asyncio.run(administer(server, f"CREATE DATABASE {prefix}_shared"))
    asyncio.run(upgrade(named("shared")))
    return made


async def drop_all(server: str, prefix: str) -> None:
    engine = create_async_engine(server)
    named = text("SELECT datname FROM pg_database WHERE starts_with(datname, :prefix)")
    async with engine.connect() as connection:
        names = list(await connection.scalars(named, {"prefix": prefix}))
    await engine.dispose()
    await administer(server, *(f"DROP DATABASE {name} WITH (FORCE)" for name in names))


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    if request.param == "sqlite":
        yield sqlite_databases(tmp_path_factory.mktemp("sqlite"))
        return
    server = real("TEST_DATABASE_URL", "postgres")
    prefix = f"test_{uuid4().hex[:8]}"
    yield postgres_databases(server, prefix)
    asyncio.run(drop_all(server, prefix))


@pytest.fixture
async def url(databases: Databases) -> str:
    return await databases(uuid4().hex[:8])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(url: str, clock: Clock) -> AsyncIterator[Hall]:
    """A founded DAO whose time is the test's `clock`."""
    async with hall(url, clock=clock) as opened:
        await opened.found(Rules())
        yield opened
