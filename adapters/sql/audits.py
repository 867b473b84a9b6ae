"""The audit log: rows, which are only ever added, the repository inside a transaction, and reads."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.naming import Row
from adapters.sql.pages import Order, page_of, rows_of
from adapters.sql.reader import Reader
from adapters.sql.types import time_field
from domain.audits import Act, AuditEntry, Subject
from domain.pages import Page, Slice


class AuditRow(Row, table=True):
    __tablename__ = "audit_entry"

    id: int = Field(default=None, primary_key=True)
    at: datetime = time_field()
    by_id: int | None = Field(default=None, foreign_key="member.id")
    act: str
    subject_noun: str | None = None
    subject_id: int | None = None
    reason: str
    transaction_id: str

    def to_domain(self) -> AuditEntry:
        subject = None
        if self.subject_noun is not None and self.subject_id is not None:
            subject = Subject(self.subject_noun, self.subject_id)
        return AuditEntry(self.id, self.at, self.by_id, Act(self.act), subject, self.reason, self.transaction_id)


class SqlAudits:
    """Port `Audits`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._session = session
        self._transaction_id = transaction_id

    def note(
        self, act: Act, *, by: int | None, reason: str, at: datetime, subject: Subject | None = None
    ) -> AuditEntry:
        row = AuditRow(
            at=at,
            by_id=by,
            act=act.value,
            subject_noun=subject.noun if subject else None,
            subject_id=subject.id if subject else None,
            reason=reason,
            transaction_id=self._transaction_id,
        )
        self._session.add(row)
        self._session.flush()
        return row.to_domain()

    def noted(self, act: Act, reason: str) -> bool:
        same = select(col(AuditRow.id)).where(col(AuditRow.act) == act.value, col(AuditRow.reason) == reason)
        return self._session.scalars(same.limit(1)).first() is not None


EVERY_ENTRY, NEWEST_FIRST = select(AuditRow), (Order(col(AuditRow.id), descending=True),)


class SqlAuditReads:
    """Port `AuditReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def by_ids(self, ids: list[int]) -> dict[int, AuditEntry]:
        rows = await rows_of(self._reader, select(AuditRow).where(col(AuditRow.id).in_(ids)))
        return {row.id: row.to_domain() for row in rows}

    async def page(self, wanted: Slice) -> Page[AuditEntry]:
        return await page_of(self._reader, EVERY_ENTRY, NEWEST_FIRST, wanted, AuditRow.to_domain)
