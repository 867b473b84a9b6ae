"""Choosing among options: scores, ranks and the winner under every system but BASIC, and what they decide.

Pure and exact: whole numbers and fractions decide, floats are for display only.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from domain import runoff, schulze, shares
from domain.criteria import Criteria
from domain.decisions import Decision, ResolutionReason, failed
from domain.option_ballots import KINDS, OptionBallot
from domain.rules import VotingSystem
from domain.tally import Tally

type Score = int | Fraction


@dataclass(frozen=True, slots=True)
class Standing:
    """An option's result. Options and ranks count from 1; those tied for the first place all have rank 1."""

    option: int
    score: Score
    rank: int

    @property
    def shown(self) -> float:
        return float(self.score)


@dataclass(frozen=True, slots=True)
class Election:
    """The standings of all options, in the options' order.

    What a score is: SINGLE_CHOICE and APPROVAL the weight for the option, WEIGHTED its parts of weights, QUADRATIC its
    part of all the weight, RANKED_SCHULZE the number of options that it beats, RANKED_INSTANT_RUNOFF its weight in the
    last round that it was in.
    """

    standings: tuple[Standing, ...]

    @property
    def leaders(self) -> list[int]:
        return [standing.option for standing in self.standings if standing.rank == 1]

    @property
    def winner(self) -> int | None:
        """The option that alone is first; None when several are, or when nobody chose anything."""
        first = [standing for standing in self.standings if standing.rank == 1]
        return first[0].option if len(first) == 1 and first[0].score > 0 else None


def results(
    system: VotingSystem, options_count: int, ballots: Iterable[tuple[OptionBallot, Score]], lot: bytes = b""
) -> Election:
    """The election of these checked ballots, each with its weight, a voter each; there are at least two options.

    `lot` is what instant runoff draws a lot from where no round tells two lowest options apart: the sealed ballots'
    hash, and nothing before they are sealed. Raises ValueError for BASIC and for ballots of another system.
    """
    kind = KINDS.get(system, "")
    cast: list[tuple[Any, Score]] = [(getattr(ballot, kind, None), weight) for ballot, weight in ballots]
    if any(content is None for content, _ in cast):
        raise ValueError(f"{system.value} counts ballots of {kind or 'no options'} only.")
    match system:
        case VotingSystem.SINGLE_CHOICE:
            return standing(_sums([((option,), weight) for option, weight in cast], options_count))
        case VotingSystem.APPROVAL:
            return standing(_sums(cast, options_count))
        case VotingSystem.WEIGHTED:
            return standing(shares.weighted(_merged(cast), options_count))
        case VotingSystem.QUADRATIC:
            whole = sum(weight for _, weight in cast)
            return standing(shares.quadratic(_merged(cast, shares.root), options_count, whole))
        case VotingSystem.RANKED_SCHULZE:
            return _schulze(_merged(cast), options_count)
        case VotingSystem.RANKED_INSTANT_RUNOFF:
            return _runoff(_merged(cast), options_count, lot)
        case VotingSystem.BASIC:
            raise ValueError("BASIC chooses among no options.")


def _merged(cast: Iterable[tuple[Any, Score]], measure: Callable[[Score], Score] = lambda weight: weight) -> Any:  # noqa: ANN401  # each system's own
    """Equal ballots as one, with the sum of what `measure` makes of their weights."""
    merged = defaultdict[Any, Score](int)
    for content, weight in cast:
        merged[content] += measure(weight)
    return merged


def _sums(cast: Iterable[tuple[Sequence[int], Score]], options_count: int) -> list[Score]:
    scores: list[Score] = [0] * options_count
    for options, weight in cast:
        for option in options:
            scores[option - 1] += weight
    return scores


def standing(scores: Sequence[Score], order: Sequence[tuple[Score, ...]] | None = None) -> Election:
    """The election with these scores. `order` is what ranks (the scores if left out), the highest first.

    Options that are equal share the first place; below it the one with the lower number goes first.
    """
    keys = order or [(score,) for score in scores]
    ranks = [1] * len(scores)
    for place, option in enumerate(sorted(range(len(keys)), key=keys.__getitem__, reverse=True), 1):
        ranks[option] = 1 if keys[option] == max(keys) else place
    return Election(
        tuple(Standing(i + 1, score, rank) for i, (score, rank) in enumerate(zip(scores, ranks, strict=True)))
    )


def _schulze(rankings: Mapping[tuple[int, ...], int], options_count: int) -> Election:
    """Below the potential winners: by the number of options beaten, so that who beats another stands above it."""
    beaten = schulze.defeats(schulze.strongest_paths(schulze.pairwise(rankings, options_count)))
    first = schulze.potential_winners(beaten)
    scores = [len(each) for each in beaten]
    return standing(scores, [(1, 0) if option in first else (0, score) for option, score in enumerate(scores)])


def _runoff(rankings: Mapping[tuple[int, ...], Score], options_count: int, lot: bytes) -> Election:
    """By the last round that an option was in, then by its weight there."""
    counts = runoff.rounds(rankings, options_count, tie_break=runoff.earlier_rounds_then_lot(lot))
    last = {option: (number, weight) for number, count in enumerate(counts) for option, weight in count.items()}
    order = [last[option] for option in range(1, options_count + 1)]
    return standing([weight for _, weight in order], order)


def decide(criteria: Criteria, tally: Tally, election: Election) -> Decision:
    """The outcome when the window has ended: these systems need the quorum and then choose. A tie for the first place
    fails, and so does an election in which nobody chose anything."""
    if tally.eligible == 0:
        return failed(ResolutionReason.NO_ELIGIBLE_WEIGHT)
    if not tally.quorum_reached(criteria):
        return failed(ResolutionReason.NO_QUORUM)
    if election.winner is None:
        return failed(ResolutionReason.TIE)
    return Decision(passed=True, reason=ResolutionReason.OPTION_CHOSEN, chosen_option=election.winner)


def decided_early(criteria: Criteria, scores: Sequence[int], *, final_weight: int, eligible: int) -> Decision | None:
    """WHEN_DECIDED for SINGLE_CHOICE and APPROVAL: the outcome that no completion can change; None while one can.

    `scores` are those of the final ballots, whose weight is `final_weight`, abstentions included; the rest of
    `eligible` is open: each unit may go to any option, abstain or stay away. One unit breaks a tie, so a tie is certain
    only when none is open; a lead holds when it exceeds all that is open, for all of it may go to the second.
    """
    left = eligible - final_weight
    least, most = (Tally(eligible, on_options=weight) for weight in (final_weight, eligible))
    election = standing(scores)
    if left == 0 or not most.quorum_reached(criteria):
        return decide(criteria, most, election)
    if not least.quorum_reached(criteria):
        return None
    first, second = sorted(scores, reverse=True)[:2]
    return decide(criteria, least, election) if first > second + left else None
