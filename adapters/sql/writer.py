"""Write transactions: SQLite's on one thread and under a lock between processes, Postgres' on a connection."""

import asyncio
import fcntl
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Session

from adapters.sql.engine import sqlite_path, writing_engine

LOST_RACES = {"40P01", "40001", "23505"}
"""Postgres' codes for a deadlock, a serialisation failure and a unique key that another transaction took first."""
TRIES = 5
MOST_TOGETHER, LONGEST_SECONDS = 64, 0.01
"""How much one commit of SQLite carries: a write transaction lasts at most 20 ms."""


class Writer(Protocol):
    async def __call__[T](self, command: Callable[[Session], T]) -> T:
        """Run `command` in one transaction: committed when it returns, rolled back when it raises."""

    async def close(self) -> None: ...


@dataclass(slots=True)
class Waiting:
    """A command in line. It hears how it went after the commit, a refusal too: it may rest on what is not kept yet."""

    command: Callable[[Session], Any]
    answer: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        """In a savepoint of its own, so that what it did is gone when it raises, and nothing else is."""
        session = Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        try:
            with session, session.begin():
                self.result = self.command(session)
        except BaseException as error:
            if not connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]  # sqlite3's
                raise  # the disk is full or failed: SQLite has rolled all of it back
            self.error = error

    def settle(self, failure: BaseException | None) -> None:
        if error := failure or self.error:
            self.answer.set_exception(error)
        else:
            self.answer.set_result(self.result)


class SqliteWriter:
    """One thread a process, whose queue is the order; `flock` makes processes take turns fairly.

    Commands that came while another ran share the next commit: the disk's answer is what a commit waits for.
    busy_timeout alone sleeps and retries: a second process waited up to 735 ms behind the first.
    """

    def __init__(self, url: str) -> None:
        self._engine = writing_engine(url)
        path = sqlite_path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = path.with_name(path.name + ".lock").open("wb")
        self._line: deque[Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")

    async def __call__[T](self, command: Callable[[Session], T]) -> T:
        waiting = Waiting(command)
        self._line.append(waiting)
        self._thread.submit(self._run)
        result: T = await asyncio.wrap_future(waiting.answer)
        return result

    def _run(self) -> None:
        """One commit; nothing when an earlier one has taken all along."""
        failure: BaseException | None = None
        together: list[Waiting] = []
        try:
            if self._line:
                self._commit(together)
        except BaseException as error:  # noqa: BLE001  # the commit failed: all who waited for it are told
            failure = error
        for waiting in together:
            waiting.settle(failure)

    def _commit(self, together: list[Waiting]) -> None:
        with self._turn(), self._engine.begin() as connection:
            until = time.monotonic() + LONGEST_SECONDS
            while self._line and len(together) < MOST_TOGETHER and (not together or time.monotonic() < until):
                waiting = self._line.popleft()
                if waiting.answer.set_running_or_notify_cancel():
                    together.append(waiting)
                    waiting.run(connection)

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
    """READ COMMITTED with row locks; what lost a race is run again, and then sees what the winner did."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __call__[T](self, command: Callable[[Session], T]) -> T:
        for attempt in range(TRIES):
            try:
                async with self._engine.begin() as connection:
                    return await connection.run_sync(run_in, command)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in LOST_RACES or attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    async def close(self) -> None:
        """The engine is its owner's to close."""


def run_in[T](connection: Connection, command: Callable[[Session], T]) -> T:
    with Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only") as session:
        result = command(session)
        session.flush()
        return result
