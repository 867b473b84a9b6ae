"""Counting is exact: every figure against a list of ballots and fractions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.casting import cast, recount
from domain.criteria import Bar, Criteria, QuorumOf
from domain.flow import Flow, Node
from domain.rules import Rules, VotingSystem
from domain.tally import CastBy, Choice, Tally
from domain.votes import CHOICES, YOUNG, moved, slots_of, tally_of

WEIGHTS = st.integers(0, 1_000_000)
BALLOTS = st.lists(st.tuples(st.sampled_from(Choice), WEIGHTS), max_size=30)
RULES = st.builds(Rules, quorum_percent=st.integers(0, 100), majority_percent=st.integers(50, 100))
SLOTS = slots_of(VotingSystem.BASIC)
type Turn = tuple[int, Choice, CastBy, bool]


def seat(member: int, weight: int) -> Node:
    """A member that delegates to nobody and has not voted."""
    return Node(member, weight, None, twin_first=True, accepts_twin=False, arriving=Flow.nothing(SLOTS))


def voted(tally: Tally, node: Node, choice: Choice, *, by: CastBy, young: bool = False) -> tuple[Tally, Node]:
    """The tally and the member's row after its ballot, or its change of mind."""
    moves = cast([node], CHOICES.index(choice) + young * YOUNG, by=by)
    return moved(tally, moves.change), moves.nodes[0]


def more(tally: Tally, choice: Choice, weight: int) -> Tally:
    """With the ballot of one member more."""
    return voted(tally, seat(1, weight), choice, by=CastBy.MEMBER)[0]


def counted(ballots: list[tuple[Choice, int]], *, silent: int = 0) -> Tally:
    """The tally of these ballots, `silent` weight not voting."""
    tally = Tally(eligible=sum(weight for _, weight in ballots) + silent)
    for choice, weight in ballots:
        tally = more(tally, choice, weight)
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
        own_in_favour=total(Choice.FOR),
        own_against=total(Choice.AGAINST),
        own_abstain=total(Choice.ABSTAIN),
    )


@given(BALLOTS, st.sampled_from(Choice), st.sampled_from(Choice), WEIGHTS)
def test_a_mind_changed_back_undoes_it(
    ballots: list[tuple[Choice, int]], choice: Choice, other: Choice, weight: int
) -> None:
    once, node = voted(counted(ballots, silent=weight), seat(1, weight), choice, by=CastBy.MEMBER)
    twice, node = voted(once, node, other, by=CastBy.MEMBER)
    assert voted(twice, node, choice, by=CastBy.MEMBER)[0] == once


@given(BALLOTS.flatmap(lambda ballots: st.tuples(st.just(ballots), st.permutations(ballots))))
def test_the_order_of_ballots_does_not_matter(
    orders: tuple[list[tuple[Choice, int]], list[tuple[Choice, int]]],
) -> None:
    assert counted(orders[0]) == counted(orders[1])


@given(
    st.lists(
        st.tuples(
            st.integers(0, 4), st.sampled_from(Choice), st.sampled_from([CastBy.MEMBER, CastBy.TWIN]), st.booleans()
        ),
        max_size=40,
    ),
    st.lists(WEIGHTS, min_size=5, max_size=5),
)
def test_changes_of_mind_never_exceed_the_electorate(turns: list[Turn], weights: list[int]) -> None:
    nodes = {member: seat(member, weight) for member, weight in enumerate(weights)}
    tally = Tally(eligible=sum(weights))
    for member, choice, by, fresh in turns:
        tally, nodes[member] = voted(tally, nodes[member], choice, by=by, young=fresh and by is CastBy.TWIN)
        assert 0 <= tally.participating <= tally.eligible
        assert 0 <= tally.by_members <= tally.participating
        assert tally.by_delegates == 0
    assert tally == tally_of(recount(nodes.values())[1], sum(weights))


def test_a_young_ballot_is_a_part_of_its_choice() -> None:
    fresh, node = voted(Tally(9), seat(1, 4), Choice.FOR, by=CastBy.TWIN, young=True)
    assert fresh == Tally(9, in_favour=4, voters=1, by_twins=4, young_in_favour=4)
    grown, node = voted(fresh, node, Choice.FOR, by=CastBy.TWIN)
    assert grown == Tally(9, in_favour=4, voters=1, by_twins=4)
    assert voted(grown, node, Choice.AGAINST, by=CastBy.MEMBER)[0] == Tally(9, against=4, voters=1, own_against=4)


@given(BALLOTS, WEIGHTS, RULES)
def test_the_quorum_is_the_exact_fraction_of_the_eligible_weight(
    ballots: list[tuple[Choice, int]], silent: int, rules: Rules
) -> None:
    tally = counted(ballots, silent=silent)
    cast = sum(weight for _, weight in ballots)
    reached = tally.eligible > 0 and Fraction(cast, tally.eligible) >= Fraction(rules.quorum_percent, 100)
    assert tally.quorum_reached(rules.criteria) == reached


@given(BALLOTS, RULES, st.booleans())
def test_the_majority_is_the_exact_fraction_of_those_who_decided(
    ballots: list[tuple[Choice, int]], rules: Rules, strict: bool
) -> None:
    tally = counted(ballots)
    criteria = Rules(majority_percent=rules.majority_percent, strict=strict).criteria
    decided = tally.in_favour + tally.against
    share, bar = Fraction(tally.in_favour, decided or 1), Fraction(rules.majority_percent, 100)
    reached = decided > 0 and (share > bar if strict or rules.majority_percent == 50 else share >= bar)
    assert tally.majority_reached(criteria) == reached


@given(BALLOTS, WEIGHTS, st.integers(0, 100))
def test_the_approval_is_the_exact_fraction_of_the_eligible_weight(
    ballots: list[tuple[Choice, int]], silent: int, percent: int
) -> None:
    tally = counted(ballots, silent=silent)
    reached = tally.eligible == 0 or Fraction(tally.in_favour, tally.eligible) >= Fraction(percent, 100)
    assert tally.approval_reached(Rules(minimum_approval_percent=percent).criteria) == reached


@given(BALLOTS, st.integers(1, 1_000_000), RULES)
def test_one_more_in_favour_never_takes_the_majority_away(
    ballots: list[tuple[Choice, int]], weight: int, rules: Rules
) -> None:
    tally, criteria = counted(ballots, silent=weight), rules.criteria
    if tally.majority_reached(criteria):
        assert more(tally, Choice.FOR, weight).majority_reached(criteria)
    if not tally.majority_reached(criteria):
        assert not more(tally, Choice.AGAINST, weight).majority_reached(criteria)


@given(BALLOTS, st.integers(0, 1_000_000), RULES)
def test_an_abstention_counts_for_the_quorum_alone(
    ballots: list[tuple[Choice, int]], weight: int, rules: Rules
) -> None:
    before, criteria = counted(ballots, silent=weight), rules.criteria
    after = more(before, Choice.ABSTAIN, weight)
    assert after.majority_reached(criteria) == before.majority_reached(criteria)
    assert after.quorum_reached(criteria) or not before.quorum_reached(criteria)


@given(BALLOTS, RULES, st.integers(2, 1_000))
def test_weights_in_another_unit_decide_the_same(ballots: list[tuple[Choice, int]], rules: Rules, unit: int) -> None:
    one, other = counted(ballots), counted([(choice, unit * weight) for choice, weight in ballots])
    assert one.quorum_reached(rules.criteria) == other.quorum_reached(rules.criteria)
    assert one.majority_reached(rules.criteria) == other.majority_reached(rules.criteria)


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
    assert tally.majority_reached(Rules(majority_percent=percent).criteria) is reached


@pytest.mark.parametrize(
    ("counted_for", "reached"),
    [(QuorumOf.ALL, True), (QuorumOf.FOR_AND_ABSTAIN, False), (QuorumOf.FOR, False)],
)
def test_a_quorum_counts_whom_it_is_told_to(counted_for: QuorumOf, *, reached: bool) -> None:
    half = Bar(Fraction(1, 2))
    criteria = Criteria(quorum=half, majority=half, quorum_of=counted_for)
    assert Tally(10, in_favour=2, against=2, abstain=2).quorum_reached(criteria) is reached
    assert Tally(10, in_favour=5).quorum_reached(criteria)


def test_a_veto_needs_somebody_and_more_than_its_share() -> None:
    third = Criteria(quorum=Bar(Fraction(0)), majority=Bar(Fraction(0)), veto=Bar(Fraction(1, 3), strict=True))
    assert not Tally(9).vetoed(third, 0)
    assert not Tally(9, in_favour=6, against=3).vetoed(third, 3)
    assert Tally(9, in_favour=5, against=4).vetoed(third, 4)
    assert not Tally(9, against=9).vetoed(Rules().criteria, 9)


@pytest.mark.parametrize(
    ("tally", "participation", "support"),
    [
        (Tally(), 0.0, 0.0),
        (Tally(eligible=8, in_favour=1, against=3, abstain=2), 0.75, 0.25),
        (Tally(eligible=8, on_options=2), 0.25, 0.0),
    ],
)
def test_shares_are_there_for_display(tally: Tally, participation: float, support: float) -> None:
    assert (tally.participation, tally.support) == (participation, support)


def test_participation_splits_into_members_twins_and_delegates() -> None:
    tally = Tally(20, 5, 4, 3, voters=4, by_twins=2, own_in_favour=3, own_against=1, own_abstain=1)
    assert (tally.participating, tally.by_members, tally.by_delegates) == (12, 5, 5)


def test_the_house_starts_with_the_rules_of_the_product() -> None:
    rules = Rules()
    assert (rules.quorum_percent, rules.majority_percent, rules.voting_minutes, rules.early_close) == (
        60,
        66,
        72 * 60,
        "ON_QUORUM",
    )
