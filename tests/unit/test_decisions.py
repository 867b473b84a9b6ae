"""How a proposal ends: each outcome with its reason, and what is decided before the end."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.criteria import NO_BAR, Bar, Criteria, QuorumOf
from domain.decisions import (
    Decision,
    ResolutionReason,
    decide_at_end,
    decide_on_quorum,
    decide_when_certain,
    failed,
    without_young,
)
from domain.rules import Rules
from domain.tally import Tally

PASSED = Decision(passed=True, reason=ResolutionReason.QUORUM_AND_MAJORITY)
NO_QUORUM = Decision(passed=False, reason=ResolutionReason.NO_QUORUM)
NO_MAJORITY = Decision(passed=False, reason=ResolutionReason.MAJORITY_NOT_REACHED)
NOBODY = Decision(passed=False, reason=ResolutionReason.NO_ELIGIBLE_WEIGHT)
NO_APPROVAL = Decision(passed=False, reason=ResolutionReason.APPROVAL_NOT_REACHED)
IMPOSSIBLE = Decision(passed=False, reason=ResolutionReason.MAJORITY_IMPOSSIBLE)

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
    minimum_approval_percent=st.integers(0, 100),
    strict=st.booleans(),
)
BARS = st.builds(Bar, st.fractions(0, 1, max_denominator=12), st.booleans())
CRITERIA = RULES.map(lambda rules: rules.criteria) | st.builds(
    Criteria, quorum=BARS, majority=BARS, approval=BARS, quorum_of=st.sampled_from(QuorumOf)
)
"""The house's rules, and those of other systems: odd fractions, strict bars, other quorums."""


@pytest.mark.parametrize(("tally", "decision"), OUTCOMES)
def test_at_the_end_every_outcome_has_its_reason(tally: Tally, decision: Decision) -> None:
    assert decide_at_end(Rules().criteria, tally) == decision


@pytest.mark.parametrize(("tally", "decision"), OUTCOMES)
def test_before_the_end_only_a_pass_is_decided(tally: Tally, decision: Decision) -> None:
    assert decide_on_quorum(Rules().criteria, tally) == (decision if decision.passed else None)


def test_a_tie_at_fifty_percent_fails() -> None:
    criteria = Rules(majority_percent=50).criteria
    assert decide_at_end(criteria, Tally(10, 5, 5)) == NO_MAJORITY
    assert decide_at_end(criteria, Tally(11, 6, 5)) == PASSED


def test_a_strict_majority_fails_at_its_very_share() -> None:
    assert decide_at_end(Rules(strict=True).criteria, Tally(100, 66, 34)) == NO_MAJORITY
    assert decide_at_end(Rules(strict=True).criteria, Tally(100, 67, 33)) == PASSED


def test_too_few_in_favour_of_all_fails_though_a_majority_is() -> None:
    criteria = Rules(minimum_approval_percent=50).criteria
    assert decide_at_end(criteria, Tally(100, 49, 0, 20)) == NO_APPROVAL
    assert decide_at_end(criteria, Tally(100, 50, 0, 20)) == PASSED


def test_without_a_quorum_to_reach_silence_fails_for_want_of_a_majority() -> None:
    assert decide_at_end(Rules(quorum_percent=0).criteria, Tally(10)) == NO_MAJORITY


@given(RULES, TALLIES)
def test_a_pass_needs_eligible_weight_quorum_majority_and_approval(rules: Rules, tally: Tally) -> None:
    criteria = rules.criteria
    decision = decide_at_end(criteria, tally)
    bars = tally.quorum_reached(criteria), tally.majority_reached(criteria), tally.approval_reached(criteria)
    assert decision.passed == all(bars)
    assert decision.passed == (decision.reason is ResolutionReason.QUORUM_AND_MAJORITY)


@given(RULES, TALLIES)
def test_a_decision_on_quorum_is_the_one_of_the_end(rules: Rules, tally: Tally) -> None:
    assert decide_on_quorum(rules.criteria, tally) in (None, decide_at_end(rules.criteria, tally))


# Twins' young ballots neither close a vote nor hide what speaks against it.


@pytest.mark.parametrize(
    ("tally", "decision"),
    [
        (Tally(100, 60, young_in_favour=60), None),  # all twins in the first second
        (Tally(100, 60, young_in_favour=1), None),
        (Tally(100, 61, young_in_favour=1), PASSED),
        (Tally(100, 60, 0, 20, young_abstain=20), PASSED),
        (Tally(100, 50, 0, 20, young_abstain=11), None),
        (Tally(100, 60, 40, young_against=40), None),  # without them it would pass
        (Tally(100, 66, 34, young_against=4), PASSED),
    ],
)
def test_young_ballots_do_not_close_a_vote(tally: Tally, decision: Decision | None) -> None:
    assert decide_on_quorum(Rules().criteria, tally) == decision


@given(RULES, TALLIES, st.data())
def test_a_vote_closes_only_where_it_passes_with_and_without_the_young(
    rules: Rules, tally: Tally, data: st.DataObject
) -> None:
    young = [data.draw(st.integers(0, part)) for part in (tally.in_favour, tally.against, tally.abstain)]
    fresh = replace(tally, young_in_favour=young[0], young_against=young[1], young_abstain=young[2])
    without = Tally(tally.eligible, tally.in_favour - young[0], tally.against - young[1], tally.abstain - young[2])
    ways = [decide_at_end(rules.criteria, each) for each in (tally, without)]
    assert decide_on_quorum(rules.criteria, fresh) == (PASSED if all(way.passed for way in ways) else None)
    assert decide_at_end(rules.criteria, fresh) == ways[0]
    assert without_young(fresh).participating == without.participating


# WHEN_DECIDED: what no completion can change.


def completions(tally: Tally) -> Iterator[Tally]:
    """Every way in which what is open can still go: all but members' own ballots, silence included."""
    final = (tally.own_in_favour, tally.own_against, tally.own_abstain)
    left = tally.eligible - sum(final)
    for more in product(range(left + 1), repeat=3):
        if sum(more) <= left:
            yield Tally(tally.eligible, *(have + one for have, one in zip(final, more, strict=True)))


@st.composite
def small(draw: st.DrawFn) -> Tally:
    """Some own ballots, some by delegates and twins, some silent weight, on small numbers."""
    own = [draw(st.integers(0, 4)) for _ in range(3)]
    others = [draw(st.integers(0, 2)) for _ in range(3)]
    in_favour, against, abstain = (mine + other for mine, other in zip(own, others, strict=True))
    return Tally(
        sum(own) + sum(others) + draw(st.integers(0, 3)),
        in_favour,
        against,
        abstain,
        by_twins=draw(st.integers(0, sum(others))),
        own_in_favour=own[0],
        own_against=own[1],
        own_abstain=own[2],
    )


@settings(max_examples=1_000)
@given(CRITERIA, small())
@example(Criteria(quorum=NO_BAR, majority=NO_BAR), Tally(eligible=1))
def test_what_is_certain_is_the_outcome_of_every_completion(criteria: Criteria, tally: Tally) -> None:
    outcomes = {decide_at_end(criteria, each).passed for each in completions(tally)}
    decision = decide_when_certain(criteria, tally)
    assert outcomes == ({True, False} if decision is None else {decision.passed})


@settings(max_examples=1_000)
@given(CRITERIA, small())
def test_a_certain_failure_gives_a_reason_that_holds(criteria: Criteria, tally: Tally) -> None:
    decision = decide_when_certain(criteria, tally)
    if decision is not None and decision.reason is ResolutionReason.MAJORITY_IMPOSSIBLE:
        assert not any(each.majority_reached(criteria) for each in completions(tally))
    if decision is not None and decision.reason is ResolutionReason.APPROVAL_NOT_REACHED:
        assert not any(each.approval_reached(criteria) for each in completions(tally))
    if decision is not None and decision.reason is ResolutionReason.NO_QUORUM:
        assert not any(each.quorum_reached(criteria) for each in completions(tally))


@given(CRITERIA, st.tuples(*[st.integers(0, 9)] * 3))
def test_with_nothing_open_it_is_certain(criteria: Criteria, own: tuple[int, int, int]) -> None:
    tally = Tally(sum(own), *own, own_in_favour=own[0], own_against=own[1], own_abstain=own[2])
    decision = decide_when_certain(criteria, tally)
    assert decision is not None
    assert decision.passed == decide_at_end(criteria, tally).passed


@pytest.mark.parametrize(
    ("own", "decision"),
    [
        ((65, 0, 0), None),
        ((66, 0, 0), PASSED),
        ((0, 34, 0), None),
        ((0, 35, 0), IMPOSSIBLE),
        ((40, 20, 0), None),
        ((0, 0, 100), IMPOSSIBLE),
        ((66, 34, 0), PASSED),
    ],
)
def test_on_the_house_rules_it_is_certain_at_the_last_unit(
    own: tuple[int, int, int], decision: Decision | None
) -> None:
    tally = Tally(100, *own, own_in_favour=own[0], own_against=own[1], own_abstain=own[2])
    assert decide_when_certain(Rules().criteria, tally) == decision


def test_what_delegates_and_twins_say_is_still_open() -> None:
    assert decide_when_certain(Rules().criteria, Tally(100, 100, by_twins=50)) is None
    assert decide_when_certain(Rules().criteria, Tally(100, against=100, by_twins=50)) is None


def test_without_anybody_eligible_it_is_certain_to_fail() -> None:
    assert decide_when_certain(Rules().criteria, Tally()) == NOBODY


def test_an_approval_out_of_reach_is_certain_to_fail() -> None:
    criteria = Rules(minimum_approval_percent=50).criteria
    assert decide_when_certain(criteria, Tally(100, 0, 0, 51, own_abstain=51)) == NO_APPROVAL
    assert decide_when_certain(criteria, Tally(100, 0, 0, 50, own_abstain=50)) is None


def test_a_failure_names_its_reason() -> None:
    assert failed(ResolutionReason.TIE) == Decision(passed=False, reason=ResolutionReason.TIE, chosen_option=None)
