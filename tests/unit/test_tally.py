"""Counting is exact: every figure against a list of ballots and fractions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.tally import Choice, Rules, Tally

WEIGHTS = st.integers(0, 1_000_000)
BALLOTS = st.lists(st.tuples(st.sampled_from(Choice), WEIGHTS), max_size=30)
RULES = st.builds(Rules, quorum_percent=st.integers(0, 100), majority_percent=st.integers(50, 100))


def counted(ballots: list[tuple[Choice, int]], *, silent: int = 0) -> Tally:
    """The tally of these ballots, `silent` weight not voting."""
    tally = Tally(eligible=sum(weight for _, weight in ballots) + silent)
    for choice, weight in ballots:
        tally = tally.add(choice, weight)
    return tally


@given(BALLOTS, WEIGHTS)
def test_a_tally_equals_the_sums_of_its_ballots(ballots: list[tuple[Choice, int]], silent: int) -> None:
    def total(choice: Choice) -> int:
        return sum(weight for given, weight in ballots if given is choice)

    assert counted(ballots, silent=silent) == Tally(
        eligible=sum(weight for _, weight in ballots) + silent,
        in_favour=total(Choice.FOR),
        against=total(Choice.AGAINST),
        abstain=total(Choice.ABSTAIN),
        voters=len(ballots),
    )


@given(BALLOTS, st.sampled_from(Choice), WEIGHTS)
def test_taking_a_ballot_back_undoes_it(ballots: list[tuple[Choice, int]], choice: Choice, weight: int) -> None:
    tally = counted(ballots, silent=weight)
    assert tally.add(choice, weight).remove(choice, weight) == tally


@given(BALLOTS.flatmap(lambda ballots: st.tuples(st.just(ballots), st.permutations(ballots))))
def test_the_order_of_ballots_does_not_matter(
    orders: tuple[list[tuple[Choice, int]], list[tuple[Choice, int]]],
) -> None:
    assert counted(orders[0]) == counted(orders[1])


@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(Choice)), max_size=40),
    st.lists(WEIGHTS, min_size=5, max_size=5),
)
def test_changes_of_mind_never_exceed_the_electorate(turns: list[tuple[int, Choice]], weights: list[int]) -> None:
    tally, standing = Tally(eligible=sum(weights)), dict[int, Choice]()
    for member, choice in turns:
        if member in standing:
            tally = tally.remove(standing[member], weights[member])
        tally = tally.add(choice, weights[member])
        standing[member] = choice
        assert 0 <= tally.participating <= tally.eligible
    assert tally == counted(
        [(choice, weights[member]) for member, choice in standing.items()],
        silent=sum(weight for member, weight in enumerate(weights) if member not in standing),
    )


@given(BALLOTS, WEIGHTS, RULES)
def test_the_quorum_is_the_exact_fraction_of_the_eligible_weight(
    ballots: list[tuple[Choice, int]], silent: int, rules: Rules
) -> None:
    tally = counted(ballots, silent=silent)
    cast = sum(weight for _, weight in ballots)
    reached = tally.eligible > 0 and Fraction(cast, tally.eligible) >= Fraction(rules.quorum_percent, 100)
    assert tally.quorum_reached(rules) == reached


@given(BALLOTS, RULES)
def test_the_majority_is_the_exact_fraction_of_those_who_decided(
    ballots: list[tuple[Choice, int]], rules: Rules
) -> None:
    tally = counted(ballots)
    decided = tally.in_favour + tally.against
    share, bar = Fraction(tally.in_favour, decided or 1), Fraction(rules.majority_percent, 100)
    reached = decided > 0 and (share > bar if rules.majority_percent == 50 else share >= bar)
    assert tally.majority_reached(rules) == reached


@given(BALLOTS, st.integers(1, 1_000_000), RULES)
def test_one_more_in_favour_never_takes_the_majority_away(
    ballots: list[tuple[Choice, int]], weight: int, rules: Rules
) -> None:
    tally = counted(ballots, silent=weight)
    if tally.majority_reached(rules):
        assert tally.add(Choice.FOR, weight).majority_reached(rules)
    if not tally.majority_reached(rules):
        assert not tally.add(Choice.AGAINST, weight).majority_reached(rules)


@given(BALLOTS, st.integers(0, 1_000_000), RULES)
def test_an_abstention_counts_for_the_quorum_alone(
    ballots: list[tuple[Choice, int]], weight: int, rules: Rules
) -> None:
    before = counted(ballots, silent=weight)
    after = before.add(Choice.ABSTAIN, weight)
    assert after.majority_reached(rules) == before.majority_reached(rules)
    assert after.quorum_reached(rules) or not before.quorum_reached(rules)


@given(BALLOTS, RULES, st.integers(2, 1_000))
def test_weights_in_another_unit_decide_the_same(ballots: list[tuple[Choice, int]], rules: Rules, unit: int) -> None:
    one, other = counted(ballots), counted([(choice, unit * weight) for choice, weight in ballots])
    assert one.quorum_reached(rules) == other.quorum_reached(rules)
    assert one.majority_reached(rules) == other.majority_reached(rules)


@pytest.mark.parametrize(
    ("in_favour", "against", "percent", "reached"),
    [
        (66, 34, 66, True),
        (65, 35, 66, False),
        (2, 1, 67, False),
        (2, 1, 66, True),
        (1, 1, 50, False),
        (51, 49, 50, True),
        (0, 0, 50, False),
        (0, 0, 66, False),
        (1, 0, 100, True),
        (10**60 * 66, 10**60 * 34, 66, True),
        (10**60 * 66 - 1, 10**60 * 34 + 1, 66, False),
    ],
)
def test_a_bar_is_met_to_the_last_unit(in_favour: int, against: int, percent: int, *, reached: bool) -> None:
    tally = Tally(eligible=in_favour + against, in_favour=in_favour, against=against)
    assert tally.majority_reached(Rules(majority_percent=percent)) is reached


@pytest.mark.parametrize(
    ("tally", "participation", "support"),
    [(Tally(), 0.0, 0.0), (Tally(eligible=8, in_favour=1, against=3, abstain=2), 0.75, 0.25)],
)
def test_shares_are_there_for_display(tally: Tally, participation: float, support: float) -> None:
    assert (tally.participation, tally.support) == (participation, support)


def test_the_house_starts_with_the_rules_of_the_product() -> None:
    rules = Rules()
    assert (rules.quorum_percent, rules.majority_percent, rules.voting_minutes, rules.early_close) == (
        60,
        66,
        72 * 60,
        "ON_QUORUM",
    )
