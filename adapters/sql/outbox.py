"""The transactional outbox: events and jobs, written with what caused them."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import JSON, Column, ColumnElement, Index, func, or_, select, text, update
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.clock import Clock, database_clock
from adapters.sql.naming import Row
from adapters.sql.pages import rows_of
from adapters.sql.reader import Reader
from adapters.sql.types import time_field
from adapters.sql.writer import Writer
from domain.fences import Fenced
from domain.outbox import OutboxEntry

OPEN = text("done_at IS NULL AND dead_at IS NULL")


class OutboxRow(Row, table=True):
    """`args` is an event's fields or, under "args", a job's arguments."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_open", "kind", "due_at", sqlite_where=OPEN, postgresql_where=OPEN),)

    id: int = Field(default=None, primary_key=True)
    kind: str
    name: str
    args: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    transaction_id: str = Field(index=True)
    created_at: datetime = time_field()
    due_at: datetime = time_field()
    lease_until: datetime | None = time_field(default=None, nullable=True)
    attempt: int = 0
    done_at: datetime | None = time_field(default=None, nullable=True)
    dead_at: datetime | None = time_field(default=None, nullable=True)
    error: str | None = None

    def to_domain(self) -> OutboxEntry:
        kind: Literal["event", "job"] = "event" if self.kind == "event" else "job"
        return OutboxEntry(self.id, kind, self.name, self.args, self.attempt, self.transaction_id, self.created_at)


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

        if not await self._any_due():
            return []
        return await self._write(command)

    async def beat(self, entry: OutboxEntry, lease_seconds: float) -> bool:
        def command(session: Session) -> bool:
            until = self._clock(session) + timedelta(seconds=lease_seconds)
            return self._change(session, entry, lease_until=until)

        return await self._write(command)

    async def done(self, entry: OutboxEntry) -> None:
        await self._write(lambda session: self._change(session, entry, done_at=self._clock(session)))

    async def retry(self, entry: OutboxEntry, *, after_seconds: float, error: str) -> None:
        def command(session: Session) -> bool:
            due_at = self._clock(session) + timedelta(seconds=after_seconds)
            return self._change(session, entry, due_at=due_at, lease_until=None, error=error)

        await self._write(command)

    async def dead(self, entry: OutboxEntry, *, error: str) -> None:
        await self._write(lambda session: self._change(session, entry, dead_at=self._clock(session), error=error))

    async def next_due(self) -> float | None:
        """Seconds until the next job is due; 0 when one is, None when none waits."""
        free_at = func.coalesce(col(OutboxRow.lease_until), col(OutboxRow.due_at), type_=OutboxRow.due_at.type)  # type: ignore[attr-defined]  # a mapped column
        earliest = select(func.min(free_at)).where(is_open("job"))
        now, due = await self._reader(lambda session: (self._clock(session), session.scalar(earliest)))
        return None if due is None else max(0.0, (due - now).total_seconds())

    async def projectable(self, *, limit: int) -> list[OutboxEntry]:
        statement = select(OutboxRow).where(is_open("event")).order_by(col(OutboxRow.id)).limit(limit)
        return [row.to_domain() for row in await rows_of(self._reader, statement)]

    async def stalled(self, *, seconds: float, limit: int) -> list[OutboxEntry]:
        waiting = select(OutboxRow).where(is_open("event")).order_by(col(OutboxRow.id)).limit(limit)
        now, rows = await self._reader(lambda session: (self._clock(session), list(session.scalars(waiting))))
        return [row.to_domain() for row in rows if now - row.created_at > timedelta(seconds=seconds)]

    async def projected(self, ids: list[int]) -> None:
        def command(session: Session) -> None:
            session.execute(update(OutboxRow).where(col(OutboxRow.id).in_(ids)).values(done_at=self._clock(session)))

        await self._write(command)

    async def _any_due(self) -> bool:
        """A look without the writer's lock: most wake-ups find nothing."""
        seconds = await self.next_due()
        return seconds is not None and seconds <= 0

    @staticmethod
    def _change(session: Session, entry: OutboxEntry, **values: object) -> bool:
        """False when a later attempt owns the entry, or it has ended."""
        mine = (col(OutboxRow.id) == entry.id) & (col(OutboxRow.attempt) == entry.attempt) & is_open(entry.kind)
        changed = session.execute(update(OutboxRow).where(mine).values(**values).returning(col(OutboxRow.id)))
        return changed.scalar() is not None


def is_open(kind: str) -> ColumnElement[bool]:
    return (col(OutboxRow.kind) == kind) & col(OutboxRow.done_at).is_(None) & col(OutboxRow.dead_at).is_(None)


def check_owned(session: Session, entry: OutboxEntry) -> None:
    """Held until the transaction ends, so that nobody takes the entry over before its commit. Raises Fenced."""
    mine = (col(OutboxRow.id) == entry.id) & (col(OutboxRow.attempt) == entry.attempt) & is_open(entry.kind)
    if session.scalar(select(col(OutboxRow.id)).where(mine).with_for_update(read=True)) is None:
        raise Fenced(f"{entry.name} {entry.id} is no longer attempt {entry.attempt}'s.")
