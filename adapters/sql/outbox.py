"""The worker's side of the transactional outbox: events and jobs, written with what caused them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, insert, or_, select, text, tuple_, update
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.sql.audits import SqlAudits
from adapters.sql.clock import Clock, database_clock
from adapters.sql.dead_letters import SqlDeadLetters
from adapters.sql.naming import table_of
from adapters.sql.outbox_rows import OutboxRow, is_open
from adapters.sql.pages import rows_of
from adapters.sql.reader import Reader
from adapters.sql.writer import Writer
from domain.audits import Act, Subject
from domain.fences import Fenced
from domain.outbox import OutboxEntry

OUTBOX = table_of(OutboxRow)
DUE_AT: Any = OutboxRow.due_at.type  # type: ignore[attr-defined]  # a mapped column
FAILED_AT: Any = OutboxRow.first_failed_at.type  # type: ignore[union-attr]  # a mapped column
# Each of these is asked again with every hint.
NEXT_JOB = select(func.min(func.coalesce(OUTBOX.c.lease_until, OUTBOX.c.due_at, type_=DUE_AT))).where(is_open("job"))
NEXT_EVENT = select(func.min(OUTBOX.c.due_at)).where(is_open("event"))

CLAIMING = text("SELECT pg_advisory_xact_lock(hashtext('outbox events'))")
"""Whoever claims events on Postgres waits for who does: rows that another holds but has not committed look free."""


class SqlOutbox:
    """Port `Outbox`: the worker's side of the table."""

    def __init__(self, reader: Reader, writer: Writer, clock: Clock = database_clock) -> None:
        self._reader = reader
        self._write = writer
        self._clock = clock

    async def claim(self, *, limit: int, lease_seconds: float, skip: Collection[str] = ()) -> list[OutboxEntry]:
        def command(session: Session) -> list[OutboxEntry]:
            now = self._clock(session)
            free = or_(col(OutboxRow.lease_until).is_(None), col(OutboxRow.lease_until) <= now)
            wanted = col(OutboxRow.name).not_in(skip)
            due = select(OutboxRow).where(is_open("job"), col(OutboxRow.due_at) <= now, free, wanted)
            rows = session.scalars(due.order_by(col(OutboxRow.id)).limit(limit).with_for_update(skip_locked=True)).all()
            for row in rows:
                row.attempt += 1
                row.lease_until = now + timedelta(seconds=lease_seconds)
            return [row.to_domain() for row in rows]

        seconds = await self.next_due()  # a look without the writer's lock: most wake-ups find nothing
        return await self._write(command) if seconds is not None and seconds <= 0 else []

    async def claim_events(self, *, limit: int, lease_seconds: float) -> list[OutboxEntry]:
        def command(session: Session) -> list[OutboxEntry]:
            if session.get_bind().dialect.name == "postgresql":
                session.execute(CLAIMING)
            now = self._clock(session)
            held = select(col(OutboxRow.aggregate)).where(is_open("event"), col(OutboxRow.due_at) > now)
            due = select(OutboxRow).where(is_open("event"), col(OutboxRow.aggregate).not_in(held))
            rows = session.scalars(due.order_by(col(OutboxRow.id)).limit(limit).with_for_update()).all()
            for row in rows:
                row.attempt += 1
                row.due_at = now + timedelta(seconds=lease_seconds)
            return [row.to_domain() for row in rows]

        return await self._write(command) if await self._event_due() else []

    async def beat(self, entry: OutboxEntry, lease_seconds: float) -> bool:
        def command(session: Session) -> bool:
            until = self._clock(session) + timedelta(seconds=lease_seconds)
            return change(session, entry, lease_until=until)

        return await self._write(command)

    async def beat_events(self, entries: Sequence[OutboxEntry], lease_seconds: float) -> None:
        def command(session: Session) -> None:
            until = self._clock(session) + timedelta(seconds=lease_seconds)
            session.execute(update(OutboxRow).where(owned(entries)).values(due_at=until))

        await self._write(command)

    async def done(self, entry: OutboxEntry) -> None:
        await self._write(lambda session: change(session, entry, done_at=self._clock(session)))

    async def retry(self, entry: OutboxEntry, *, after_seconds: float, error: str) -> None:
        def command(session: Session) -> bool:
            now = self._clock(session)
            since = func.coalesce(col(OutboxRow.first_failed_at), now, type_=FAILED_AT)
            later = now + timedelta(seconds=after_seconds)
            return change(session, entry, due_at=later, lease_until=None, error=error, first_failed_at=since)

        await self._write(command)

    async def release(self, entries: Sequence[OutboxEntry], *, error: str, after_seconds: float = 0.0) -> None:
        def command(session: Session) -> None:
            due = self._clock(session) + timedelta(seconds=after_seconds)
            back = {"due_at": due, "lease_until": None, "error": error}
            anew = update(OutboxRow).where(owned(entries)).values(**back, uncounted=col(OutboxRow.uncounted) + 1)
            session.execute(anew)

        await self._write(command)

    async def dead(self, entry: OutboxEntry, *, code: str, message: str) -> None:
        def command(session: Session) -> None:
            now = self._clock(session)
            if change(session, entry, dead_at=now, error=message):
                letter = SqlDeadLetters(session).bury(entry, code=code, message=message, at=now)
                reason = (
                    f"{entry.name} failed {letter.attempts} times ({code}) and waits for an ADMIN to drive it again."
                )
                subject = Subject("DeadLetter", letter.id)
                SqlAudits(session, entry.transaction_id).note(
                    Act.DEAD_LETTER_LEFT, by=None, reason=reason, at=now, subject=subject
                )

        await self._write(command)

    async def next_due(self) -> float | None:
        """Seconds until the next job is due; 0 when one is, None when none waits."""
        now, due = await self._reader(lambda session: (self._clock(session), session.scalar(NEXT_JOB)))
        return None if due is None else max(0.0, (due - now).total_seconds())

    async def projected(self, entries: Sequence[OutboxEntry]) -> None:
        def command(session: Session) -> None:
            now = self._clock(session)
            mine = update(OutboxRow).where(owned(entries)).values(done_at=now).returning(col(OutboxRow.id))
            done = set(session.scalars(mine))
            again = [told_again(entry, at=now) for entry in entries if entry.id not in done]
            if again:
                session.execute(insert(OutboxRow), again)

        await self._write(command)

    async def projectable(self, *, limit: int) -> list[OutboxEntry]:
        statement = select(OutboxRow).where(is_open("event")).order_by(col(OutboxRow.id)).limit(limit)
        return [row.to_domain() for row in await rows_of(self._reader, statement)]

    async def stalled(self, *, seconds: float, limit: int) -> list[OutboxEntry]:
        waiting = select(OutboxRow).where(is_open("event")).order_by(col(OutboxRow.id)).limit(limit)
        now, rows = await self._reader(lambda session: (self._clock(session), list(session.scalars(waiting))))
        return [row.to_domain() for row in rows if now - row.created_at > timedelta(seconds=seconds)]

    async def _event_due(self) -> bool:
        """A look without the writer's lock."""
        now, due = await self._reader(lambda session: (self._clock(session), session.scalar(NEXT_EVENT)))
        return due is not None and due <= now


def owned(entries: Sequence[OutboxEntry]) -> ColumnElement[bool]:
    """Open, and no later attempt's."""
    attempts = tuple_(col(OutboxRow.id), col(OutboxRow.attempt))
    unended = col(OutboxRow.done_at).is_(None) & col(OutboxRow.dead_at).is_(None)
    return attempts.in_([(entry.id, entry.attempt) for entry in entries]) & unended


def change(session: Session, entry: OutboxEntry, **values: object) -> bool:
    """False when a later attempt owns the entry, or it has ended."""
    changed = session.execute(update(OutboxRow).where(owned([entry])).values(**values).returning(col(OutboxRow.id)))
    return changed.scalar() is not None


def told_again(entry: OutboxEntry, *, at: datetime) -> dict[str, object]:
    """The same event anew, at the end of the line."""
    same = {"kind": entry.kind, "name": entry.name, "args": entry.args, "aggregate": entry.aggregate}
    return {**same, "transaction_id": entry.transaction_id, "created_at": at, "due_at": at, "attempt": 0}


def check_owned(session: Session, entry: OutboxEntry) -> None:
    """Held until the transaction ends, so that nobody takes the entry over before its commit. Raises Fenced."""
    if session.scalar(select(col(OutboxRow.id)).where(owned([entry])).with_for_update(read=True)) is None:
        raise Fenced(f"{entry.name} {entry.id} is no longer attempt {entry.attempt}'s.")
