"""Votes: a member's place in a proposal's electorate, and the ballot that stands there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.caps import Graph
from domain.casting import Count, Moved, cast
from domain.chains import Standing, standing
from domain.delegations import Edge, Electorate
from domain.elections import Election, results
from domain.flow import Node
from domain.members import Viewer
from domain.option_ballots import OptionBallot
from domain.pages import Page, Slice
from domain.proposals import Proposal
from domain.rules import VotingSystem
from domain.tally import CastBy, Choice, Tally

CHOICES = tuple(Choice)
YOUNG = len(CHOICES)
"""Added to a choice's slot while a twin's ballot is too young to close a vote; that it matures is a change of mind."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a member says, with its own weight, frozen when voting started: a choice, or a ballot among options."""

    proposal_id: int
    member_id: int
    choice: Choice | None
    weight: int
    cast_by: CastBy = CastBy.MEMBER
    confidence: float | None = None
    reason: str | None = None
    options: OptionBallot | None = None


@dataclass(frozen=True, slots=True)
class Vote:
    """A member's effective vote: one a proposal and member, its id stable over revisions.

    `via`: the delegates that a DELEGATE's went through, the voter last.
    """

    id: int
    revision: int
    ballot: Ballot
    cast_at: datetime
    transaction_id: str
    via: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class VoteFilter:
    member_id: int | None = None
    proposal_id: int | None = None
    cast_by: CastBy | None = None
    cast_after: datetime | None = None


def slots_of(system: VotingSystem) -> int:
    """BASIC counts its choices twice, once young; of the other systems only who takes part is counted live."""
    return 2 * len(CHOICES) if system is VotingSystem.BASIC else 1


def slot_of(ballot: Ballot, *, young: bool = False) -> int:
    """Where the live tally counts it."""
    return CHOICES.index(ballot.choice) + young * YOUNG if ballot.choice is not None else 0


def tally_of(count: Count, eligible: int) -> Tally:
    """A count in slots as a tally."""
    return moved(Tally(eligible=eligible), count)


def moved(tally: Tally, change: Count) -> Tally:
    """The tally after a change."""
    if len(change.weights) == 1:
        return Tally(
            eligible=tally.eligible,
            voters=tally.voters + change.voters,
            on_options=tally.on_options + change.weights[0],
            by_twins=tally.by_twins + change.twins,
            own_on_options=tally.own_on_options + change.members[0],
        )
    mature, young, own = change.weights[:YOUNG], change.weights[YOUNG:], change.members
    return Tally(
        eligible=tally.eligible,
        in_favour=tally.in_favour + mature[0] + young[0],
        against=tally.against + mature[1] + young[1],
        abstain=tally.abstain + mature[2] + young[2],
        voters=tally.voters + change.voters,
        by_twins=tally.by_twins + change.twins,
        own_in_favour=tally.own_in_favour + own[0],
        own_against=tally.own_against + own[1],
        own_abstain=tally.own_abstain + own[2],
        young_in_favour=tally.young_in_favour + young[0],
        young_against=tally.young_against + young[1],
        young_abstain=tally.young_abstain + young[2],
    )


def counted(proposal: Proposal, chain: Sequence[Node], ballot: Ballot, *, at: datetime) -> tuple[Proposal, Moved]:
    """The proposal with the ballot of `chain[0]` counted in place of its last, and what that moved."""
    young = ballot.cast_by is CastBy.TWIN and proposal.system is VotingSystem.BASIC
    change = cast(chain, slot_of(ballot, young=young), by=ballot.cast_by)
    return proposal.counted(moved(proposal.tally, change.change), at=at), change


def edges_of(nodes: Iterable[Node]) -> dict[int, Edge]:
    """Where weight goes, without which delegation sends it."""
    return {
        node.member_id: Edge(node.to, None if node.twin_first else 0, node.accepts_twin, 0, carried=True)
        for node in nodes
        if node.to is not None
    }


def standings(nodes: Sequence[Node]) -> dict[int, Standing]:
    """The ballot that stands for each member for whom one does."""
    members = {node.member_id for node in nodes if node.own is not None}
    twins = {node.member_id for node in nodes if node.twin is not None}
    return standing(edges_of(nodes), members=members, twins=twins)


def election_of(proposal: Proposal, nodes: Sequence[Node], votes: Iterable[Vote], lot: bytes = b"") -> Election:
    """How the options stand: one ballot a principal with its own weight, never pooled (nouns-protocol#103)."""
    said = {vote.ballot.member_id: vote.ballot.options for vote in votes}
    stands = standings(nodes)
    ballots = [
        (ballot, node.weight)
        for node in nodes
        if (who := stands.get(node.member_id)) and (ballot := said.get(who.voter)) is not None
    ]
    return results(proposal.system, len(proposal.draft.options), ballots, lot)


class Ballots(Protocol):
    """Ballots inside one transaction. Every revision is kept; the newest of a member counts."""

    def enrol(self, proposal_id: int, *, weighted: bool, at: datetime) -> Electorate:
        """Write a vote without a ballot for every admitted member with weight."""

    def link(self, proposal_id: int, nodes: Sequence[Node], graph: Graph) -> None:
        """Keep where weight goes and what arrives."""

    def chain(self, proposal: Proposal, member_id: int) -> list[Node]:
        """The member, its delegate and so on: to the first own ballot above it, to the end, or all around a cycle.

        Empty for who was not eligible.
        """

    def nodes(self, proposal: Proposal) -> list[Node]:
        """The whole electorate, to count again."""

    def save(self, proposal: Proposal, nodes: Sequence[Node]) -> None:
        """What arrives at these rows."""

    def current(self, proposal_id: int, member_id: int) -> Vote | None:
        """The ballot that was cast for this member by its own or its twin's hand."""

    def all(self, proposal_id: int) -> list[Vote]:
        """Every vote with a ballot, by member."""

    def add(self, ballot: Ballot, node: Node, *, replaces: Vote | None, at: datetime) -> Vote:
        """A new revision, and the member's row as the ballot left it."""

    def young(self, proposal_id: int, *, cast_before: datetime) -> list[Vote]:
        """Twins' ballots that still count as young, though cast before then."""

    def derive(self, proposal: Proposal, stands: Mapping[int, Standing]) -> None:
        """Write what delegates said for their givers, once voting is closed."""


class VoteReads(Protocol):
    """Votes as the viewer may read them: of a hidden proposal only its own until the close."""

    async def by_ids(self, viewer: Viewer, ids: list[int]) -> dict[int, Vote]: ...
    async def own(self, viewer: Viewer, proposal_ids: list[int]) -> dict[int, Vote]:
        """The viewer's own by proposal, what a delegate says for it included."""

    async def page(self, viewer: Viewer, wanted: Slice, where: VoteFilter) -> Page[Vote]: ...
    async def pages(self, viewer: Viewer, wanted: Slice, proposal_ids: list[int]) -> dict[int, Page[Vote]]:
        """The same slice of each proposal's votes."""

    async def power(self, viewer: Viewer, proposal_ids: list[int]) -> dict[int, int]:
        """The weight that a ballot of the viewer's would carry, by proposal in whose electorate it is."""

    async def chains(self, viewer: Viewer, proposal_ids: list[int]) -> dict[int, list[int]]:
        """The viewer, its delegate and so on to the first own ballot, by proposal in whose electorate it is."""

    async def carried(self, viewer: Viewer, proposal_ids: list[int]) -> dict[int, bool]:
        """Whether the viewer's delegation is carried, by proposal on which it has one."""

    async def elections(self, proposals: Sequence[Proposal]) -> dict[int, Election]:
        """How the options of these stand."""

    async def cast_by_ids(self, ids: list[int]) -> dict[int, Vote]:
        """For projections only: those with a ballot, as they are read, hidden ones too."""

    async def revisions(self, vote_ids: list[int]) -> dict[int, list[Vote]]:
        """For projections only: every ballot of these votes, oldest first."""

    async def of_proposals(self, proposal_ids: list[int]) -> dict[int, list[Vote]]:
        """For projections only: every vote on these proposals; none for one without."""
