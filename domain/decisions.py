"""What ballots decide: at the end of voting, and before it where the rules allow."""

from dataclasses import dataclass, replace
from enum import StrEnum

from domain.criteria import Criteria
from domain.tally import Tally


class ResolutionReason(StrEnum):
    QUORUM_AND_MAJORITY = "QUORUM_AND_MAJORITY"
    MAJORITY_IMPOSSIBLE = "MAJORITY_IMPOSSIBLE"
    NO_QUORUM = "NO_QUORUM"
    MAJORITY_NOT_REACHED = "MAJORITY_NOT_REACHED"
    APPROVAL_NOT_REACHED = "APPROVAL_NOT_REACHED"
    NO_ELIGIBLE_WEIGHT = "NO_ELIGIBLE_WEIGHT"
    OPTION_CHOSEN = "OPTION_CHOSEN"
    TIE = "TIE"
    ACTION_NOT_APPLICABLE = "ACTION_NOT_APPLICABLE"


@dataclass(frozen=True, slots=True)
class Decision:
    """`chosen_option` counts from 1; BASIC chooses none."""

    passed: bool
    reason: ResolutionReason
    chosen_option: int | None = None


def failed(reason: ResolutionReason) -> Decision:
    return Decision(passed=False, reason=reason)


def decide_at_end(criteria: Criteria, tally: Tally) -> Decision:
    """BASIC's outcome when the window has ended."""
    if tally.eligible == 0:
        return failed(ResolutionReason.NO_ELIGIBLE_WEIGHT)
    if not tally.quorum_reached(criteria):
        return failed(ResolutionReason.NO_QUORUM)
    if not tally.majority_reached(criteria):
        return failed(ResolutionReason.MAJORITY_NOT_REACHED)
    if not tally.approval_reached(criteria):
        return failed(ResolutionReason.APPROVAL_NOT_REACHED)
    return Decision(passed=True, reason=ResolutionReason.QUORUM_AND_MAJORITY)


def decide_on_quorum(criteria: Criteria, tally: Tally) -> Decision | None:
    """ON_QUORUM: passed as soon as the bars are reached; None while voting goes on. It never fails a proposal.

    They must be reached both with and without twins' young ballots, so that these neither close a vote nor hide what
    speaks against it.
    """
    decisions = [decide_at_end(criteria, each) for each in (tally, without_young(tally))]
    return decisions[0] if all(decision.passed for decision in decisions) else None


def without_young(tally: Tally) -> Tally:
    return replace(
        tally,
        in_favour=tally.in_favour - tally.young_in_favour,
        against=tally.against - tally.young_against,
        abstain=tally.abstain - tally.young_abstain,
    )


def decide_when_certain(criteria: Criteria, tally: Tally) -> Decision | None:
    """WHEN_DECIDED for BASIC: the outcome that no completion by the weight still open can change (Aragon's early
    execution, and its mirror for failing); None while one can.

    Final are members' own ballots only; weight that a delegate or a twin speaks for is still its member's to cast.
    Nothing passes that silence or more weight against would fail, nor fails with more weight in favour: so these three
    completions decide.
    """
    final = Tally(tally.eligible, tally.own_in_favour, tally.own_against, tally.own_abstain)
    left = tally.eligible - final.participating
    opposed = replace(final, against=final.against + left)
    if decide_at_end(criteria, final).passed and opposed.majority_reached(criteria):
        return Decision(passed=True, reason=ResolutionReason.QUORUM_AND_MAJORITY)
    best = decide_at_end(criteria, replace(final, in_favour=final.in_favour + left))
    if best.passed:
        return None
    majority = best.reason is ResolutionReason.MAJORITY_NOT_REACHED
    return failed(ResolutionReason.MAJORITY_IMPOSSIBLE if majority else best.reason)
