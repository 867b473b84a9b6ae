"""Databases for houses, on both engines: each a copy of one that is migrated once a session."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.sql.migrations import upgrade

type Databases = Callable[[Path], AbstractAsyncContextManager[str]]
"""`async with databases(folder) as url`: a migrated database of its own; SQLite's file lies in `folder`."""


@contextmanager
def sqlite_databases(folder: Path) -> Iterator[Databases]:
    template = folder / "frontier.db"
    asyncio.run(upgrade(f"sqlite+aiosqlite:///{template}"))

    @asynccontextmanager
    async def made(home: Path) -> AsyncIterator[str]:
        shutil.copy(template, home / "frontier.db")
        yield f"sqlite+aiosqlite:///{home / 'frontier.db'}"

    yield made


@contextmanager
def postgres_databases(server: str) -> Iterator[Databases]:
    prefix = f"attack_{uuid4().hex[:8]}"

    @asynccontextmanager
    async def made(_: Path) -> AsyncIterator[str]:
        name = f"{prefix}_{uuid4().hex[:8]}"
        await administer(server, f"CREATE DATABASE {name} TEMPLATE {prefix}")
        yield named(server, name)
        await administer(server, f"DROP DATABASE {name} WITH (FORCE)")

    asyncio.run(administer(server, f"CREATE DATABASE {prefix}"))
    asyncio.run(upgrade(named(server, prefix)))
    yield made
    asyncio.run(administer(server, f"DROP DATABASE {prefix} WITH (FORCE)"))


def named(server: str, database: str) -> str:
    url = make_url(server)
    password = url.password or "unused"  # the settings want one; a server that trusts does not ask
    return url.set(database=database, password=password).render_as_string(hide_password=False)


async def administer(server: str, statement: str) -> None:
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
