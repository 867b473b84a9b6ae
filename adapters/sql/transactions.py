"""Running commands: one transaction each, its changes announced after the commit."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from adapters.sql.clock import Clock, database_clock
from adapters.sql.idempotency import SqlAnswers
from adapters.sql.work import SqlWork
from adapters.sql.writer import Writer
from domain.errors import Refused
from domain.transactions import Ids, Once, Work


def unheard(_topics: list[str]) -> None:
    """Nobody listens: for commands of one process alone, such as tests and `migrate`."""


class SqlTransact:
    """Port `Transact`. `announce` gets the bus topics a commit touched; it must neither block nor raise."""

    def __init__(
        self, writer: Writer, *, announce: Callable[[list[str]], None] = unheard, clock: Clock = database_clock
    ) -> None:
        self._write = writer
        self._announce = announce
        self._clock = clock

    async def __call__[T](self, command: Callable[[Work], T]) -> T:
        def run(session: Session) -> tuple[T, list[str]]:
            work = SqlWork(session, self._clock)
            return command(work), work.announced

        result, topics = await self._write(run)
        if topics:
            self._announce(list(dict.fromkeys(topics)))
        return result

    async def once(self, once: Once | None, command: Callable[[Work], Ids]) -> Ids:
        if once is None:
            return await self(command)
        try:
            return await self._guarded(once, command)
        except Refused as refusal:
            await self._refuse(once, refusal)
            raise

    async def _refuse(self, once: Once, refusal: Refused) -> None:
        await self._write(lambda session: SqlAnswers(session).keep(once, at=self._clock(session), refusal=refusal))

    async def _guarded(self, once: Once, command: Callable[[Work], Ids]) -> Ids:
        def run(session: Session) -> tuple[Ids, list[str]]:
            answers, now = SqlAnswers(session), self._clock(session)
            if (repeated := answers.repeated(once, at=now)) is not None:
                return repeated, []
            work = SqlWork(session, self._clock)
            ids = command(work)
            answers.keep(once, at=now, ids=ids)
            return ids, work.announced

        ids, topics = await self._write(run)
        if topics:
            self._announce(list(dict.fromkeys(topics)))
        return ids
