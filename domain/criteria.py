"""Bars that a count must reach, and what it means to reach them: exact, whatever the system they come from."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Bar:
    """A share of a whole: reached at it, or only above it when `strict`."""

    share: Fraction
    strict: bool = False

    def reached(self, part: int, whole: int) -> bool:
        """Whole numbers of any size, compared by cross-multiplication."""
        have, need = part * self.share.denominator, self.share.numerator * whole
        return have > need if self.strict else have >= need


class QuorumOf(StrEnum):
    """Whose weight a quorum counts: all that take part (Aragon, Cosmos x/gov), all but AGAINST (OpenZeppelin), or FOR
    alone (Compound, OpenZeppelin's super quorum)."""

    ALL = "ALL"
    FOR_AND_ABSTAIN = "FOR_AND_ABSTAIN"
    FOR = "FOR"


NO_BAR = Bar(Fraction(0))
NEVER_REACHED = Bar(Fraction(1), strict=True)


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a count of FOR, AGAINST and ABSTAIN needs.

    quorum: participating of eligible weight, or the part of it that `quorum_of` says. majority: FOR of FOR and AGAINST;
    abstentions never count here (cosmos-sdk#11461). approval: FOR of eligible (Aragon). veto: objections of
    participating weight that fail it even so (Cosmos x/gov's no_with_veto).
    """

    quorum: Bar
    majority: Bar
    approval: Bar = NO_BAR
    veto: Bar = NEVER_REACHED
    quorum_of: QuorumOf = QuorumOf.ALL
