"""How a proposal ends: each outcome with its reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.resolutions import Decision, ResolutionReason, decide_at_end, decide_early
from domain.tally import EarlyClose, Rules, Tally

PASSED = Decision(passed=True, reason=ResolutionReason.QUORUM_AND_MAJORITY)
NO_QUORUM = Decision(passed=False, reason=ResolutionReason.NO_QUORUM)
NO_MAJORITY = Decision(passed=False, reason=ResolutionReason.MAJORITY_NOT_REACHED)
NOBODY = Decision(passed=False, reason=ResolutionReason.NO_ELIGIBLE_WEIGHT)

OUTCOMES = [
    # eligible, for, against, abstain
    (Tally(), NOBODY),
    (Tally(100), NO_QUORUM),
    (Tally(100, 59), NO_QUORUM),
    (Tally(100, 60), PASSED),
    (Tally(100, 40, 0, 20), PASSED),
    (Tally(100, 0, 0, 60), NO_MAJORITY),
    (Tally(100, 0, 0, 59), NO_QUORUM),
    (Tally(100, 0, 60), NO_MAJORITY),
    (Tally(100, 66, 34), PASSED),
    (Tally(100, 65, 35), NO_MAJORITY),
    (Tally(100, 30, 30), NO_MAJORITY),
    (Tally(1, 1), PASSED),
    (Tally(3, 2), PASSED),
    (Tally(3, 1), NO_QUORUM),
]
TALLIES = st.builds(
    lambda silent, yes, no, abstain: Tally(silent + yes + no + abstain, yes, no, abstain),
    *[st.integers(0, 50)] * 4,
)
RULES = st.builds(
    Rules,
    quorum_percent=st.integers(0, 100),
    majority_percent=st.integers(50, 100),
    early_close=st.sampled_from(EarlyClose),
)


@pytest.mark.parametrize(("tally", "decision"), OUTCOMES)
def test_at_the_end_every_outcome_has_its_reason(tally: Tally, decision: Decision) -> None:
    assert decide_at_end(Rules(), tally) == decision


@pytest.mark.parametrize(("tally", "decision"), OUTCOMES)
def test_before_the_end_only_a_pass_is_decided(tally: Tally, decision: Decision) -> None:
    assert decide_early(Rules(early_close=EarlyClose.ON_QUORUM), tally) == (decision if decision.passed else None)


@pytest.mark.parametrize(("tally", "_decision"), OUTCOMES)
def test_never_waits_for_the_end(tally: Tally, _decision: Decision) -> None:
    assert decide_early(Rules(early_close=EarlyClose.NEVER), tally) is None


def test_a_tie_at_fifty_percent_fails() -> None:
    assert decide_at_end(Rules(majority_percent=50), Tally(10, 5, 5)) == NO_MAJORITY
    assert decide_at_end(Rules(majority_percent=50), Tally(11, 6, 5)) == PASSED


def test_without_a_quorum_to_reach_silence_fails_for_want_of_a_majority() -> None:
    assert decide_at_end(Rules(quorum_percent=0), Tally(10)) == NO_MAJORITY


@given(RULES, TALLIES)
def test_a_pass_needs_eligible_weight_quorum_and_majority(rules: Rules, tally: Tally) -> None:
    decision = decide_at_end(rules, tally)
    assert decision.passed == (tally.quorum_reached(rules) and tally.majority_reached(rules))
    assert decision.passed == (decision.reason is ResolutionReason.QUORUM_AND_MAJORITY)


@given(RULES, TALLIES)
def test_an_early_decision_is_the_one_of_the_end(rules: Rules, tally: Tally) -> None:
    assert decide_early(rules, tally) in (None, decide_at_end(rules, tally))
