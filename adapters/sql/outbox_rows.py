"""The rows of the transactional outbox."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Index, text
from sqlmodel import Field, col

from adapters.sql.naming import Row
from adapters.sql.types import time_field
from domain.outbox import Kind, OutboxEntry

OPEN = text("done_at IS NULL AND dead_at IS NULL")


class OutboxRow(Row, table=True):
    """`args` is an event's fields or, under "args", a job's arguments. An event's lease is its `due_at`."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_open", "kind", "due_at", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_outbox_line", "kind", "id", sqlite_where=OPEN, postgresql_where=OPEN),
    )

    id: int = Field(default=None, primary_key=True)
    kind: str
    name: str
    args: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    aggregate: str = ""
    transaction_id: str = Field(index=True)
    created_at: datetime = time_field()
    due_at: datetime = time_field()
    lease_until: datetime | None = time_field(default=None, nullable=True)
    attempt: int = 0
    uncounted: int = 0
    first_failed_at: datetime | None = time_field(default=None, nullable=True)
    done_at: datetime | None = time_field(default=None, nullable=True)
    dead_at: datetime | None = time_field(default=None, nullable=True)
    error: str | None = None

    def to_domain(self) -> OutboxEntry:
        kind: Kind = "event" if self.kind == "event" else "job"
        return OutboxEntry(
            id=self.id,
            kind=kind,
            name=self.name,
            args=self.args,
            attempt=self.attempt,
            transaction_id=self.transaction_id,
            created_at=self.created_at,
            uncounted=self.uncounted,
            aggregate=self.aggregate,
        )


def is_open(kind: str) -> ColumnElement[bool]:
    return (col(OutboxRow.kind) == kind) & col(OutboxRow.done_at).is_(None) & col(OutboxRow.dead_at).is_(None)
