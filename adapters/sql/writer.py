"""Write transactions: SQLite's on one thread and under a lock between processes, Postgres' on a connection."""

import asyncio
import fcntl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Session

from adapters.sql.engine import sqlite_path, writing_engine

DEADLOCK, SERIALIZATION = "40P01", "40001"
TRIES = 3


class Writer(Protocol):
    async def __call__[T](self, command: Callable[[Session], T]) -> T:
        """Run `command` in one transaction: committed when it returns, rolled back when it raises."""

    async def close(self) -> None: ...


class SqliteWriter:
    """One thread a process, whose queue is the order; `flock` makes processes take turns fairly.

    busy_timeout alone sleeps and retries: a second process waited up to 735 ms behind the first.
    """

    def __init__(self, url: str) -> None:
        self._engine = writing_engine(url)
        path = sqlite_path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = path.with_name(path.name + ".lock").open("wb")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")

    async def __call__[T](self, command: Callable[[Session], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, command)

    def _run[T](self, command: Callable[[Session], T]) -> T:
        with self._turn(), Session(self._engine, expire_on_commit=False) as session, session.begin():
            return command(session)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    async def close(self) -> None:
        await asyncio.to_thread(self._thread.shutdown)
        self._engine.dispose()
        self._lock.close()


class PostgresWriter:
    """READ COMMITTED with row locks; a deadlock is run again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __call__[T](self, command: Callable[[Session], T]) -> T:
        for attempt in range(TRIES):
            try:
                async with self._engine.begin() as connection:
                    return await connection.run_sync(run_in, command)
            except DBAPIError as error:
                code = getattr(error.orig, "sqlstate", None)
                if code not in (DEADLOCK, SERIALIZATION) or attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    async def close(self) -> None:
        """The engine is its owner's to close."""


def run_in[T](connection: Connection, command: Callable[[Session], T]) -> T:
    with Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only") as session:
        result = command(session)
        session.flush()
        return result
