"""Votes and ballots: rows, and the repository inside a transaction. Reads are in vote_reads.py."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import batched
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Dialect,
    Index,
    Integer,
    String,
    UniqueConstraint,
    bindparam,
    case,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    table,
    text,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import UserDefinedType
from sqlmodel import Field, col

from adapters.sql.late import late_of, light
from adapters.sql.members import MemberRow
from adapters.sql.naming import Row, table_of
from adapters.sql.types import time_field
from adapters.sql.writer import connection_of
from domain.caps import Graph
from domain.chains import Standing, via
from domain.delegations import Electorate
from domain.flow import Flow, Node
from domain.members import inactive_before
from domain.option_ballots import OptionBallot
from domain.proposals import Proposal
from domain.tally import CastBy, Choice
from domain.votes import YOUNG, Ballot, Vote, edges_of, slots_of

STANDS = text("cast_at IS NOT NULL")
"""Indexes leave out who has no ballot: those of ten thousand would take a third of the freeze."""


class VoteRow(Row, table=True):
    """A member's place in an electorate, frozen when voting started, and the ballot that stands there.

    `arriving` is what its givers send (null: nothing); `own` and `twin` are the slots of what its two hands cast.
    """

    __tablename__ = "vote"
    __table_args__ = (
        UniqueConstraint("proposal_id", "member_id"),
        Index("ix_vote_member_id_cast_at", "member_id", "cast_at", sqlite_where=STANDS, postgresql_where=STANDS),
        Index("ix_vote_proposal_id_cast_at", "proposal_id", "cast_at", sqlite_where=STANDS, postgresql_where=STANDS),
    )

    id: int = Field(default=None, primary_key=True)
    proposal_id: int = Field(foreign_key="proposal.id")
    member_id: int = Field(foreign_key="member.id")
    weight: int
    power: int
    """Its own weight and what its givers would send, when voting started."""
    delegation_id: int | None = Field(default=None, foreign_key="delegation.id")
    delegate_id: int | None = Field(default=None, foreign_key="member.id")
    twin_first: bool = True
    accepts_twin: bool = False
    closed: bool = False
    arriving: list[list[int]] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    own: int | None = None
    twin: int | None = None
    revision: int = 0
    choice: str | None = None
    options: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    cast_by: str | None = None
    confidence: float | None = None
    reason: str | None = None
    cast_at: datetime | None = time_field(default=None, nullable=True)
    via: list[int] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    transaction_id: str

    def to_domain(self) -> Vote:
        """Of a row with a ballot."""
        if self.cast_at is None:
            raise ValueError(f"Vote {self.id} has no ballot.")
        return Vote(self.id, self.revision, ballot_of(self, self), self.cast_at, self.transaction_id, via_of(self))

    def to_node(self, slots: int) -> Node:
        arriving = Flow(*map(tuple, self.arriving)) if self.arriving else Flow.nothing(slots)
        return Node(
            self.member_id,
            self.weight,
            self.delegate_id,
            self.twin_first,
            self.accepts_twin,
            arriving,
            own=self.own,
            twin=self.twin,
            closed=self.closed,
        )


class BallotRow(Row, table=True):
    """One revision of a vote; never changed."""

    __tablename__ = "ballot"

    vote_id: int = Field(primary_key=True, foreign_key="vote.id")
    revision: int = Field(primary_key=True)
    choice: str | None = None
    options: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    cast_by: str
    confidence: float | None = None
    reason: str | None = None
    cast_at: datetime = time_field()
    transaction_id: str


def ballot_of(vote: VoteRow, said: VoteRow | BallotRow) -> Ballot:
    """Of a vote with a ballot."""
    cast_by = said.cast_by or CastBy.MEMBER
    return Ballot(
        proposal_id=vote.proposal_id,
        member_id=vote.member_id,
        choice=Choice(said.choice) if said.choice else None,
        weight=vote.weight,
        cast_by=CastBy(cast_by),
        confidence=said.confidence,
        reason=said.reason,
        options=OptionBallot.from_data(said.options) if said.options else None,
    )


def via_of(row: VoteRow) -> tuple[int, ...]:
    return tuple(row.via or ())


# Every ballot runs these.
VOTES, BALLOTS = table_of(VoteRow), table_of(BallotRow)
PLACE = light(
    select(VOTES).where(VOTES.c.proposal_id == bindparam("of_proposal"), VOTES.c.member_id == bindparam("of_member"))
)
CHANGE, KEEP = light(update(VOTES).where(VOTES.c.id == bindparam("of"))), light(insert(BALLOTS))
MOVE = light(
    update(VOTES).where(VOTES.c.proposal_id == bindparam("of_proposal"), VOTES.c.member_id == bindparam("of_member"))
)

ENROLLED = select(
    func.aggregate_strings(cast(VOTES.c.member_id, String), ",").label("members"),
    func.aggregate_strings(cast(VOTES.c.weight, String), ",").label("weights"),
).where(VOTES.c.proposal_id == bindparam("of_proposal"))
"""An electorate in one row: ten thousand of them would take 10 ms of the freeze. Both lists are in one order."""

CAST = (
    select(VOTES.c.id, VOTES.c.proposal_id, VOTES.c.member_id, VOTES.c.weight, *BALLOTS.c)
    .join(BALLOTS, (BALLOTS.c.vote_id == VOTES.c.id) & (BALLOTS.c.revision == VOTES.c.revision))
    .order_by(VOTES.c.member_id)
)
"""The last ballot that each member's own or twin's hand cast, also where a delegate's stands since the close."""


def cast_in(row: Any) -> Vote:  # noqa: ANN401  # of CAST
    return Vote(row.id, row.revision, ballot_of(row, row), row.cast_at, row.transaction_id)


class Listed(UserDefinedType[Sequence[int]]):
    """Ids as SQL writes them: five thousand parameters, or literals one by one, would take 5 ms of the freeze."""

    cache_ok = True

    def literal_processor(self, dialect: Dialect) -> Callable[[Sequence[int]], str]:
        return lambda ids: f"({', '.join(map(str, ids))})"


GIVEN = table(
    "delegation", column("id", Integer), *map(column, ("giver_id", "receiver_id", "scope_id", "accepts_twin"))
)
"""Its rows are in delegations.py, which reads votes."""
OF_THESE = update(VOTES).where(
    VOTES.c.proposal_id == bindparam("of_proposal"),
    VOTES.c.member_id == GIVEN.c.giver_id,
    (GIVEN.c.id + 0).op("IN", is_comparison=True)(bindparam("these", type_=Listed(), literal_execute=True)),
)
"""`+ 0` keeps SQLite from trying every listed id for every voter, which takes seconds instead of milliseconds."""
AT_ONCE = 20_000
"""Ids that one statement lists, so that its text stays below 200 kB."""
STOP = OF_THESE.values(delegation_id=GIVEN.c.id, accepts_twin=GIVEN.c.accepts_twin)
FOLLOW = STOP.values(delegate_id=GIVEN.c.receiver_id, twin_first=GIVEN.c.scope_id.is_(None))


class SqlBallots:
    """Port `Ballots`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._connection = connection_of(session)
        self._transaction_id = transaction_id
        self._caster: VoteRow | None = None

    def enrol(self, proposal_id: int, *, weighted: bool, at: datetime) -> Electorate:
        weight = col(MemberRow.weight) if weighted else case((col(MemberRow.weight) > 0, 1), else_=0)
        constants = {"twin_first": True, "accepts_twin": False, "closed": False, "revision": 0}
        eligible = select(
            literal(proposal_id),
            col(MemberRow.id),
            weight,
            weight,
            *map(literal, constants.values()),
            literal(self._transaction_id),
        ).where(col(MemberRow.admitted), col(MemberRow.weight) > 0)
        names = ["proposal_id", "member_id", "weight", "power", *constants, "transaction_id"]
        self._connection.execute(insert(VOTES).from_select(names, eligible.order_by(col(MemberRow.id))))
        return self._electorate(proposal_id, at)

    def _electorate(self, proposal_id: int, at: datetime) -> Electorate:
        asleep = select(col(MemberRow.id)).where(col(MemberRow.last_seen) <= inactive_before(at))
        found = self._connection.execute(ENROLLED, {"of_proposal": proposal_id}).one()
        electorate = dict(zip(numbers(found.members), numbers(found.weights), strict=True))
        return Electorate(electorate, frozenset(self._connection.scalars(asleep).all()))

    def link(self, proposal_id: int, nodes: Sequence[Node], graph: Graph) -> None:
        """Where weight goes is copied from the delegations themselves: a row each would hold the writer too long."""
        edges = graph.edges.values()
        for copied, carried in ((FOLLOW, True), (STOP, False)):
            ids = [edge.delegation_id for edge in edges if edge.carried is carried]
            for these in batched(ids, AT_ONCE):
                self._connection.execute(copied, {"of_proposal": proposal_id, "these": these})
        rows = [
            {"of_proposal": proposal_id, "of_member": node.member_id, "power": power, **arriving_at(node)}
            for node in nodes
            if (power := graph.powers[node.member_id]) != node.weight or node.closed or not node.arriving.empty
        ]
        if rows:
            self._connection.execute(MOVE, rows)

    def chain(self, proposal: Proposal, member_id: int) -> list[Node]:
        self._caster = self._place(proposal.id, member_id)
        found: dict[int, Node] = {}
        row, slots = self._caster, slots_of(proposal.system)
        while row is not None and row.member_id not in found:
            node = found[row.member_id] = VoteRow.to_node(row, slots)
            if node.to is None or (node.own is not None and len(found) > 1):
                break
            row = self._place(proposal.id, node.to)
        return list(found.values())

    def _place(self, proposal_id: int, member_id: int) -> VoteRow | None:
        of = {"of_proposal": proposal_id, "of_member": member_id}
        return self._connection.execute(PLACE, of).first()  # type: ignore[return-value]  # the same columns, unmapped

    def nodes(self, proposal: Proposal) -> list[Node]:
        rows = self._connection.execute(select(VOTES).where(VOTES.c.proposal_id == proposal.id)).all()
        return [VoteRow.to_node(row, slots_of(proposal.system)) for row in rows]  # type: ignore[arg-type]  # the same columns

    def save(self, proposal: Proposal, nodes: Sequence[Node]) -> None:
        rows = [{"of_proposal": proposal.id, "of_member": node.member_id, **flowing(node)} for node in nodes]
        if rows:
            self._connection.execute(MOVE, rows)

    def current(self, proposal_id: int, member_id: int) -> Vote | None:
        row = self._caster
        if row is None or (row.proposal_id, row.member_id) != (proposal_id, member_id):
            row = self._place(proposal_id, member_id)
        return VoteRow.to_domain(row) if row and row.cast_at else None

    def all(self, proposal_id: int) -> list[Vote]:
        rows = self._connection.execute(CAST.where(VOTES.c.proposal_id == proposal_id)).all()
        return [cast_in(row) for row in rows]

    def add(self, ballot: Ballot, node: Node, *, replaces: Vote | None, at: datetime) -> Vote:
        revision = replaces.revision + 1 if replaces else 1
        cast = {
            "revision": revision,
            "choice": ballot.choice.value if ballot.choice else None,
            "options": ballot.options.to_data() if ballot.options else None,
            "cast_by": ballot.cast_by.value,
            "confidence": ballot.confidence,
            "reason": ballot.reason,
            "cast_at": at,
            "transaction_id": self._transaction_id,
        }
        vote_id = self._id_of(ballot)
        self._connection.execute(CHANGE, {"of": vote_id, **flowing(node), **cast})
        late_of(self._connection).rows.append((KEEP, {"vote_id": vote_id, **cast}))
        self._caster = None
        return Vote(vote_id, revision, ballot, at, self._transaction_id)

    def _id_of(self, ballot: Ballot) -> int:
        row = self._caster
        if row is None or (row.proposal_id, row.member_id) != (ballot.proposal_id, ballot.member_id):
            row = self._place(ballot.proposal_id, ballot.member_id)
        if row is None:
            raise ValueError("Only who is in the electorate has a vote.")
        return row.id

    def young(self, proposal_id: int, *, cast_before: datetime) -> list[Vote]:
        fresh = select(VOTES).where(
            VOTES.c.proposal_id == proposal_id,
            VOTES.c.cast_by == CastBy.TWIN.value,
            VOTES.c.twin >= YOUNG,
            VOTES.c.cast_at <= cast_before,
        )
        return [VoteRow.to_domain(row) for row in self._connection.execute(fresh).all()]  # type: ignore[arg-type]  # the same columns

    def derive(self, proposal: Proposal, stands: Mapping[int, Standing]) -> None:
        edges = edges_of(self.nodes(proposal))
        said = {vote.ballot.member_id: vote for vote in self.all(proposal.id)}
        rows = [
            {"of_proposal": proposal.id, "of_member": giver, **derived(said[who.voter], via(edges, giver, who))}
            for giver, who in stands.items()
            if who.voter != giver
        ]
        if rows:
            self._connection.execute(MOVE, rows)


def numbers(listed: str | None) -> Iterable[int]:
    return map(int, listed.split(",")) if listed else ()


def flowing(node: Node) -> dict[str, Any]:
    return {**arriving_at(node), "own": node.own, "twin": node.twin}


def arriving_at(node: Node) -> dict[str, Any]:
    arriving = None if node.arriving.empty else [list(node.arriving.trusting), list(node.arriving.strict)]
    return {"arriving": arriving, "closed": node.closed}


def derived(vote: Vote, way: tuple[int, ...]) -> dict[str, Any]:
    """A giver's vote: what its delegate said, when it said it; the delegate's reason stays the delegate's."""
    ballot = vote.ballot
    return {
        "choice": ballot.choice.value if ballot.choice else None,
        "options": ballot.options.to_data() if ballot.options else None,
        "cast_by": CastBy.DELEGATE.value,
        "cast_at": vote.cast_at,
        "via": list(way),
    }
