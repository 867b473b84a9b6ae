"""Dead letters: rows, the repository inside a transaction, and reads."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, select, text, update
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.naming import Row
from adapters.sql.outbox_rows import OutboxRow
from adapters.sql.pages import Order, page_of, rows_of
from adapters.sql.reader import Reader
from adapters.sql.types import time_field
from domain.dead_letters import DeadLetter
from domain.errors import NotFound
from domain.outbox import OutboxEntry
from domain.pages import Page, Slice

WAITING = text("driven_at IS NULL")


class DeadLetterRow(Row, table=True):
    """One a time that an entry of the outbox was given up."""

    __tablename__ = "dead_letter"
    __table_args__ = (Index("ix_dead_letter_waiting", "id", sqlite_where=WAITING, postgresql_where=WAITING),)

    id: int = Field(default=None, primary_key=True)
    entry_id: int = Field(foreign_key="outbox.id", index=True)
    task: str
    code: str
    message: str
    attempts: int
    first_failed_at: datetime = time_field()
    last_failed_at: datetime = time_field()
    transaction_id: str = Field(index=True)
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    driven_at: datetime | None = time_field(default=None, nullable=True)

    def to_domain(self) -> DeadLetter:
        return DeadLetter(
            id=self.id,
            task=self.task,
            code=self.code,
            message=self.message,
            attempts=self.attempts,
            first_failed_at=self.first_failed_at,
            last_failed_at=self.last_failed_at,
            transaction_id=self.transaction_id,
            payload=self.payload,
            driven_at=self.driven_at,
        )


class SqlDeadLetters:
    """Port `DeadLetters`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def locked(self, letter_id: int) -> DeadLetter:
        row = self._session.scalar(select(DeadLetterRow).where(col(DeadLetterRow.id) == letter_id).with_for_update())
        if row is None:
            raise NotFound("There is no such dead letter.", field=("id",))
        return row.to_domain()

    def bury(self, entry: OutboxEntry, *, code: str, message: str, at: datetime) -> DeadLetter:
        """A letter of an entry that was given up just now."""
        since = self._session.scalar(select(col(OutboxRow.first_failed_at)).where(col(OutboxRow.id) == entry.id))
        row = DeadLetterRow(
            entry_id=entry.id,
            task=entry.name,
            code=code,
            message=message,
            attempts=entry.tried,
            first_failed_at=since or at,
            last_failed_at=at,
            transaction_id=entry.transaction_id,
            payload=entry.args,
        )
        self._session.add(row)
        self._session.flush()
        return row.to_domain()

    def drive(self, letter: DeadLetter, *, at: datetime) -> None:
        row = self._session.get_one(DeadLetterRow, letter.id)
        row.driven_at = at
        anew = {"dead_at": None, "due_at": at, "error": None, "first_failed_at": None}
        self._session.execute(
            update(OutboxRow)
            .where(col(OutboxRow.id) == row.entry_id)
            .values(**anew, lease_until=None, uncounted=col(OutboxRow.attempt))
        )


class SqlDeadLetterReads:
    """Port `DeadLetterReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def by_ids(self, ids: list[int]) -> dict[int, DeadLetter]:
        rows = await rows_of(self._reader, select(DeadLetterRow).where(col(DeadLetterRow.id).in_(ids)))
        return {row.id: row.to_domain() for row in rows}

    async def page(self, wanted: Slice) -> Page[DeadLetter]:
        waiting = select(DeadLetterRow).where(col(DeadLetterRow.driven_at).is_(None))
        newest_first = [Order(col(DeadLetterRow.id), descending=True)]
        return await page_of(self._reader, waiting, newest_first, wanted, DeadLetterRow.to_domain)
