"""Elections among options: known results, ties, what a count may not depend on, and what is certain before the end."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.criteria import Bar, Criteria
from domain.decisions import Decision, ResolutionReason, failed
from domain.elections import Election, Score, decide, decided_early, results, standing
from domain.option_ballots import KINDS, OptionBallot
from domain.rules import VotingSystem
from domain.shares import root
from domain.tally import Tally

SINGLE, APPROVAL, WEIGHTED = VotingSystem.SINGLE_CHOICE, VotingSystem.APPROVAL, VotingSystem.WEIGHTED
SCHULZE, RUNOFF, QUADRATIC = VotingSystem.RANKED_SCHULZE, VotingSystem.RANKED_INSTANT_RUNOFF, VotingSystem.QUADRATIC
OPTIONS = 4
MOST = 2_000_000_000
"""A DAO's total weight at most."""

some_options = st.lists(st.integers(1, OPTIONS), unique=True).map(tuple)
some_shares = st.dictionaries(st.integers(1, OPTIONS), st.integers(0, 1_000_000)).filter(lambda s: any(s.values()))
BALLOTS = {
    "single": st.builds(OptionBallot, single=st.integers(1, OPTIONS)),
    "approved": st.builds(OptionBallot, approved=some_options),
    "ranking": st.builds(OptionBallot, ranking=some_options),
    "shares": some_shares.map(lambda shares: OptionBallot(shares=tuple(shares.items()))),
}


def cast_in(system: VotingSystem) -> st.SearchStrategy[tuple[VotingSystem, list[tuple[OptionBallot, int]]]]:
    ballot = st.tuples(BALLOTS[KINDS[system]], st.integers(1, 1_000_000))
    return st.tuples(st.just(system), st.lists(ballot, max_size=12))


polls = st.sampled_from(sorted(KINDS)).flatmap(cast_in)
type Polled = tuple[VotingSystem, list[tuple[OptionBallot, int]]]


def scores(election: Election) -> list[Score]:
    return [each.score for each in election.standings]


def ranks(election: Election) -> list[int]:
    return [each.rank for each in election.standings]


def ranked(*ballots: tuple[str, int]) -> list[tuple[OptionBallot, int]]:
    """Rankings as digits."""
    return [(OptionBallot(ranking=tuple(map(int, digits))), weight) for digits, weight in ballots]


# Known results


def test_single_choice_adds_weights() -> None:
    election = results(
        SINGLE, 3, [(OptionBallot(single=2), 5), (OptionBallot(single=1), 3), (OptionBallot(single=1), 3)]
    )
    assert (scores(election), ranks(election), election.winner) == ([6, 5, 0], [1, 2, 3], 1)


def test_approval_adds_a_weight_to_every_option_approved() -> None:
    election = results(APPROVAL, 3, [(OptionBallot(approved=(1, 3)), 2), (OptionBallot(approved=(3,)), 1)])
    assert (scores(election), ranks(election), election.winner) == ([2, 0, 3], [2, 3, 1], 3)


def test_weighted_divides_by_shares() -> None:
    """Snapshot's "weighted 1:2"."""
    election = results(WEIGHTED, 3, [(OptionBallot(shares=((1, 1), (2, 2))), 9)])
    assert (scores(election), election.winner) == ([3, 6, 0], 2)


def test_three_thirds_tie_with_a_whole() -> None:
    thirds = [(OptionBallot(shares=((1, 1), (3, 2))), 1)] * 3
    election = results(WEIGHTED, 4, [*thirds, (OptionBallot(shares=((2, 1),)), 1), (OptionBallot(shares=((4, 5),)), 2)])
    assert (scores(election), ranks(election)) == ([1, 1, 2, 2], [3, 4, 1, 1])


def test_weights_at_their_most_are_told_apart_by_one() -> None:
    election = results(
        WEIGHTED, 2, [(OptionBallot(shares=((1, 1),)), MOST // 2), (OptionBallot(shares=((2, 3),)), MOST // 2 - 1)]
    )
    assert election.winner == 1


def test_many_small_voters_beat_one_of_the_same_weight_in_a_quadratic_vote() -> None:
    election = results(QUADRATIC, 2, [(OptionBallot(shares=((1, 1),)), 4), *[(OptionBallot(shares=((2, 1),)), 1)] * 4])
    assert (scores(election), election.winner) == ([Fraction(8 * 4, 20), Fraction(8 * 16, 20)], 2)


def test_equal_sums_of_different_roots_tie() -> None:
    """Twice the root of 2 is the root of 8."""
    two, eight = (OptionBallot(shares=((option, 1),)) for option in (1, 2))
    assert results(QUADRATIC, 2, [(two, 2), (two, 2), (eight, 8)]).leaders == [1, 2]


def test_a_root_is_rounded_down_in_its_last_place() -> None:
    assert (root(4), root(2) ** 2 <= 2 * 10**72 < (root(2) + 1) ** 2) == (2 * 10**36, True)


def test_schulze_elects_as_in_its_best_known_example() -> None:
    """The method's best known example, 45 voters, A to E as 1 to 5: E > A > C > B > D."""
    votes = ranked(
        ("13254", 5), ("14532", 5), ("25413", 8), ("31254", 3), ("31524", 7), ("32145", 2), ("43521", 7), ("52143", 8)
    )
    election = results(SCHULZE, 5, votes)
    assert (scores(election), ranks(election), election.winner) == ([3, 1, 2, 0, 4], [2, 4, 3, 5, 1], 5)


def test_an_unlisted_option_is_below_all_that_are_listed() -> None:
    assert scores(results(SCHULZE, 4, ranked(("2", 1)))) == [0, 3, 0, 0]


def test_of_links_with_equal_support_the_one_with_less_opposition_is_stronger() -> None:
    votes = ranked(("1234", 1), ("14", 1), ("4", 1), ("425", 1), ("5", 1), ("51", 2))
    assert results(SCHULZE, 5, votes).leaders == [5]


def test_a_full_circle_has_no_winner() -> None:
    circle = ranked(("123", 1), ("231", 1), ("312", 1))
    assert (results(SCHULZE, 3, circle).leaders, results(SCHULZE, 3, circle).winner) == ([1, 2, 3], None)


def test_instant_runoff_moves_the_ballots_of_the_lowest() -> None:
    """Tennessee: Memphis 42, Nashville 26, Chattanooga 15, Knoxville 17; Knoxville wins."""
    election = results(RUNOFF, 4, ranked(("1234", 42), ("2341", 26), ("3421", 15), ("4321", 17)))
    assert (scores(election), ranks(election), election.winner) == ([42, 26, 15, 58], [2, 3, 4, 1], 4)


def test_the_majority_is_of_what_still_counts() -> None:
    """The three ballots for 3 name no other: 4 of 7 then elect."""
    election = results(RUNOFF, 3, ranked(("1", 4), ("2", 3), ("3", 2), ("3", 1), ("213", 1), ("1", 1)))
    assert (scores(election), election.winner) == ([5, 4, 3], 1)


def test_the_lowest_of_an_earlier_round_goes_out_first() -> None:
    """In round 2 options 2 and 3 have 4 each; in round 1 option 2 had 3: it goes, whatever the lot."""
    votes = ranked(("1", 5), ("23", 3), ("31", 4), ("42", 1))
    assert {results(RUNOFF, 4, votes, bytes([lot])).winner for lot in range(20)} == {3}


def test_a_lot_decides_between_options_that_never_differed() -> None:
    votes = ranked(("12", 2), ("21", 2), ("3", 3))
    winners = [results(RUNOFF, 3, votes, bytes([lot])).winner for lot in range(40)]
    assert set(winners) == {1, 2}
    assert winners == [results(RUNOFF, 3, votes[::-1], bytes([lot])).winner for lot in range(40)]


def test_two_last_options_that_are_equal_tie() -> None:
    election = results(RUNOFF, 3, ranked(("1", 2), ("2", 2), ("3", 1)))
    assert (election.leaders, election.winner, ranks(election)) == ([1, 2], None, [1, 1, 3])


@pytest.mark.parametrize("system", sorted(KINDS))
def test_without_ballots_all_are_equal_and_none_wins(system: VotingSystem) -> None:
    election = results(system, 3, [])
    assert (scores(election), ranks(election), election.winner) == ([0, 0, 0], [1, 1, 1], None)


@pytest.mark.parametrize(
    ("system", "none"),
    [(APPROVAL, OptionBallot(approved=())), (SCHULZE, OptionBallot(ranking=())), (RUNOFF, OptionBallot(ranking=()))],
)
def test_ballots_that_choose_nothing_elect_none(system: VotingSystem, none: OptionBallot) -> None:
    assert results(system, 3, [(none, 5)]).winner is None


def test_below_the_first_place_equals_go_by_number() -> None:
    assert ranks(standing([2, 7, 2, 7, 3])) == [4, 1, 5, 1, 3]


@pytest.mark.parametrize(
    ("system", "ballot"), [(SINGLE, OptionBallot(approved=(1,))), (VotingSystem.BASIC, OptionBallot(single=1))]
)
def test_ballots_of_another_system_are_not_counted(system: VotingSystem, ballot: OptionBallot) -> None:
    with pytest.raises(ValueError, match=system.value):
        results(system, 2, [(ballot, 1)])


# What a count may not depend on


@given(polls.flatmap(lambda poll: st.tuples(st.just(poll), st.permutations(poll[1]))))
def test_the_order_of_ballots_does_not_matter(orders: tuple[Polled, list[tuple[OptionBallot, int]]]) -> None:
    (system, ballots), other = orders
    assert results(system, OPTIONS, ballots, b"lot") == results(system, OPTIONS, other, b"lot")


@given(polls.filter(lambda poll: poll[0] is not QUADRATIC), st.integers(1, 1_000_000))
def test_equal_ballots_count_as_one_of_their_weight(poll: Polled, more: int) -> None:
    system, ballots = poll
    apart = [(ballot, part) for ballot, weight in ballots for part in (weight, more)]
    together = [(ballot, weight + more) for ballot, weight in ballots]
    assert results(system, OPTIONS, apart) == results(system, OPTIONS, together)


@given(polls, st.integers(2, 1_000))
def test_ranks_do_not_depend_on_the_unit_of_weight(poll: Polled, times: int) -> None:
    system, ballots = poll
    scaled = results(system, OPTIONS, [(ballot, weight * times) for ballot, weight in ballots])
    assert ranks(scaled) == ranks(results(system, OPTIONS, ballots))


@given(
    st.sampled_from([SINGLE, APPROVAL, WEIGHTED]).flatmap(cast_in).filter(lambda poll: len(poll[1]) > 0),
    st.integers(0, 11),
    st.integers(1, 1_000_000),
)
def test_more_weight_never_lowers_what_it_is_for(poll: Polled, which: int, more: int) -> None:
    system, ballots = poll
    ballot, weight = ballots[which % len(ballots)]
    raised = [each for each in ballots if each != (ballot, weight)] + [(ballot, weight + more)]
    plain = [each for each in ballots if each != (ballot, weight)] + [(ballot, weight)]
    before, after = scores(results(system, OPTIONS, plain)), scores(results(system, OPTIONS, raised))
    assert all(now >= then for then, now in zip(before, after, strict=True))


@given(st.sampled_from([WEIGHTED, QUADRATIC]).flatmap(cast_in))
def test_scores_of_divided_weights_add_up_to_the_weight(poll: Polled) -> None:
    system, ballots = poll
    total = sum((Fraction(score) for score in scores(results(system, OPTIONS, ballots))), Fraction(0))
    assert abs(total - sum(weight for _, weight in ballots)) < Fraction(1, 10**17)


@given(st.sampled_from([SCHULZE, RUNOFF]).flatmap(cast_in), st.integers(1, OPTIONS))
def test_the_first_choice_of_more_than_half_wins(poll: Polled, option: int) -> None:
    system, ballots = poll
    whole = sum(weight for _, weight in ballots)
    assert results(system, OPTIONS, [*ballots, (OptionBallot(ranking=(option,)), whole + 1)]).winner == option


@given(polls)
def test_ranks_are_places_with_at_least_one_first(poll: Polled) -> None:
    election = results(poll[0], OPTIONS, poll[1])
    leaders = len(election.leaders)
    assert sorted(ranks(election)) == [1] * leaders + list(range(leaders + 1, OPTIONS + 1))


# Decisions


def quorum_of(percent: int) -> Criteria:
    return Criteria(quorum=Bar(Fraction(percent, 100)), majority=Bar(Fraction(0)))


@pytest.mark.parametrize(
    ("eligible", "cast", "counts", "decision"),
    [
        (0, 0, [0, 0], failed(ResolutionReason.NO_ELIGIBLE_WEIGHT)),
        (10, 5, [5, 0], failed(ResolutionReason.NO_QUORUM)),
        (10, 6, [3, 3], failed(ResolutionReason.TIE)),
        (10, 6, [0, 0], failed(ResolutionReason.TIE)),
        (10, 6, [1, 2], Decision(passed=True, reason=ResolutionReason.OPTION_CHOSEN, chosen_option=2)),
    ],
)
def test_the_quorum_and_then_the_first_decide(eligible: int, cast: int, counts: list[int], decision: Decision) -> None:
    assert decide(quorum_of(60), Tally(eligible, on_options=cast), standing(counts)) == decision


def completions(system: VotingSystem, options: int, left: int) -> list[tuple[int, list[int]]]:
    """For every completion by single units: the weight that comes, and what it adds to each option."""
    choices: list[tuple[int, ...]] = [(0,) * options]
    if system is APPROVAL:
        choices = list(product((0, 1), repeat=options))
    else:
        choices += [tuple(int(i == option) for i in range(options)) for option in range(options)]
    units = [(0, (0,) * options), *((1, choice) for choice in choices)]
    return [
        (sum(weight for weight, _ in taken), [sum(adds[i] for _, adds in taken) for i in range(options)])
        for taken in product(units, repeat=left)
    ]


@st.composite
def open_polls(draw: st.DrawFn) -> tuple[VotingSystem, list[int], int, int, int]:
    """A system, final scores and their weight, the open weight, and the quorum."""
    system, options = draw(st.sampled_from([SINGLE, APPROVAL])), draw(st.integers(2, 3))
    final, left = draw(st.integers(0, 6)), draw(st.integers(0, 3))
    counts = draw(st.lists(st.integers(0, final), min_size=options, max_size=options))
    if system is SINGLE and sum(counts) > final:
        counts = [final, *[0] * (options - 1)]
    return system, counts, final, left, draw(st.sampled_from([0, 30, 50, 60, 90, 100]))


@given(open_polls())
def test_what_is_decided_early_is_what_every_completion_decides(
    poll: tuple[VotingSystem, list[int], int, int, int],
) -> None:
    """And the other way round: what every completion decides the same is decided early."""
    system, counts, final, left, quorum = poll
    criteria, eligible = quorum_of(quorum), final + left
    ends = {
        decide(
            criteria,
            Tally(eligible, on_options=final + more),
            standing([have + add for have, add in zip(counts, adds, strict=True)]),
        )
        for more, adds in completions(system, len(counts), left)
    }
    early = decided_early(criteria, counts, final_weight=final, eligible=eligible)
    assert early == (ends.pop() if len(ends) == 1 else None)
