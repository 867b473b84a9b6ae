"""Members: rows, the repository inside a transaction, and reads."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, func, select
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.naming import Row
from adapters.sql.pages import Order, page_of, rows_of
from adapters.sql.reader import Reader
from adapters.sql.types import time_field
from domain.errors import NotFound
from domain.members import Claims, Member, Role
from domain.pages import Page, Slice
from domain.weights import MAX_WEIGHT

ROLES = {role.value: role for role in Role}


class MemberRow(Row, table=True):
    __tablename__ = "member"
    __table_args__ = (CheckConstraint(f"weight BETWEEN 0 AND {MAX_WEIGHT}", name="weight_bounds"),)

    id: int = Field(default=None, primary_key=True)
    subject: str = Field(unique=True)
    handle: str = Field(unique=True)
    display_name: str
    role: str
    weight: int
    admitted: bool
    attributes: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    fixed_weight: int | None = None
    joined_at: datetime = time_field()
    last_seen: datetime = time_field()
    transaction_id: str

    def to_domain(self) -> Member:
        return Member(
            id=self.id,
            subject=self.subject,
            handle=self.handle,
            display_name=self.display_name,
            role=ROLES[self.role],
            weight=self.weight,
            admitted=self.admitted,
            joined_at=self.joined_at,
            last_seen=self.last_seen,
            attributes=self.attributes,
            fixed_weight=self.fixed_weight,
            transaction_id=self.transaction_id,
        )


EVERYBODY, BY_ID = select(MemberRow), (Order(col(MemberRow.id)),)


def hold_member(session: Session, member_id: int) -> None:
    """Let others wait who ask how much of something this member has, to have more of it; its row may still be named."""
    session.execute(select(col(MemberRow.id)).where(col(MemberRow.id) == member_id).with_for_update(key_share=True))


class SqlMembers:
    """Port `Members`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._session = session
        self._transaction_id = transaction_id

    def by_subject(self, subject: str) -> Member | None:
        row = self._session.scalar(select(MemberRow).where(col(MemberRow.subject) == subject))
        return row.to_domain() if row else None

    def by_id(self, member_id: int) -> Member:
        row = self._session.get(MemberRow, member_id)
        if row is None:
            raise NotFound("There is no such member.")
        return row.to_domain()

    def handle_taken(self, handle: str) -> bool:
        return self._session.scalar(select(col(MemberRow.id)).where(col(MemberRow.handle) == handle)) is not None

    def add(self, claims: Claims, *, handle: str, at: datetime) -> Member:
        row = MemberRow(
            subject=claims.subject,
            handle=handle,
            display_name=handle,
            role=claims.role.value,
            weight=0,
            admitted=False,
            attributes={},
            joined_at=at,
            last_seen=at,
            transaction_id=self._transaction_id,
        )
        self._session.add(row)
        self._session.flush()
        return row.to_domain()

    def save(self, member: Member) -> None:
        row = self._session.get_one(MemberRow, member.id)
        row.display_name = member.display_name
        row.role = member.role.value
        row.weight = member.weight
        row.admitted = member.admitted
        row.attributes = dict(member.attributes)
        row.fixed_weight = member.fixed_weight
        row.joined_at = member.joined_at
        row.last_seen = member.last_seen
        row.transaction_id = self._transaction_id
        self._session.flush()

    def total_weight(self) -> int:
        return int(self._session.scalar(select(func.sum(col(MemberRow.weight)))) or 0)

    def by_formula(self) -> list[Member]:
        weighed = select(MemberRow).where(col(MemberRow.admitted), col(MemberRow.fixed_weight).is_(None))
        return [row.to_domain() for row in self._session.scalars(weighed.order_by(col(MemberRow.id)))]


class SqlMemberReads:
    """Port `MemberReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def by_ids(self, ids: list[int]) -> dict[int, Member]:
        rows = await rows_of(self._reader, select(MemberRow).where(col(MemberRow.id).in_(ids)))
        return {row.id: row.to_domain() for row in rows}

    async def by_handle(self, handle: str) -> Member | None:
        rows = await rows_of(self._reader, select(MemberRow).where(col(MemberRow.handle) == handle))
        return rows[0].to_domain() if rows else None

    async def by_subject(self, subject: str) -> Member | None:
        rows = await rows_of(self._reader, select(MemberRow).where(col(MemberRow.subject) == subject))
        return rows[0].to_domain() if rows else None

    async def page(self, wanted: Slice) -> Page[Member]:
        return await page_of(self._reader, EVERYBODY, BY_ID, wanted, MemberRow.to_domain)
