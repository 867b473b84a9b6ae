"""Counting ballots: exact integers, no clock, no I/O."""

from dataclasses import dataclass
from enum import StrEnum

from domain.criteria import Criteria, QuorumOf


class Choice(StrEnum):
    FOR = "FOR"
    AGAINST = "AGAINST"
    ABSTAIN = "ABSTAIN"


class CastBy(StrEnum):
    """Whose hand cast what stands for a member: its own, its twin's, or a delegate's."""

    MEMBER = "MEMBER"
    TWIN = "TWIN"
    DELEGATE = "DELEGATE"


@dataclass(frozen=True, slots=True)
class Tally:
    """Weights counted so far, out of the weight that was eligible when voting started.

    The first three are BASIC's, `on_options` is the weight of the other systems' ballots. `voters` are the members
    whose own or whose twin's ballot was cast. `by_twins` is the own weight of members for whom their twin's ballot
    stands; the `own_` weights are those of members for whom their own stands. The `young_` weights, parts of the first
    three, stand on twins' ballots so young that their members could not yet say otherwise.
    """

    eligible: int = 0
    in_favour: int = 0
    against: int = 0
    abstain: int = 0
    voters: int = 0
    on_options: int = 0
    by_twins: int = 0
    own_in_favour: int = 0
    own_against: int = 0
    own_abstain: int = 0
    own_on_options: int = 0
    young_in_favour: int = 0
    young_against: int = 0
    young_abstain: int = 0

    @property
    def participating(self) -> int:
        return self.in_favour + self.against + self.abstain + self.on_options

    @property
    def by_members(self) -> int:
        return self.own_in_favour + self.own_against + self.own_abstain + self.own_on_options

    @property
    def by_delegates(self) -> int:
        return self.participating - self.by_members - self.by_twins

    @property
    def participation(self) -> float:
        """Share of the eligible weight that took part, 0..1; for display only."""
        return self.participating / self.eligible if self.eligible else 0.0

    @property
    def support(self) -> float:
        """Share of FOR among FOR and AGAINST, 0..1; for display only."""
        decided = self.in_favour + self.against
        return self.in_favour / decided if decided else 0.0

    def quorum_reached(self, criteria: Criteria) -> bool:
        return self.eligible > 0 and criteria.quorum.reached(self._towards_quorum(criteria.quorum_of), self.eligible)

    def _towards_quorum(self, counted: QuorumOf) -> int:
        match counted:
            case QuorumOf.ALL:
                return self.participating
            case QuorumOf.FOR_AND_ABSTAIN:
                return self.in_favour + self.abstain
            case QuorumOf.FOR:
                return self.in_favour

    def majority_reached(self, criteria: Criteria) -> bool:
        """Never by abstentions alone (Cosmos x/gov)."""
        decided = self.in_favour + self.against
        return decided > 0 and criteria.majority.reached(self.in_favour, decided)

    def approval_reached(self, criteria: Criteria) -> bool:
        return criteria.approval.reached(self.in_favour, self.eligible)

    def vetoed(self, criteria: Criteria, objecting: int) -> bool:
        """Whether `objecting`, a part of `against`, is more than may be."""
        return self.participating > 0 and criteria.veto.reached(objecting, self.participating)
