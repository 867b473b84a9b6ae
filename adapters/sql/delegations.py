"""Delegations: rows, the repository inside a transaction, and reads."""

from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, or_, select, true
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.clock import Clock
from adapters.sql.daos import DAO_ID, DaoRow, rules_of
from adapters.sql.members import MemberRow
from adapters.sql.naming import Row, table_of
from adapters.sql.pages import Order, page_of, rows_of
from adapters.sql.proposals import ProposalRow
from adapters.sql.reader import Reader
from adapters.sql.types import UtcDateTime, time_field
from adapters.sql.votes import VoteRow
from adapters.sql.writer import connection_of
from domain.caps import frozen_graph
from domain.delegations import Delegation, Electorate
from domain.errors import NotFound
from domain.members import Role, Viewer, inactive_before
from domain.pages import Page, Slice
from domain.proposals import Status


class DelegationRow(Row, table=True):
    """Valid from its creation until it expires, is revoked or declined; kept for good."""

    __tablename__ = "delegation"

    id: int = Field(default=None, primary_key=True)
    giver_id: int = Field(foreign_key="member.id", index=True)
    receiver_id: int | None = Field(default=None, foreign_key="member.id", index=True)
    scope_id: int | None = Field(default=None, foreign_key="policy_topic.id")
    when_inactive: bool
    accepts_twin: bool
    created_at: datetime = time_field()
    expires_at: datetime | None = time_field(default=None, nullable=True)
    revoked_at: datetime | None = time_field(default=None, nullable=True)
    declined_at: datetime | None = time_field(default=None, nullable=True)
    transaction_id: str

    def to_domain(self) -> Delegation:
        return Delegation(
            id=self.id,
            giver_id=self.giver_id,
            receiver_id=self.receiver_id,
            scope_id=self.scope_id,
            created_at=self.created_at,
            when_inactive=self.when_inactive,
            accepts_twin=self.accepts_twin,
            expires_at=self.expires_at,
            revoked_at=self.revoked_at,
            declined_at=self.declined_at,
        )


def live_at(at: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The same rule as `Delegation.live`, for many."""
    ends = (DelegationRow.expires_at, DelegationRow.revoked_at, DelegationRow.declined_at)
    return and_(col(DelegationRow.created_at) <= at, *(or_(col(end).is_(None), col(end) > at) for end in ends))


GIVEN = table_of(DelegationRow)
READ_AT_ONCE = [name for name in Delegation._fields if name not in ("expires_at", "revoked_at", "declined_at")]
LIVE = select(*(GIVEN.c[name] for name in READ_AT_ONCE)).where(live_at(bindparam("at", type_=UtcDateTime)))


class SqlDelegations:
    """Port `Delegations`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._session = session
        self._transaction_id = transaction_id

    def live(self, *, at: datetime) -> list[Delegation]:
        """Without mapped rows, which take four fifths of the time, and without their ends, which lie later: the freeze
        reads all while it holds the writer."""
        return [Delegation(*row) for row in connection_of(self._session).execute(LIVE, {"at": at}).all()]

    def live_of(self, giver_id: int, scope_id: int | None, *, at: datetime) -> list[Delegation]:
        level = col(DelegationRow.scope_id).is_(None) if scope_id is None else col(DelegationRow.scope_id) == scope_id
        given = select(DelegationRow).where(col(DelegationRow.giver_id) == giver_id, level, live_at(at))
        return [row.to_domain() for row in self._session.scalars(given.with_for_update())]

    def by_id(self, delegation_id: int) -> Delegation:
        row = self._session.get(DelegationRow, delegation_id, with_for_update=True)
        if row is None:
            raise unknown_delegation()
        return row.to_domain()

    def add(self, delegation: Delegation) -> Delegation:
        row = DelegationRow(**{**delegation._asdict(), "id": None}, transaction_id=self._transaction_id)
        self._session.add(row)
        self._session.flush()
        return row.to_domain()

    def save(self, delegation: Delegation) -> None:
        row = self._session.get_one(DelegationRow, delegation.id)
        row.revoked_at, row.declined_at = delegation.revoked_at, delegation.declined_at
        row.transaction_id = self._transaction_id
        self._session.flush()


def unknown_delegation() -> NotFound:
    return NotFound("There is no such delegation, or you may not see it.", field=("delegationId",))


class SqlDelegationReads:
    """Port `DelegationReads`."""

    def __init__(self, reader: Reader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock

    async def by_ids(self, viewer: Viewer, ids: list[int]) -> dict[int, Delegation]:
        rows = await rows_of(self._reader, visible_to(viewer).where(col(DelegationRow.id).in_(ids)))
        return {row.id: row.to_domain() for row in rows}

    async def page(self, viewer: Viewer, member_id: int | None, wanted: Slice) -> Page[Delegation]:
        statement = visible_to(viewer)
        if member_id is not None:
            giver, receiver = col(DelegationRow.giver_id), col(DelegationRow.receiver_id)
            statement = statement.where(or_(giver == member_id, receiver == member_id))
        newest_first = [Order(col(DelegationRow.id), descending=True)]
        return await page_of(self._reader, statement, newest_first, wanted, DelegationRow.to_domain)

    async def live_given_by(self, viewer: Viewer, giver_ids: list[int]) -> dict[int, list[Delegation]]:
        found: dict[int, list[Delegation]] = {}
        given = visible_to(viewer).where(col(DelegationRow.giver_id).in_(giver_ids))
        rows = await self._reader(
            lambda session: list(
                session.scalars(given.where(live_at(self._clock(session))).order_by(col(DelegationRow.id)))
            )
        )
        for row in rows:
            found.setdefault(row.giver_id, []).append(row.to_domain())
        return found

    async def running(self, giver_id: int, delegation_id: int | None) -> list[int]:
        bound = select(ProposalRow).join(VoteRow, col(VoteRow.proposal_id) == col(ProposalRow.id))
        bound = bound.where(col(ProposalRow.status) == Status.VOTING.value, col(VoteRow.member_id) == giver_id)
        if delegation_id is not None:
            bound = bound.where(col(VoteRow.delegation_id) == delegation_id)
        return [row.id for row in await rows_of(self._reader, bound.order_by(col(ProposalRow.id)))]

    async def weights(self, member_ids: list[int], scope_id: int | None) -> dict[int, int]:
        return await self._reader(lambda session: self._weights(session, member_ids, scope_id))

    def _weights(self, session: Session, member_ids: list[int], scope_id: int | None) -> dict[int, int]:
        at = self._clock(session)
        members = session.execute(
            select(col(MemberRow.id), col(MemberRow.weight), col(MemberRow.last_seen)).where(
                col(MemberRow.admitted), col(MemberRow.weight) > 0
            )
        ).all()
        asleep = frozenset(id for id, _, seen in members if seen <= inactive_before(at))
        electorate = Electorate({id: weight for id, weight, _ in members}, asleep)
        live = [row.to_domain() for row in session.scalars(select(DelegationRow).where(live_at(at)))]
        cap = rules_of(session.get_one(DaoRow, DAO_ID).rules).delegation_cap_percent
        levels = (None,) if scope_id is None else (scope_id, None)
        graph = frozen_graph(live, electorate, at=at, levels=levels, cap_percent=cap)
        return {id: graph.powers.get(id, electorate.weights.get(id, 0)) for id in member_ids}


def visible_to(viewer: Viewer) -> Select[DelegationRow]:
    """Seen by giver, receiver and ADMIN."""
    giver, receiver = col(DelegationRow.giver_id), col(DelegationRow.receiver_id)
    mine = or_(giver == viewer.member_id, receiver == viewer.member_id)
    return select(DelegationRow).where(true() if viewer.role is Role.ADMIN else mine)
