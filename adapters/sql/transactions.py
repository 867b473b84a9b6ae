"""Running commands: one transaction each, its changes announced after the commit."""

from collections.abc import Callable
from functools import partial

from sqlalchemy.orm import Session

from adapters.sql.clock import Clock, database_clock
from adapters.sql.failures import store_failures
from adapters.sql.idempotency import SqlAnswers
from adapters.sql.outbox import check_owned
from adapters.sql.work import SqlWork
from adapters.sql.writer import Writer
from domain.crashes import passing
from domain.errors import Refused
from domain.fences import held
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
        entry = held()  # asked here: the command runs on another thread

        def fenced(session: Session) -> tuple[T, list[str]]:
            if entry is not None:
                check_owned(session, entry)
            return self._done(session, command, transaction_id=entry.transaction_id if entry else None)

        return await self._heard(fenced)

    async def once(self, once: Once | None, command: Callable[[Work], Ids], *, together: str | None = None) -> Ids:
        if once is None:
            return await self._heard(lambda session: self._done(session, command), together=together)
        try:
            return await self._heard(lambda session: self._first(session, once, command), together=together)
        except Refused as refusal:
            with store_failures():
                answered = await self._write(partial(self._refused, once=once, refusal=refusal))
            if answered is None:
                raise
            return answered

    async def _heard[T](self, run: Callable[[Session], tuple[T, list[str]]], *, together: str | None = None) -> T:
        """Raises StoreFailed."""
        with store_failures():
            result, topics = await self._write(run, together=together)
        passing("transaction.committed")
        if topics:
            self._announce(list(dict.fromkeys(topics)))
        return result

    def _done[T](
        self, session: Session, command: Callable[[Work], T], *, transaction_id: str | None = None
    ) -> tuple[T, list[str]]:
        work = SqlWork(session, self._clock, transaction_id=transaction_id)
        return self._run(work, command), work.announced

    def _run[T](self, work: SqlWork, command: Callable[[Work], T]) -> T:
        result = command(work)
        work.send()
        passing("transaction.written")
        return result

    def _first(self, session: Session, once: Once, command: Callable[[Work], Ids]) -> tuple[Ids, list[str]]:
        answers, now = SqlAnswers(session), self._clock(session)
        if (repeated := answers.repeated(once, at=now)) is not None:
            return repeated, []
        work = SqlWork(session, self._clock)
        ids = self._run(work, command)
        answers.keep(once, ids, at=now, transaction_id=work.transaction_id)
        return ids, work.announced

    def _refused(self, session: Session, once: Once, refusal: Refused) -> Ids | None:
        """Keep the refusal; the answer instead, when the same key has got one meanwhile."""
        answers, now = SqlAnswers(session), self._clock(session)
        answered = answers.repeated(once, at=now)
        if answered is None:
            answers.refuse(once, refusal, at=now)
        return answered

    async def prune(self) -> None:
        """Forget answers under idempotency keys that are no longer honoured."""
        await self._write(lambda session: SqlAnswers(session).prune(at=self._clock(session)))
