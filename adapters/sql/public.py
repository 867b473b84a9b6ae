"""What anybody may read: SQL that knows no viewer. The rules of what is shown stand in three expressions: SHOWN, HIDDEN
and SEALED; a sealed vote enters no row, count, filter or order."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    String,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    union_all,
)
from sqlmodel import col

from adapters.sql.daos import DAO_ID, DaoRow
from adapters.sql.matching import EPOCH_END, matched
from adapters.sql.members import MemberRow
from adapters.sql.naming import table_of
from adapters.sql.pages import Order, beyond, bound, page_of, plain
from adapters.sql.powers import POWER
from adapters.sql.proposals import ProposalRow, StatusChangeRow
from adapters.sql.reader import Reader
from adapters.sql.resolutions import ResolutionRow
from adapters.sql.types import UtcDateTime
from adapters.sql.vote_reads import SqlVoteReads
from adapters.sql.votes import VoteRow
from domain.daos import Dao
from domain.elections import Election
from domain.pages import Key, Page, Slice
from domain.proposals import Status
from domain.public import (
    OPENED,
    TYPES,
    Activity,
    Condition,
    Counts,
    Deed,
    ProposalField,
    PublicMember,
    PublicProposal,
    PublicVote,
    State,
    VoteField,
    Window,
    sealed_away,
)
from domain.tally import CastBy

P, V = table_of(ProposalRow).c, table_of(VoteRow).c
SHOWN = or_(
    P.status.in_([status.value for status in OPENED]),
    and_(P.status == Status.CANCELLED.value, P.opened_at.is_not(None)),
)
"""From OPEN on; a draft that was cancelled without having been opened never shows."""
HIDDEN: ColumnElement[bool] = func.coalesce(P.rules["hidden_until_close"].as_boolean(), false())
SEALED = P.hidden
STARTS = case(
    (P.starts_at.is_not(None), P.starts_at),
    (P.status == Status.CANCELLED.value, P.changed_at),
    else_=P.start_at,
)
DECIDED = col(ResolutionRow.decided_at)
ENDS = case(
    (P.status == Status.CANCELLED.value, P.changed_at),
    (P.ends_at > DECIDED, DECIDED),
    else_=P.ends_at,
)
"""When voting did end: an early close and a cancellation come before the planned end."""
NEVER = literal(EPOCH_END, UtcDateTime())
VOTERS: ColumnElement[int] = case((SEALED, 0), else_=P.voters)
STATE = case(
    (P.status == Status.OPEN.value, State.PENDING.value),
    (P.status == Status.VOTING.value, State.ACTIVE.value),
    else_=State.CLOSED.value,
)
PROPOSAL_COLUMNS: dict[ProposalField, ColumnElement[Any]] = {
    ProposalField.ID: P.id,
    ProposalField.AUTHOR: P.author_id,
    ProposalField.TITLE: P.title,
    ProposalField.CREATED: P.created_at,
    ProposalField.START: func.coalesce(STARTS, NEVER, type_=UtcDateTime()),
    ProposalField.END: func.coalesce(ENDS, NEVER, type_=UtcDateTime()),
    ProposalField.VOTES: VOTERS,
    ProposalField.STATE: STATE,
    ProposalField.TYPE: case({system.value: kind for system, kind in TYPES.items()}, value=P.system),
    ProposalField.SCORES_STATE: case((and_(STATE.in_([State.CLOSED.value]), not_(SEALED)), "final"), else_="pending"),
}
VOTE_COLUMNS: dict[VoteField, ColumnElement[Any]] = {
    VoteField.ID: V.id,
    VoteField.VOTER: V.member_id,
    VoteField.PROPOSAL: V.proposal_id,
    VoteField.REASON: func.coalesce(V.reason, ""),
    VoteField.CREATED: V.cast_at,
    VoteField.VP: cast(POWER, Float),
}
VOTED = literal_column("'VOTED'", String())
DEEDS = {
    Status.OPEN.value: Deed.CREATED,
    Status.VOTING.value: Deed.STARTED,
    Status.CANCELLED.value: Deed.CANCELLED,
    Status.IMPLEMENTED.value: Deed.IMPLEMENTED,
}


class SqlPublicReads:
    """Port `PublicReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def dao(self) -> Dao:
        return await self._reader(lambda session: session.get_one(DaoRow, DAO_ID).to_domain())

    async def founded_at(self) -> datetime | None:
        first = select(func.min(col(MemberRow.joined_at), type_=UtcDateTime()))
        return await self._reader(lambda session: session.scalar(first))

    async def counts(self, *, at: datetime) -> Counts:
        since = [counted(P.created_at >= at - timedelta(days=days)) for days in (1, 7, 30)]
        active, votes = counted(STATE.in_([State.ACTIVE.value])), func.coalesce(func.sum(VOTERS), 0)
        statement = select(func.count(), active, *since, votes).select_from(ProposalRow).where(SHOWN)
        found = await self._reader(lambda session: session.execute(statement).one())
        return Counts(*map(int, found))

    async def votes_since(self, since: datetime) -> int:
        statement = unsealed(select(func.count()).select_from(VoteRow)).where(col(VoteRow.cast_at) >= since)
        return await self._reader(lambda session: int(session.scalar(statement) or 0))

    async def proposals(
        self, where: Sequence[Condition[ProposalField]], window: Window[ProposalField]
    ) -> list[PublicProposal]:
        conditions = [matched(PROPOSAL_COLUMNS[each.field], each) for each in where]
        return await self._proposals(sliced(public_proposals().where(*conditions), PROPOSAL_COLUMNS, window))

    async def proposals_by_ids(self, ids: list[int]) -> dict[int, PublicProposal]:
        found = await self._proposals(public_proposals().where(col(ProposalRow.id).in_(ids)))
        return {shown.proposal.id: shown for shown in found}

    async def proposal_by_number(self, number: int) -> PublicProposal | None:
        found = await self._proposals(public_proposals().where(col(ProposalRow.number) == number))
        return found[0] if found else None

    async def proposal_page(self, after: Key | None, size: int) -> Page[PublicProposal]:
        order = [Order(col(ProposalRow.number), descending=True)]
        return await keyset(self._reader, public_proposals(), order, after=after, size=size, read=shown_proposal)

    async def scores(self, proposals: Sequence[PublicProposal]) -> dict[int, tuple[float, ...]]:
        open_to_all = [shown.proposal for shown in proposals if not shown.sealed]
        counted = await SqlVoteReads(self._reader).elections(open_to_all)
        return {id: scores_of(election) for id, election in counted.items()}

    async def votes(self, where: Sequence[Condition[VoteField]], window: Window[VoteField]) -> list[PublicVote]:
        conditions = [matched(VOTE_COLUMNS[each.field], each) for each in where]
        picked = sliced(unsealed(select(V.id)).where(*conditions), VOTE_COLUMNS, window).subquery()
        # a power costs more than the rest of a row, so only those that are shown are worked out
        shown = select(VoteRow).add_columns(POWER).where(V.id.in_(select(picked.c.id)))
        found = await self._reader(lambda session: list(session.execute(ordered(shown, VOTE_COLUMNS, window))))
        return [PublicVote(row.to_domain(), int(power)) for row, power in found]

    async def frozen_power(self, proposal_id: int, member_id: int) -> int:
        frozen = select(V.power).where(V.proposal_id == proposal_id, V.member_id == member_id)
        return await self._reader(lambda session: int(session.scalar(frozen) or 0))

    async def weight(self, member_id: int) -> int:
        found = await self._reader(lambda session: session.get(MemberRow, member_id))
        return found.weight if found and found.admitted else 0

    async def member(self, member_id: int) -> PublicMember | None:
        found = await self._reader(lambda session: session.get(MemberRow, member_id))
        return shown_member(found) if found and found.admitted else None

    async def member_page(self, after: Key | None, size: int) -> Page[PublicMember]:
        admitted, order = select(MemberRow).where(col(MemberRow.admitted)), [Order(col(MemberRow.id))]
        return await page_of(self._reader, admitted, order, Slice(size=size, after=after), shown_member)

    async def activity_page(self, after: Key | None, size: int) -> Page[Activity]:
        statement, order = activities(after, size + 1)
        return await keyset(self._reader, statement, order, after=after, size=size, read=shown_activity)

    async def _proposals(self, statement: Select[Any]) -> list[PublicProposal]:
        return [shown_proposal(row) for row in await self._reader(lambda session: list(session.execute(statement)))]


def public_proposals() -> Select[Any]:
    return (
        select(ProposalRow, STARTS, ENDS, SEALED, HIDDEN)
        .outerjoin(ResolutionRow, col(ResolutionRow.proposal_id) == col(ProposalRow.id))
        .where(SHOWN)
    )


def shown_proposal(row: Sequence[Any]) -> PublicProposal:
    """A row of `public_proposals`."""
    found, starts_at, ends_at, sealed, hidden = row[:5]
    proposal = found.to_domain()
    return PublicProposal(
        proposal=sealed_away(proposal) if sealed else proposal,
        starts_at=starts_at,
        ends_at=ends_at,
        sealed=bool(sealed),
        hidden=bool(hidden),
    )


def scores_of(election: Election) -> tuple[float, ...]:
    return tuple(float(each.score) for each in sorted(election.standings, key=lambda each: each.option))


def shown_member(row: MemberRow) -> PublicMember:
    return PublicMember(id=row.id, handle=row.handle, name=row.display_name)


def shown_activity(row: Sequence[Any]) -> Activity:
    """A row of `activities`."""
    kind, key, number, member_id, at = row[:5]
    return Activity(key=key, deed=DEEDS.get(kind, Deed.VOTED), proposal_number=number, member_id=member_id, at=at)


def unsealed[S: Select[Any]](votes: S) -> S:
    """The statement over ballots cast, joined to their proposals, without what is sealed or only derived."""
    cast = (V.revision > 0, col(VoteRow.cast_at).is_not(None))  # the second, which follows, names the index
    return votes.join(ProposalRow, col(ProposalRow.id) == col(VoteRow.proposal_id)).where(*cast, not_(SEALED))


def activities(after: Key | None, limit: int) -> tuple[Select[Any], list[Order]]:
    """Steps of proposals and votes as kind, key, proposal's number, member and time; each half cut to `limit` first,
    so that an index on its time spares it a sort of all."""
    steps = (
        select(col(StatusChangeRow.status), col(StatusChangeRow.id), col(ProposalRow.number))
        .add_columns(col(StatusChangeRow.by_id), col(StatusChangeRow.at))
        .join(ProposalRow, col(ProposalRow.id) == col(StatusChangeRow.proposal_id))
        .where(SHOWN, col(StatusChangeRow.by_id).is_not(None), col(StatusChangeRow.status).in_(list(DEEDS)))
    )
    votes = unsealed(
        select(VOTED.label("status"), col(VoteRow.id), col(ProposalRow.number))
        .add_columns(col(VoteRow.member_id), col(VoteRow.cast_at))
        .select_from(VoteRow)
        .where(V.cast_by != CastBy.DELEGATE.value)  # a delegate's giver did nothing
    )
    halves: list[tuple[Select[Any], list[Any]]] = [
        (steps, [col(StatusChangeRow.at), col(StatusChangeRow.status), col(StatusChangeRow.id)]),
        (votes, [col(VoteRow.cast_at), VOTED, col(VoteRow.id)]),
    ]
    cut = [newest(half, columns, after, limit).subquery() for half, columns in halves]
    both = union_all(*(select(half) for half in cut)).subquery()
    _, key, _, _, at = both.c
    return select(both), by_time(at, both.c[0], key)


def newest(half: Select[Any], columns: list[Any], after: Key | None, limit: int) -> Select[Any]:
    order = by_time(*columns)
    if after is not None:
        half = half.where(beyond(order, bound(order, after, "after"), flipped=False))
    told_apart = [part.column for part in order if part.column is not VOTED]  # Postgres orders by no constant
    return half.order_by(*(column.desc() for column in told_apart)).limit(limit)


def by_time(at: Any, kind: Any, key: Any) -> list[Order]:  # noqa: ANN401  # columns and expressions
    return [Order(at, descending=True), Order(kind, descending=True), Order(key, descending=True)]


def sliced[S: Select[Any], F: (ProposalField, VoteField)](
    statement: S, columns: dict[F, ColumnElement[Any]], window: Window[F]
) -> S:
    return ordered(statement, columns, window).offset(window.skip).limit(window.first)


def ordered[S: Select[Any], F: (ProposalField, VoteField)](
    statement: S, columns: dict[F, ColumnElement[Any]], window: Window[F]
) -> S:
    first, key = columns[window.order], next(iter(columns.values()))
    return statement.order_by(first.desc() if window.descending else first.asc(), key.asc())


async def keyset[T](
    reader: Reader,
    statement: Select[Any],
    order: list[Order],
    *,
    after: Key | None,
    size: int,
    read: Callable[[Sequence[Any]], T],
) -> Page[T]:
    """Rows of several columns, forwards; `pages.page_of` is for rows of one."""
    wanted = statement.add_columns(*(part.column for part in order))
    if after is not None:
        wanted = wanted.where(beyond(order, bound(order, after, "after"), flipped=False))
    wanted = wanted.order_by(*(part.column.desc() if part.descending else part.column.asc() for part in order))
    found = await reader(lambda session: list(session.execute(wanted.limit(size + 1))))
    rows = found[:size]
    keys = [tuple(map(plain, row[-len(order) :])) for row in rows]
    return Page([read(row) for row in rows], keys, has_next=len(found) > size, has_previous=after is not None)


def counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
