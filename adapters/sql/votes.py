"""Electorate, votes and ballots: rows, the repository inside a transaction, and reads."""

from datetime import datetime

from sqlalchemy import UniqueConstraint, bindparam, func, insert, literal, select, update
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.members import MemberRow
from adapters.sql.naming import Row, table_of
from adapters.sql.pages import Order, page_of, rows_of
from adapters.sql.reader import Reader
from adapters.sql.types import time_field
from adapters.sql.writer import connection_of
from domain.members import Viewer
from domain.pages import Page, Slice
from domain.tally import Choice
from domain.votes import Ballot, CastBy, Vote


class ElectorateRow(Row, table=True):
    """Who may vote with which weight, frozen at the start of voting."""

    __tablename__ = "electorate"

    proposal_id: int = Field(primary_key=True, foreign_key="proposal.id")
    member_id: int = Field(primary_key=True, foreign_key="member.id")
    weight: int


class VoteRow(Row, table=True):
    """A member's vote with its current ballot; `BallotRow` keeps every revision."""

    __tablename__ = "vote"
    __table_args__ = (UniqueConstraint("proposal_id", "member_id"),)

    id: int = Field(default=None, primary_key=True)
    proposal_id: int = Field(foreign_key="proposal.id")
    member_id: int = Field(foreign_key="member.id", index=True)
    revision: int
    choice: str
    weight: int
    cast_by: str
    confidence: float | None = None
    reason: str | None = None
    cast_at: datetime = time_field()
    transaction_id: str

    def to_domain(self) -> Vote:
        ballot = Ballot(
            proposal_id=self.proposal_id,
            member_id=self.member_id,
            choice=Choice(self.choice),
            weight=self.weight,
            cast_by=CastBy(self.cast_by),
            confidence=self.confidence,
            reason=self.reason,
        )
        return Vote(self.id, self.revision, ballot, self.cast_at, self.transaction_id)


class BallotRow(Row, table=True):
    """One revision of a vote; never changed."""

    __tablename__ = "ballot"

    vote_id: int = Field(primary_key=True, foreign_key="vote.id")
    revision: int = Field(primary_key=True)
    choice: str
    weight: int
    cast_by: str
    confidence: float | None = None
    reason: str | None = None
    cast_at: datetime = time_field()
    transaction_id: str


# Every ballot runs these.
ELECTORATE, VOTES, BALLOTS = table_of(ElectorateRow), table_of(VoteRow), table_of(BallotRow)
WEIGHT = select(ELECTORATE.c.weight).where(
    ELECTORATE.c.proposal_id == bindparam("of_proposal"), ELECTORATE.c.member_id == bindparam("of_member")
)
CURRENT = select(VOTES).where(
    VOTES.c.proposal_id == bindparam("of_proposal"), VOTES.c.member_id == bindparam("of_member")
)
FIRST, CHANGE, KEEP = insert(VOTES), update(VOTES).where(VOTES.c.id == bindparam("of")), insert(BALLOTS)


class SqlBallots:
    """Port `Ballots`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._connection = connection_of(session)
        self._transaction_id = transaction_id

    def freeze(self, proposal_id: int) -> int:
        eligible = select(literal(proposal_id), col(MemberRow.id), col(MemberRow.weight)).where(
            col(MemberRow.admitted), col(MemberRow.weight) > 0
        )
        self._connection.execute(insert(ElectorateRow).from_select(["proposal_id", "member_id", "weight"], eligible))
        total = select(func.sum(col(ElectorateRow.weight))).where(col(ElectorateRow.proposal_id) == proposal_id)
        return int(self._connection.scalar(total) or 0)

    def frozen_weight(self, proposal_id: int, member_id: int) -> int:
        weight = self._connection.scalar(WEIGHT, {"of_proposal": proposal_id, "of_member": member_id})
        return int(weight or 0)

    def current(self, proposal_id: int, member_id: int) -> Vote | None:
        row = self._connection.execute(CURRENT, {"of_proposal": proposal_id, "of_member": member_id}).first()
        return VoteRow.to_domain(row) if row else None  # type: ignore[arg-type]  # the same columns, unmapped

    def add(self, ballot: Ballot, *, replaces: Vote | None, at: datetime) -> Vote:
        revision = replaces.revision + 1 if replaces else 1
        cast = {
            "revision": revision,
            "choice": ballot.choice.value,
            "weight": ballot.weight,
            "cast_by": ballot.cast_by.value,
            "confidence": ballot.confidence,
            "reason": ballot.reason,
            "cast_at": at,
            "transaction_id": self._transaction_id,
        }
        if replaces:
            self._connection.execute(CHANGE, {"of": replaces.id, **cast})
            vote_id = replaces.id
        else:
            whose = {"proposal_id": ballot.proposal_id, "member_id": ballot.member_id}
            vote_id = self._connection.execute(FIRST, {**whose, **cast}).inserted_primary_key[0]  # type: ignore[index]  # one row, so it has one
        self._connection.execute(KEEP, {"vote_id": vote_id, **cast})
        return Vote(vote_id, revision, ballot, at, self._transaction_id)


class SqlVoteReads:
    """Port `VoteReads`. Votes exist from VOTING on, when every member sees the proposal."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def by_ids(self, viewer: Viewer, ids: list[int]) -> dict[int, Vote]:
        rows = await rows_of(self._reader, select(VoteRow).where(col(VoteRow.id).in_(ids)))
        return {row.id: row.to_domain() for row in rows}

    async def own(self, viewer: Viewer, proposal_ids: list[int]) -> dict[int, Vote]:
        mine = col(VoteRow.member_id) == viewer.member_id
        rows = await rows_of(self._reader, select(VoteRow).where(mine, col(VoteRow.proposal_id).in_(proposal_ids)))
        return {row.proposal_id: row.to_domain() for row in rows}

    async def page(self, viewer: Viewer, proposal_id: int, wanted: Slice) -> Page[Vote]:
        statement = select(VoteRow).where(col(VoteRow.proposal_id) == proposal_id)
        return await page_of(self._reader, statement, [Order(col(VoteRow.id))], wanted, VoteRow.to_domain)

    async def of_proposal(self, proposal_id: int) -> list[Vote]:
        rows = await rows_of(self._reader, select(VoteRow).where(col(VoteRow.proposal_id) == proposal_id))
        return [row.to_domain() for row in rows]

    async def revisions(self, vote_id: int) -> list[Vote]:
        votes = await rows_of(self._reader, select(VoteRow).where(col(VoteRow.id) == vote_id))
        ballots = select(BallotRow).where(col(BallotRow.vote_id) == vote_id).order_by(col(BallotRow.revision))
        return [revision_of(vote, ballot) for vote in votes for ballot in await rows_of(self._reader, ballots)]


def revision_of(vote: VoteRow, ballot: BallotRow) -> Vote:
    """The vote as it stood with that ballot."""
    cast = Ballot(
        proposal_id=vote.proposal_id,
        member_id=vote.member_id,
        choice=Choice(ballot.choice),
        weight=ballot.weight,
        cast_by=CastBy(ballot.cast_by),
        confidence=ballot.confidence,
        reason=ballot.reason,
    )
    return Vote(vote.id, ballot.revision, cast, ballot.cast_at, ballot.transaction_id)
