"""Postgres' write transactions: on a connection each, but for commands in one line, which share commits."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Session

from adapters.sql.late import late_of, late_writes, write_before_others
from adapters.sql.writer import MOST_TOGETHER, Waiting, run_in

LOST_RACES = {"40P01", "40001", "23505"}
"""Codes for a deadlock, a serialisation failure and a unique key that another transaction took first."""
TRIES = 5


class Spoiled(Exception):
    """A command of several failed after it had written: all of them are undone."""


class PostgresWriter:
    """READ COMMITTED with row locks; what lost a race is run again, and then sees what the winner did.

    Commands that change one row would only wait for each other's locks, a connection each. They wait in a line
    instead, and those that came while the first ones ran share the next commit.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._lines: dict[str, deque[Waiting]] = {}
        self._serving: set[asyncio.Task[None]] = set()
        write_before_others(engine.sync_engine)

    async def __call__[T](self, command: Callable[[Session], T], *, together: str | None = None) -> T:
        if together is None:
            return await self._alone(command)
        waiting = Waiting(command)
        line = self._lines.get(together)
        if line is None:
            line = self._lines[together] = deque()
            task = asyncio.create_task(self._serve(together, line))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        line.append(waiting)
        result: T = await asyncio.wrap_future(waiting.answer)
        return result

    async def _alone[T](self, command: Callable[[Session], T]) -> T:
        for attempt in range(TRIES):
            try:
                async with self._engine.begin() as connection:
                    return await connection.run_sync(run_alone, command)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in LOST_RACES or attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    async def _serve(self, together: str, line: deque[Waiting]) -> None:
        """Until nobody waits."""
        try:
            while line:
                coming = [line.popleft() for _ in range(min(len(line), MOST_TOGETHER))]
                await self._commit([each for each in coming if each.answer.set_running_or_notify_cancel()])
        finally:
            del self._lines[together]
            for waiting in line:  # the process ends
                waiting.answer.cancel()

    async def _commit(self, line: Sequence[Waiting]) -> None:
        if len(line) > 1 and await self._shared(line):
            return
        for waiting in line:
            waiting.error = None
            try:
                waiting.result = await self._alone(waiting.command)
            except BaseException as error:  # noqa: BLE001  # told to the one who waits
                waiting.error = error
            waiting.settle(None)

    async def _shared(self, line: Sequence[Waiting]) -> bool:
        """False when all were undone and nobody has heard anything: each runs again alone."""
        failure: BaseException | None = None
        try:
            async with self._engine.begin() as connection:
                await connection.run_sync(run_line, line)
        except Spoiled:
            return False
        except BaseException as error:  # noqa: BLE001  # told to those who wait
            if isinstance(error, DBAPIError) and not is_lost(error):
                return False
            failure = error  # with the connection lost, nobody knows whether it is committed
        for waiting in line:
            waiting.settle(failure)
        return True

    async def close(self) -> None:
        """What is under way is let finish. The engine is its owner's to close."""
        await asyncio.gather(*self._serving, return_exceptions=True)


def is_lost(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated


def run_alone[T](connection: Connection, command: Callable[[Session], T]) -> T:
    """One command's whole transaction, but for its end."""
    with late_writes(connection):
        return run_in(connection, command)


def run_line(connection: Connection, line: Sequence[Waiting]) -> None:
    """Several commands' transaction, but for its end. Raises Spoiled.

    A refusal mostly comes before the first write: then nothing has to be undone, and a savepoint for each command would
    cost a third of its time.
    """
    with late_writes(connection):
        late = late_of(connection)
        for waiting in line:
            mark, late.wrote = late.mark(), False
            try:
                waiting.result = run_in(connection, waiting.command)
            except Exception as error:
                if is_lost(error):
                    raise
                if late.wrote or isinstance(error, DBAPIError):
                    raise Spoiled from error
                late.restore(mark)
                waiting.error = error
