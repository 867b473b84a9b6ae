"""Write transactions, and SQLite's: on one thread, and under a lock between processes. Postgres' have a file of their
own."""

import asyncio
import fcntl
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from adapters.sql.engine import sqlite_engine, sqlite_path
from adapters.sql.late import late_of, late_writes, write_before_others

MOST_TOGETHER, LONGEST_SECONDS = 64, 0.015
"""How much one commit of SQLite carries: with the last command and the disk, a write transaction lasts about 20 ms."""


class Writer(Protocol):
    async def __call__[T](self, command: Callable[[Session], T], *, together: str | None = None) -> T:
        """Run `command` in one transaction: committed when it returns, rolled back when it raises.

        Commands that give the same `together` may share a commit; each is undone by itself all the same.
        """

    async def close(self) -> None: ...


@dataclass(slots=True)
class Waiting:
    """A command in line. It hears how it went after the commit, a refusal too: it may rest on what is not kept yet."""

    command: Callable[[Session], Any]
    together: str = ""
    answer: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        """Undone by itself when it raises; only when the transaction is gone with it is that told to the others."""
        sqlite: Any = connection.connection.driver_connection
        late = late_of(connection)
        mark, self.error = late.mark(), None
        sqlite.execute("SAVEPOINT command")
        try:
            self.result = run_in(connection, self.command)
        except BaseException as error:
            if not sqlite.in_transaction:
                raise
            sqlite.execute("ROLLBACK TO command")
            late.restore(mark)
            self.error = error
        sqlite.execute("RELEASE command")

    def settle(self, failure: BaseException | None) -> None:
        if error := failure or self.error:
            self.answer.set_exception(error)
        else:
            self.answer.set_result(self.result)


class SqliteWriter:
    """One thread a process, whose queue is the order; `flock` makes processes take turns fairly.

    Commands that came while another ran share the next commit, for its wait for the disk costs most. One that raises is
    undone by itself; if what they share fails, all are undone and each runs again alone. busy_timeout alone sleeps and
    retries: a second process waited up to 735 ms behind the first.
    """

    def __init__(self, url: str) -> None:
        self._engine = sqlite_engine(url, connections=1, writes=True)
        write_before_others(self._engine)
        path = sqlite_path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = path.with_name(path.name + ".lock").open("wb")
        self._line: deque[Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")

    async def __call__[T](self, command: Callable[[Session], T], *, together: str | None = None) -> T:
        """All that wait share a commit, whatever they give."""
        waiting = Waiting(command)
        self._line.append(waiting)
        self._thread.submit(self._run)
        result: T = await asyncio.wrap_future(waiting.answer)
        return result

    def _run(self) -> None:
        """Nothing is left to do when an earlier run has taken along all that waited."""
        together: list[Waiting] = []
        if self._line and not self._commit(self._coming(together)):
            for waiting in together:
                self._commit([waiting])

    def _coming(self, together: list[Waiting]) -> Iterator[Waiting]:
        """Who waits, noted in `together`, for as long as one transaction may last."""
        until = time.monotonic() + LONGEST_SECONDS
        while self._line and len(together) < MOST_TOGETHER and (not together or time.monotonic() < until):
            waiting = self._line.popleft()
            if waiting.answer.set_running_or_notify_cancel():
                together.append(waiting)
                yield waiting

    def _commit(self, line: Iterable[Waiting]) -> bool:
        """False when several were undone together and none of them has heard anything. Who waits hears it when no
        transaction could be begun at all."""
        failure: BaseException | None = None
        done: list[Waiting] = []
        try:
            with self._turn(), self._engine.begin() as connection, late_writes(connection):
                for waiting in line:
                    done.append(waiting)
                    waiting.run(connection)
        except BaseException as error:  # noqa: BLE001  # told to the one who waits
            if len(done) > 1:
                return False
            done, failure = done or list(line), error
        for waiting in done:
            waiting.settle(failure)
        return True

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


def run_in[T](connection: Connection, command: Callable[[Session], T]) -> T:
    """In the connection's transaction, whose end is the caller's."""
    with Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only") as session:
        result = command(session)
        session.flush()
        return result


def connection_of(session: Session) -> Connection:
    """The one that `session` was bound to by `run_in`: statements on it spare the session's share of their time."""
    connection = session.get_bind()
    if not isinstance(connection, Connection):
        raise TypeError("A repository works inside a writer's transaction: its session must be bound to a connection.")
    return connection
