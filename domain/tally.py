"""Counting ballots: exact integers, no clock, no I/O."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Choice(StrEnum):
    FOR = "FOR"
    AGAINST = "AGAINST"
    ABSTAIN = "ABSTAIN"


class EarlyClose(StrEnum):
    """NEVER waits for the end; ON_QUORUM ends voting once quorum and majority are reached, as passed only."""

    NEVER = "NEVER"
    ON_QUORUM = "ON_QUORUM"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a proposal needs to pass, frozen when voting starts. Percentages are whole numbers: 66 is not two thirds."""

    quorum_percent: int = 60
    majority_percent: int = 66
    voting_minutes: int = 72 * 60
    early_close: EarlyClose = EarlyClose.ON_QUORUM


@dataclass(frozen=True, slots=True)
class Tally:
    """Weights and voters counted so far, out of the weight that was eligible when voting started."""

    eligible: int = 0
    in_favour: int = 0
    against: int = 0
    abstain: int = 0
    voters: int = 0

    @property
    def participating(self) -> int:
        return self.in_favour + self.against + self.abstain

    @property
    def participation(self) -> float:
        """Share of the eligible weight that took part, 0..1; for display only."""
        return self.participating / self.eligible if self.eligible else 0.0

    @property
    def support(self) -> float:
        """Share of FOR among FOR and AGAINST, 0..1; for display only."""
        decided = self.in_favour + self.against
        return self.in_favour / decided if decided else 0.0

    def add(self, choice: Choice, weight: int) -> "Tally":
        """Count a new voter's `weight` for `choice`."""
        return replace(self._shift(choice, weight), voters=self.voters + 1)

    def remove(self, choice: Choice, weight: int) -> "Tally":
        """Take a superseded ballot back."""
        return replace(self._shift(choice, -weight), voters=self.voters - 1)

    def _shift(self, choice: Choice, weight: int) -> "Tally":
        match choice:
            case Choice.FOR:
                return replace(self, in_favour=self.in_favour + weight)
            case Choice.AGAINST:
                return replace(self, against=self.against + weight)
            case Choice.ABSTAIN:
                return replace(self, abstain=self.abstain + weight)

    def quorum_reached(self, rules: Rules) -> bool:
        """Abstentions count here (Aragon, Cosmos x/gov)."""
        return self.eligible > 0 and self.participating * 100 >= rules.quorum_percent * self.eligible

    def majority_reached(self, rules: Rules) -> bool:
        """Abstentions never count here (cosmos-sdk#11461). At 50 % a tie fails: there the majority is strict."""
        decided = self.in_favour + self.against
        if rules.majority_percent == 50:
            return self.in_favour * 2 > decided
        return decided > 0 and self.in_favour * 100 >= rules.majority_percent * decided
