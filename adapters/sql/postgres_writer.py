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
LANES = 2
"""One waits for the database while the other computes."""


class Spoiled(Exception):
    """A command of several failed after it had written: all of them are undone."""


class PostgresWriter:
    """READ COMMITTED with row locks; what lost a race is run again, and then sees what the winner did. So is what lost
    its connection before its commit was sent; after that nobody knows.

    Commands that change one row would only wait for each other's locks, a connection each. They wait in a lane
    instead, and those that came while the first ones ran share the next commit, with those on other rows of their lane.
    Every process takes the rows of a commit in one order, so that two never wait for each other.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._lanes: dict[int, deque[Waiting]] = {}
        self._serving: set[asyncio.Task[None]] = set()
        write_before_others(engine.sync_engine)

    async def __call__[T](self, command: Callable[[Session], T], *, together: str | None = None) -> T:
        if together is None:
            return await self._alone(command)
        waiting = Waiting(command, together)
        lane = hash(together) % LANES
        line = self._lanes.get(lane)
        if line is None:
            line = self._lanes[lane] = deque()
            task = asyncio.create_task(self._serve(lane, line))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        line.append(waiting)
        result: T = await asyncio.wrap_future(waiting.answer)
        return result

    async def _alone[T](self, command: Callable[[Session], T]) -> T:
        for attempt in range(TRIES):
            ran = False
            try:
                async with self._engine.begin() as connection:
                    result = await connection.run_sync(run_alone, command)
                    ran = True
                return result
            except DBAPIError as error:
                lost_race = getattr(error.orig, "sqlstate", None) in LOST_RACES
                if attempt == TRIES - 1 or not (lost_race or (is_lost(error) and not ran)):
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    async def _serve(self, lane: int, line: deque[Waiting]) -> None:
        """Until nobody waits."""
        try:
            while line:
                coming = [line.popleft() for _ in range(min(len(line), MOST_TOGETHER))]
                coming.sort(key=lambda waiting: waiting.together)
                await self._commit([each for each in coming if each.answer.set_running_or_notify_cancel()])
        finally:
            del self._lanes[lane]
            for waiting in line:  # the process ends
                waiting.answer.cancel()

    async def _commit(self, line: Sequence[Waiting]) -> None:
        while len(line) > 1 and (heard := await self._shared(line)):
            line = line[heard:]
        for waiting in line:
            waiting.error = None
            try:
                waiting.result = await self._alone(waiting.command)
            except BaseException as error:  # noqa: BLE001  # told to the one who waits
                waiting.error = error
            waiting.settle(None)

    async def _shared(self, line: Sequence[Waiting], *, again: bool = False) -> int:
        """How many, from the first on, have heard; 0 when all were undone and each has to run again alone."""
        failure, ran = None, 0
        try:
            async with self._engine.begin() as connection:
                ran = await connection.run_sync(run_line, line)
        except Spoiled:
            return 0
        except BaseException as error:  # noqa: BLE001  # told to those who wait
            if isinstance(error, DBAPIError) and not is_lost(error):
                return 0
            if is_lost(error) and not ran and not again:
                return await self._shared(line, again=True)
            failure, ran = error, ran or len(line)  # lost while it was committed, nobody knows whether it is
        for waiting in line[:ran]:
            waiting.settle(failure)
        return ran

    async def close(self) -> None:
        """What is under way is let finish. The engine is its owner's to close."""
        await asyncio.gather(*self._serving, return_exceptions=True)


def is_lost(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated


def run_alone[T](connection: Connection, command: Callable[[Session], T]) -> T:
    """One command's whole transaction, but for its end."""
    with late_writes(connection):
        return run_in(connection, command)


def run_line(connection: Connection, line: Sequence[Waiting]) -> int:
    """Several commands' transaction, but for its end. How many of them it holds. Raises Spoiled.

    A refusal mostly comes before the first write: then nothing has to be undone, and a savepoint for each command would
    cost a third of its time. The commit is full with a ballot that decides: it holds the DAO's row.
    """
    with late_writes(connection):
        late = late_of(connection)
        for ran, waiting in enumerate(line, start=1):
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
            if late.full:
                return ran
    return len(line)
