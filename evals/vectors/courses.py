"""The course of one proposal as systems tell it that count in blocks: Pending, Active, and what comes of it.

Theirs is Active while start < tick <= deadline, with both ends in blocks; our window is half-open. So ours begins and
ends one tick later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from domain.casting import Count, cast
from domain.criteria import Criteria
from domain.deadlines import extended
from domain.decisions import decide_at_end, decide_on_quorum
from domain.drafts import Draft
from domain.flow import Node, unvoted
from domain.proposals import Proposal, Status
from domain.rules import Rules
from domain.tally import CastBy, Choice, Tally

T0 = datetime(2026, 1, 1, tzinfo=UTC)
TICK = timedelta(minutes=1)
SUPPORT = {"for": Choice.FOR, "against": Choice.AGAINST, "abstain": Choice.ABSTAIN}
SLOTS = tuple(Choice)
STATES = {
    Status.OPEN: "Pending",
    Status.VOTING: "Active",
    Status.PASSED: "Succeeded",
    Status.FAILED: "Defeated",
    Status.CANCELLED: "Canceled",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """Their rules: what passes at the end, what passes before it, and by how many ticks a late quorum extends.

    `weights` by voter. Voting begins after the tick `start` and ends with the tick `start + period`.
    """

    weights: Mapping[str, int]
    criteria: Criteria
    early: Criteria | None = None
    extension: int | None = None
    start: int = 4
    period: int = 16
    eligible: int = 1


@dataclass(slots=True)
class Course:
    terms: Terms
    proposal: Proposal = field(init=False)
    nodes: dict[str, Node] = field(init=False)
    count: Count = field(default_factory=lambda: Count(0, (0, 0, 0), (0, 0, 0), 0, 0))

    def __post_init__(self) -> None:
        rules = Rules(voting_minutes=self.terms.period)
        self.proposal = Proposal(1, 1, Draft("T", "B"), Status.OPEN, 0, (), T0, T0, rules=rules)
        members = dict(enumerate(self.terms.weights.values(), start=1))
        self.nodes = dict(zip(self.terms.weights, unvoted({}, members), strict=True))

    @property
    def deadline(self) -> int:
        """The last tick at which a vote counts."""
        ends_at = self.at(self.terms.start + 1).ends_at
        assert ends_at is not None
        return (ends_at - T0) // TICK - 1

    def state(self, tick: int) -> str:
        return STATES[self.at(tick).status]

    def at(self, tick: int) -> Proposal:
        """The proposal with what time alone does to it: it starts, and it ends."""
        starts_at, proposal = moment(self.terms.start + 1), self.proposal
        if proposal.status is Status.OPEN and moment(tick) >= starts_at:
            proposal = proposal.started(self.terms.eligible, at=starts_at)
        if proposal.ended(at=moment(tick)):
            proposal = proposal.resolved(decide_at_end(self.terms.criteria, proposal.tally), at=moment(tick))
        return proposal

    def vote(self, voter: str, choice: Choice, *, tick: int) -> None:
        """The voter's only ballot. Raises VotingClosed, AlreadyResolved, Conflict for a second one."""
        before = self.at(tick)
        before.check_voting(at=moment(tick))
        moved = cast([self.nodes[voter]], SLOTS.index(choice), by=CastBy.MEMBER, final=True)
        (self.nodes[voter],) = moved.nodes
        self.count = self.count.plus(moved.change)
        after = before.counted(self._tally(), at=moment(tick))
        self.proposal = self._decided(self._extended(before.tally, after, tick), tick)

    def _tally(self) -> Tally:
        in_favour, against, abstain = self.count.weights
        return Tally(self.terms.eligible, in_favour, against, abstain, self.count.voters)

    def cancel(self, *, tick: int) -> None:
        self.proposal = self.at(tick).cancelled(at=moment(tick))

    def _extended(self, before: Tally, after: Proposal, tick: int) -> Proposal:
        criteria, extension = self.terms.criteria, self.terms.extension
        late = after.tally.quorum_reached(criteria) and not before.quorum_reached(criteria)
        if extension is None or after.ends_at is None or not late:
            return after
        ends_at = extended(after.ends_at, quorum_at=moment(tick), extension=(extension + 1) * TICK)
        return replace(after, ends_at=ends_at)

    def _decided(self, proposal: Proposal, tick: int) -> Proposal:
        decision = decide_on_quorum(self.terms.early, proposal.tally) if self.terms.early else None
        return proposal.resolved(decision, at=moment(tick)) if decision else proposal


def moment(tick: int) -> datetime:
    return T0 + tick * TICK
