"""Reads: SQLite's on a few threads, one hand-over each, Postgres' on a connection."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Session

from adapters.sql.engine import sqlite_engine
from adapters.sql.failures import store_failures

THREADS = 2
"""More of them only wait for each other: Python runs one at a time."""


class Reader(Protocol):
    async def __call__[T](self, read: Callable[[Session], T]) -> T:
        """Run `read`, which changes nothing and whose rows are detached when it returns. Raises StoreFailed."""

    async def close(self) -> None: ...


class SqliteReader:
    """Every statement sees what was committed before it; no transaction stays open, so the log can be folded in.

    aiosqlite hands over to its thread at every execute, fetch and close: 15 ms of CPU a ballot's answer took, here 6.
    """

    def __init__(self, url: str) -> None:
        self._engine = sqlite_engine(url, connections=THREADS)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sqlite-reader")

    async def __call__[T](self, read: Callable[[Session], T]) -> T:
        with store_failures():
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, read)

    def _run[T](self, read: Callable[[Session], T]) -> T:
        with self._engine.connect() as connection:
            return read_on(connection, read)

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()


class PostgresReader:
    """Owns the engine that `PostgresWriter` shares."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __call__[T](self, read: Callable[[Session], T]) -> T:
        with store_failures():
            async with self._engine.connect() as connection:
                return await connection.run_sync(read_on, read)

    async def close(self) -> None:
        await self._engine.dispose()


def read_on[T](connection: Connection, read: Callable[[Session], T]) -> T:
    with Session(connection, expire_on_commit=False) as session:
        return read(session)
