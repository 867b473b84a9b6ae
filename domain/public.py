"""What anybody may read without a token when the setting PUBLIC is on: proposals from OPEN on, their votes, members."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.daos import Dao
from domain.pages import Key, Page
from domain.proposals import Proposal, Status
from domain.rules import VotingSystem
from domain.tally import Tally
from domain.votes import Vote

OPENED = (Status.OPEN, Status.VOTING, Status.PASSED, Status.FAILED, Status.IMPLEMENTED)
"""States that nothing but an opened proposal reaches. A CANCELLED one may have been a DRAFT all its life."""
TYPES = {
    VotingSystem.BASIC: "basic",
    VotingSystem.SINGLE_CHOICE: "single-choice",
    VotingSystem.APPROVAL: "approval",
    VotingSystem.RANKED_SCHULZE: "ranked-choice",
    VotingSystem.RANKED_INSTANT_RUNOFF: "ranked-choice",
    VotingSystem.WEIGHTED: "weighted",
    VotingSystem.QUADRATIC: "quadratic",
}
"""Voting systems as Snapshot names them. Its ranked-choice is counted by instant runoff; a ranking reads the same."""


class ProposalField(StrEnum):
    """What public proposals are found and ordered by."""

    ID = "id"
    AUTHOR = "author"
    TITLE = "title"
    CREATED = "created"
    START = "start"
    END = "end"
    VOTES = "votes"
    STATE = "state"
    TYPE = "type"
    SCORES_STATE = "scores_state"


class VoteField(StrEnum):
    """What public votes are found and ordered by."""

    ID = "id"
    VOTER = "voter"
    PROPOSAL = "proposal"
    REASON = "reason"
    CREATED = "created"
    VP = "vp"


class Test(StrEnum):
    """How a field is compared with what is asked."""

    __test__ = False  # no case of pytest's

    IS = "is"
    IS_NOT = "not"
    IN = "in"
    NOT_IN = "not_in"
    ABOVE = "gt"
    FROM = "gte"
    BELOW = "lt"
    UP_TO = "lte"
    CONTAINS = "contains"


type Plain = str | int | float
type Asked = Plain | tuple[Plain, ...]


@dataclass(frozen=True, slots=True)
class Condition[F: StrEnum]:
    """One field's comparison; times are unix seconds, ids are row numbers, IN and NOT_IN hold several values."""

    field: F
    test: Test
    asked: Asked


@dataclass(frozen=True, slots=True)
class Window[F: StrEnum]:
    """`first` rows after the `skip` first, in the order of one field; equals stand by rising id."""

    first: int
    skip: int
    order: F
    descending: bool = True


class State(StrEnum):
    """A proposal's time, as dashboards tell it."""

    PENDING = "pending"
    ACTIVE = "active"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PublicProposal:
    """A proposal as anybody may see it.

    `starts_at` and `ends_at` are None while nobody knows them; `ends_at` is when voting did end, once it has. Of a
    `sealed` one nothing shows that moves with a ballot.
    """

    proposal: Proposal
    starts_at: datetime | None
    ends_at: datetime | None
    sealed: bool
    hidden: bool

    @property
    def state(self) -> State:
        match self.proposal.status:
            case Status.DRAFT | Status.OPEN:
                return State.PENDING
            case Status.VOTING:
                return State.ACTIVE
            case _:
                return State.CLOSED


@dataclass(frozen=True, slots=True)
class PublicVote:
    """A ballot that was cast, and the weight that follows it now: its member's and its givers'.

    So the powers of all votes on a proposal make up its tally. 0 where a delegate's ballot stands in its place.
    """

    vote: Vote
    power: int


def sealed_away(proposal: Proposal) -> Proposal:
    """Without its counts, and without the times and numbers that rise with every ballot."""
    uncounted = Tally(eligible=proposal.tally.eligible)
    return replace(proposal, tally=uncounted, shown=None, seq=0, changed_at=proposal.starts_at or proposal.created_at)


@dataclass(frozen=True, slots=True)
class PublicMember:
    id: int
    handle: str
    name: str


class Deed(StrEnum):
    """What a member did with a proposal."""

    CREATED = "CREATED"
    STARTED = "STARTED"
    CANCELLED = "CANCELLED"
    IMPLEMENTED = "IMPLEMENTED"
    VOTED = "VOTED"


@dataclass(frozen=True, slots=True)
class Activity:
    """`key` is unique among those of the same kind: a vote, or a step of a proposal."""

    key: int
    deed: Deed
    proposal_number: int
    member_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of opened proposals and of ballots that are not sealed."""

    proposals: int
    active: int
    proposals_1d: int
    proposals_7d: int
    proposals_30d: int
    votes: int


class PublicReads(Protocol):
    """Reads that know no viewer. Sealed votes are absent from every one of them, from counts and orders too."""

    async def dao(self) -> Dao: ...
    async def founded_at(self) -> datetime | None:
        """When its first member joined."""

    async def counts(self, *, at: datetime) -> Counts: ...
    async def votes_since(self, since: datetime) -> int: ...
    async def proposals(
        self, where: Sequence[Condition[ProposalField]], window: Window[ProposalField]
    ) -> list[PublicProposal]: ...
    async def proposals_by_ids(self, ids: list[int]) -> dict[int, PublicProposal]: ...
    async def proposal_by_number(self, number: int) -> PublicProposal | None: ...
    async def proposal_page(self, after: Key | None, size: int) -> Page[PublicProposal]:
        """Newest first."""

    async def scores(self, proposals: Sequence[PublicProposal]) -> dict[int, tuple[float, ...]]:
        """The score of each option, in the options' order, by proposal; of such as vote among options."""

    async def votes(self, where: Sequence[Condition[VoteField]], window: Window[VoteField]) -> list[PublicVote]: ...
    async def frozen_power(self, proposal_id: int, member_id: int) -> int:
        """The weight that a ballot of the member's would carry, its own and its givers', as frozen when voting started;
        0 for who was not eligible."""

    async def weight(self, member_id: int) -> int:
        """The member's weight now; 0 for who is not admitted."""

    async def member(self, member_id: int) -> PublicMember | None: ...
    async def member_page(self, after: Key | None, size: int) -> Page[PublicMember]:
        """Admitted members, oldest first."""

    async def activity_page(self, after: Key | None, size: int) -> Page[Activity]:
        """Newest first."""
