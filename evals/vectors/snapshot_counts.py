"""How Snapshot counts the votes of a poll, on our elections.

Its rules that are not ours, as arguments: voting power may be any fraction (ours is whole), its instant runoff excludes
the lowest number among equals and shows the last round only, and what it shows of weighted and quadratic votes adds up
to the valid votes' power. Copeland is no system of ours: it is counted here, on our pairwise preferences.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from domain import runoff, schulze
from domain.elections import results
from domain.option_ballots import OptionBallot
from domain.rules import VotingSystem

FINE = 10**30
"""Weights are counted in this part of theirs: our sums are rounded at 18 decimals, which a token's power may have."""


@dataclass(frozen=True, slots=True)
class Vote:
    """A valid vote: its options as our ballot, its power in all and by strategy."""

    ballot: OptionBallot
    balance: Fraction
    scores: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Poll:
    """Its numbers of options and strategies, and its valid votes."""

    options: int
    strategies: int
    votes: tuple[Vote, ...]

    @property
    def balance(self) -> Fraction:
        return sum((vote.balance for vote in self.votes), Fraction(0))


type Scores = tuple[Sequence[Fraction], Sequence[Sequence[Fraction]]]
"""The options' scores, and each one's scores by strategy."""
type Count = Callable[[Poll], Scores]


def plain(system: VotingSystem) -> Count:
    """By strategy: an election with a copy of the options for each, each strategy's part of a power a voter."""

    def count(poll: Poll) -> Scores:
        whole = scored(system, poll.options, [(vote.ballot, vote.balance) for vote in poll.votes])
        parts = [
            (moved(vote.ballot, strategy * poll.options), score)
            for vote in poll.votes
            for strategy, score in enumerate(vote.scores)
        ]
        columns = scored(system, poll.options * poll.strategies, parts)
        return whole, [columns[option :: poll.options] for option in range(poll.options)]

    return count


def adding_up(system: VotingSystem) -> Count:
    """As `plain`, with both adding up to the valid votes' power."""

    def count(poll: Poll) -> Scores:
        scores, rows = plain(system)(poll)
        in_all, in_parts = sum(scores, Fraction(0)), sum((sum(row, Fraction(0)) for row in rows), Fraction(0))
        one, other = (poll.balance / total if total else Fraction(0) for total in (in_all, in_parts))
        return [score * one for score in scores], [[score * other for score in row] for row in rows]

    return count


def scored(system: VotingSystem, options: int, ballots: list[tuple[OptionBallot, Fraction]]) -> list[Fraction]:
    election = results(system, options, [(ballot, weight * FINE) for ballot, weight in ballots])
    return [Fraction(standing.score) / FINE for standing in election.standings]


def moved(ballot: OptionBallot, by: int) -> OptionBallot:
    """The same ballot among options that are numbered from further up."""
    if ballot.single is not None:
        return OptionBallot(single=ballot.single + by)
    if ballot.approved is not None:
        return OptionBallot(approved=tuple(option + by for option in ballot.approved))
    return OptionBallot(shares=tuple((option + by, share) for option, share in ballot.shares or ()))


def ranked_choice(poll: Poll) -> Scores:
    """The last round, and by strategy the votes that stand with each of its options."""
    options = range(1, poll.options + 1)
    rankings: dict[runoff.Ranking, runoff.Weight] = {}
    for vote in poll.votes:
        rankings[vote.ballot.options] = rankings.get(vote.ballot.options, 0) + vote.balance
    last = runoff.rounds(rankings, poll.options, tie_break=lowest_number)[-1]
    rows = {option: [Fraction(0)] * poll.strategies for option in options}
    for vote in poll.votes:
        best = next(option for option in vote.ballot.options if option in last)
        rows[best] = [have + more for have, more in zip(rows[best], vote.scores, strict=True)]
    return [Fraction(last.get(option, 0)) for option in options], [rows[option] for option in options]


def lowest_number(_: list[runoff.Round], option: int) -> tuple[int]:
    return (option,)


def by_copeland(poll: Poll) -> Scores:
    rankings = [vote.ballot.options for vote in poll.votes]
    columns = [
        copeland(poll.options, rankings, [vote.scores[strategy] for vote in poll.votes])
        for strategy in range(poll.strategies)
    ]
    scores = copeland(poll.options, rankings, [vote.balance for vote in poll.votes])
    return scores, [[column[option] for column in columns] for option in range(poll.options)]


def copeland(options: int, rankings: list[tuple[int, ...]], weights: list[Fraction]) -> list[Fraction]:
    """All the weight, divided by the options' points."""
    unit, whole = math.lcm(*(weight.denominator for weight in weights)), sum(weights, Fraction(0))
    merged = Counter[tuple[int, ...]]()
    for ranking, weight in zip(rankings, weights, strict=True):
        merged[ranking] += int(weight * unit)
    preferred = schulze.pairwise(merged, options)
    points = [points_of(option, preferred, whole * unit) for option in range(options)]
    total = sum(points)
    return [whole * (point / total if total else Fraction(1, options)) for point in points]


def points_of(option: int, preferred: schulze.Matrix, whole: Fraction) -> Fraction:
    """Two a pair that the option wins, one a tie, and half its support averaged over its pairs."""
    pairs = [(preferred[option][j], preferred[j][option]) for j in range(len(preferred)) if j != option]
    points = Fraction(sum(1 + (ours > theirs) - (ours < theirs) for ours, theirs in pairs))
    return points + Fraction(sum(ours for ours, _ in pairs)) / (2 * len(pairs) * whole) if pairs and whole else points
