"""Elections against other people's libraries, and against slow counts that say the rule in another way."""

from collections import Counter
from decimal import Decimal, getcontext
from fractions import Fraction
from hashlib import sha256
from itertools import combinations, permutations
from itertools import pairwise as pairs_of

import pyrankvote  # type: ignore[import-untyped]  # ships no types
from hypothesis import assume, given
from hypothesis import strategies as st
from schulze_condorcet import schulze_evaluate
from votelib.convert import ApprovalToSimpleVotes, RankedToCondorcetVotes  # type: ignore[import-untyped]  # ships no types
from votelib.evaluate.condorcet import Schulze  # type: ignore[import-untyped]  # ships no types
from votelib.evaluate.core import Plurality  # type: ignore[import-untyped]  # ships no types
from votelib.evaluate.sequential import TransferableVoteSelector  # type: ignore[import-untyped]  # ships no types

from domain import runoff
from domain.elections import Election, results
from domain.option_ballots import OptionBallot
from domain.rules import VotingSystem
from domain.schulze import defeats, pairwise, strongest_paths

OPTIONS = 5
ALL = range(1, OPTIONS + 1)
NAMES = {option: pyrankvote.Candidate(str(option)) for option in ALL}

rankings = st.permutations(ALL).flatmap(lambda order: st.integers(0, OPTIONS).map(lambda n: tuple(order[:n])))
ranked = st.lists(st.tuples(rankings, st.integers(1, 9)), min_size=3, max_size=12)
few = st.lists(st.tuples(rankings, st.integers(1, 3)), max_size=7)
all_ranked = st.lists(st.tuples(st.permutations(ALL).map(tuple), st.integers(1, 9)), min_size=3, max_size=12)


def first_with_weight(first: int) -> st.SearchStrategy[tuple[tuple[int, ...], int]]:
    rest = st.permutations([option for option in ALL if option != first])
    return st.tuples(rest.map(lambda others: (first, *others)), st.integers(1, 1_000_000))


each_first = st.tuples(*(first_with_weight(option) for option in ALL))
"""A ballot that begins with each option: none has nothing, and few are equal."""
shared = st.lists(
    st.tuples(
        st.dictionaries(st.integers(1, OPTIONS), st.integers(0, 20)).filter(lambda shares: any(shares.values())),
        st.integers(1, 12),
    ),
    max_size=8,
)

type Ranked = list[tuple[tuple[int, ...], int]]
type Shared = list[tuple[dict[int, int], int]]


def elected(system: VotingSystem, ballots: Ranked, lot: bytes = b"") -> Election:
    return results(system, OPTIONS, [(OptionBallot(ranking=ranking), weight) for ranking, weight in ballots], lot)


def summed(ballots: Ranked) -> dict[tuple[int, ...], int]:
    votes = Counter[tuple[int, ...]]()
    for ranking, weight in ballots:
        votes[ranking] += weight
    return dict(votes)


# Schulze


def vote_string(ranking: tuple[int, ...]) -> str:
    rest = "=".join(str(option) for option in ALL if option not in ranking)
    return ">".join([*map(str, ranking), *([rest] if rest else [])])


@given(few)
def test_schulze_s_first_are_those_of_schulze_condorcet(ballots: Ranked) -> None:
    votes = [vote_string(ranking) for ranking, weight in ballots for _ in range(weight)]
    first = schulze_evaluate(votes, [str(option) for option in ALL]).split(">")[0]
    assert elected(VotingSystem.RANKED_SCHULZE, ballots).leaders == sorted(map(int, first.split("=")))


@given(all_ranked)
def test_schulze_s_winner_is_votelib_s(ballots: Ranked) -> None:
    """Votelib takes a pair that is equal for one that is lost."""
    preferred = pairwise(summed(ballots), OPTIONS)
    assume(all(preferred[i][j] != preferred[j][i] for i, j in combinations(range(OPTIONS), 2)))
    winner = elected(VotingSystem.RANKED_SCHULZE, ballots).winner
    assume(winner is not None)
    assert Schulze().evaluate(RankedToCondorcetVotes().convert(summed(ballots)), 1) == [winner]


@given(few)
def test_paths_are_the_strongest_of_all_that_there_are(ballots: Ranked) -> None:
    """The relation in words, over every path without a circle."""
    preferred = pairwise(summed(ballots), OPTIONS)

    def key(link: tuple[int, int]) -> tuple[int, int, int]:
        ours, theirs = preferred[link[0]][link[1]], preferred[link[1]][link[0]]
        return (1, ours, -theirs) if ours > theirs else (0 if ours == theirs else -1, 0, 0)

    def strongest(start: int, end: int) -> tuple[int, int, int]:
        others = [option for option in range(OPTIONS) if option not in (start, end)]
        ways = [(start, *way, end) for length in range(len(others) + 1) for way in permutations(others, length)]
        return max(min(key(link) for link in pairs_of(way)) for way in ways)

    expected = [
        {other for other in range(OPTIONS) if other != option and strongest(option, other) > strongest(other, option)}
        for option in range(OPTIONS)
    ]
    assert defeats(strongest_paths(preferred)) == expected


# Instant runoff


def counts_of(ballots: Ranked) -> list[runoff.Round]:
    return runoff.rounds(summed(ballots), OPTIONS, tie_break=runoff.earlier_rounds_then_lot(b""))


def untied(ballots: Ranked) -> bool:
    """No tie that matters, where libraries have rules of their own: for going out with any weight, or for the end."""
    *earlier, last = counts_of(ballots)
    lowest = [sorted(count.values())[:2] for count in earlier]
    return max(Counter(last.values()).items())[1] == 1 and all(one < other or one == 0 for one, other in lowest)


@given(ranked)
def test_instant_runoff_s_winner_is_pyrankvote_s(ballots: Ranked) -> None:
    assume(untied(ballots))
    votes = [
        pyrankvote.Ballot([NAMES[option] for option in ranking]) for ranking, weight in ballots for _ in range(weight)
    ]
    winners = pyrankvote.instant_runoff_voting(list(NAMES.values()), votes).get_winners()
    assert [NAMES[elected(VotingSystem.RANKED_INSTANT_RUNOFF, ballots).winner or 0]] == winners


@given(each_first, st.lists(st.tuples(st.permutations(ALL).map(tuple), st.integers(1, 1_000_000)), max_size=8))
def test_instant_runoff_s_winner_is_votelib_s(one_each: tuple[tuple[tuple[int, ...], int], ...], more: Ranked) -> None:
    ballots = [*one_each, *more]
    assume(all(len(set(count.values())) == len(count) for count in counts_of(ballots)))
    winner = elected(VotingSystem.RANKED_INSTANT_RUNOFF, ballots).winner
    assert TransferableVoteSelector().evaluate(summed(ballots), 1) == [winner]


def slow_runoff(ballots: Ranked, lot: bytes) -> list[int]:
    """The first, counted anew from all the ballots in every round: one of them, or all of a tie."""
    left, history = set(ALL), list[dict[int, int]]()
    while True:
        count = dict.fromkeys(left, 0)
        for ranking, weight in ballots:
            if standing := [option for option in ranking if option in left]:
                count[standing[0]] += weight
        history.append(count)
        most = [option for option in left if count[option] == max(count.values())]
        if sum(count.values()) == 0 or count[most[0]] * 2 > sum(count.values()) or len(left) == 2:
            return sorted(most)
        out = left
        for earlier in reversed(history):
            out = {option for option in out if earlier[option] == min(earlier[other] for other in out)}
        number = len(history).to_bytes(4, "big")
        left = left - {min(out, key=lambda option: sha256(lot + number + option.to_bytes(4, "big")).hexdigest())}


@given(ranked, st.binary(max_size=8))
def test_instant_runoff_breaks_ties_as_a_slow_count_does(ballots: Ranked, lot: bytes) -> None:
    assert elected(VotingSystem.RANKED_INSTANT_RUNOFF, ballots, lot).leaders == slow_runoff(ballots, lot)


# Sums


@given(st.lists(st.tuples(st.frozensets(st.integers(1, OPTIONS)), st.integers(1, 9)), min_size=1, max_size=12))
def test_approval_s_scores_are_votelib_s(ballots: list[tuple[frozenset[int], int]]) -> None:
    votes = Counter[frozenset[int]]()
    for approved, weight in ballots:
        votes[approved] += weight
    theirs = ApprovalToSimpleVotes().convert(dict(votes))
    election = results(
        VotingSystem.APPROVAL,
        OPTIONS,
        [(OptionBallot(approved=tuple(approved)), weight) for approved, weight in ballots],
    )
    assert [standing.score for standing in election.standings] == [theirs.get(option, 0) for option in ALL]
    if election.winner:
        assert Plurality().evaluate(theirs, 1) == [election.winner]


def divided(system: VotingSystem, ballots: Shared) -> Election:
    return results(
        system, OPTIONS, [(OptionBallot(shares=tuple(shares.items())), weight) for shares, weight in ballots]
    )


@given(shared)
def test_weighted_s_scores_and_first_are_those_of_exact_fractions(ballots: Shared) -> None:
    exact = [
        sum((Fraction(weight * shares.get(option, 0), sum(shares.values())) for shares, weight in ballots), Fraction(0))
        for option in ALL
    ]
    election = divided(VotingSystem.WEIGHTED, ballots)
    assert all(abs(have.score - want) * 10**18 <= 1 for have, want in zip(election.standings, exact, strict=True))
    assert election.leaders == [option for option in ALL if exact[option - 1] == max(exact)]


@given(shared)
def test_quadratic_s_scores_are_those_of_long_decimals(ballots: Shared) -> None:
    getcontext().prec = 60
    sums = [
        sum(((Decimal(w) * shares.get(option, 0) / sum(shares.values())).sqrt() for shares, w in ballots), Decimal(0))
        for option in ALL
    ]
    whole, squares = sum(weight for _, weight in ballots), [each * each for each in sums]
    election = divided(VotingSystem.QUADRATIC, ballots)
    for have, square in zip(election.standings, squares, strict=True):
        want = Fraction(whole * square / (sum(squares) or 1))
        assert abs(have.score - want) < Fraction(1, 10**14)
    near = Decimal(10) ** -40
    assert election.leaders == [option for option in ALL if max(sums) - sums[option - 1] < near]
