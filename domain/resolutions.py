"""How a proposal ends: the decision, its reason, and when voting may end before its time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.pages import Page, Slice
from domain.tally import EarlyClose, Rules, Tally


class ResolutionReason(StrEnum):
    QUORUM_AND_MAJORITY = "QUORUM_AND_MAJORITY"
    MAJORITY_IMPOSSIBLE = "MAJORITY_IMPOSSIBLE"
    NO_QUORUM = "NO_QUORUM"
    MAJORITY_NOT_REACHED = "MAJORITY_NOT_REACHED"
    NO_ELIGIBLE_WEIGHT = "NO_ELIGIBLE_WEIGHT"


@dataclass(frozen=True, slots=True)
class Decision:
    passed: bool
    reason: ResolutionReason


@dataclass(frozen=True, slots=True)
class Resolution:
    """A proposal's sealed outcome. `seq` counts the DAO's resolutions from 0 without a gap."""

    id: int
    seq: int
    proposal_id: int
    passed: bool
    reason: ResolutionReason
    rules: Rules
    tally: Tally
    tally_seq: int
    decided_at: datetime
    transaction_id: str


def decide_at_end(rules: Rules, tally: Tally) -> Decision:
    """The outcome when the window has ended."""
    if tally.eligible == 0:
        return Decision(passed=False, reason=ResolutionReason.NO_ELIGIBLE_WEIGHT)
    if not tally.quorum_reached(rules):
        return Decision(passed=False, reason=ResolutionReason.NO_QUORUM)
    if not tally.majority_reached(rules):
        return Decision(passed=False, reason=ResolutionReason.MAJORITY_NOT_REACHED)
    return Decision(passed=True, reason=ResolutionReason.QUORUM_AND_MAJORITY)


def decide_early(rules: Rules, tally: Tally) -> Decision | None:
    """The outcome that a ballot brings about before the end; None while voting goes on. It never fails a proposal."""
    if rules.early_close is EarlyClose.NEVER:
        return None
    decision = decide_at_end(rules, tally)
    return decision if decision.passed else None


class Resolutions(Protocol):
    """Resolutions inside one transaction; one a proposal."""

    def add(
        self, proposal_id: int, decision: Decision, *, rules: Rules, tally: Tally, tally_seq: int, at: datetime
    ) -> Resolution: ...


class ResolutionReads(Protocol):
    """Resolutions as every member may read them."""

    async def by_ids(self, ids: list[int]) -> dict[int, Resolution]: ...
    async def by_proposals(self, proposal_ids: list[int]) -> dict[int, Resolution]: ...
    async def page(self, wanted: Slice) -> Page[Resolution]: ...
    async def after(self, seq: int, limit: int = 100) -> list[Resolution]:
        """Resolutions with a higher seq, in order."""

    async def last_seq(self) -> int:
        """The newest resolution's seq; -1 when there is none."""
