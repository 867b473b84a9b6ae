"""Snapshot's seven voting types: what it takes for a valid vote, and its scores against ours."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from domain.option_ballots import OptionBallot
from domain.rules import VotingSystem
from evals.vectors.outcomes import Outcome, failed, passed, skipped
from evals.vectors.snapshot_counts import Count, Poll, Vote, adding_up, by_copeland, plain, ranked_choice

FORMAT = "Snapshot voting types"
TOLERANCE, NOISE = 1e-9, 1e-15

type Read = Callable[[object, int], OptionBallot | None]
"""A vote's choice as our ballot; None when Snapshot finds it invalid."""


def recognises(data: dict[str, Any]) -> bool:
    """Cases whose scores are expected by strategy."""
    return any(
        "scoresByStrategy" in case.get("expected", ()) for case in data.get("cases", ()) if isinstance(case, dict)
    )


def run(data: dict[str, Any]) -> Iterator[Outcome]:
    for case in data["cases"]:
        name = f"{case['type']}: {case['name']}"
        if unread := not_read(case):
            yield skipped(name, unread)
            continue
        found, expected = counted(case), case["expected"]
        differing = [key for key in expected if not alike(found.get(key), expected[key], found["scoresTotal"])]
        detail = "; ".join(f"{key}: expected {expected[key]}, found {found.get(key)}" for key in differing)
        yield failed(name, detail) if differing else passed(name)


def not_read(case: dict[str, Any]) -> str:
    """Why a case cannot be told in our terms; empty when it can."""
    if case["type"] not in TYPES:
        return f"no reader for the voting type {case['type']}"
    powers = [power for vote in case["votes"] for power in (vote.get("balance"), *vote.get("scores", ()))]
    if not all(is_number(power) and power >= 0 for power in powers):
        return "voting power that is negative or no number, which nobody has here"
    return ""


def counted(case: dict[str, Any]) -> dict[str, Any]:
    """Invalid votes stand in the total of all types but Copeland."""
    read, count = TYPES[case["type"]]
    poll = poll_of(case, read)
    scores, by_strategy = count(poll)
    every = sum((Fraction(vote["balance"]) for vote in case["votes"]), Fraction(0))
    return {
        "scores": [float(score) for score in scores],
        "scoresByStrategy": [[float(score) for score in row] for row in by_strategy],
        "scoresTotal": float(poll.balance if case["type"] == "copeland" else every),
        "validVotes": len(poll.votes),
    }


def poll_of(case: dict[str, Any], read: Read) -> Poll:
    """Votes name no strategy beyond the last of theirs. How many a poll has that nobody voted on, its answer tells."""
    options = len(case["choices"])
    rows = [vote.get("scores", ()) for vote in case["votes"]] or case["expected"].get("scoresByStrategy", ())
    strategies = max(map(len, rows), default=0) or 1
    votes = []
    for vote in case["votes"]:
        if (ballot := read(vote["choice"], options)) is not None:
            scores = [Fraction(score) for score in vote.get("scores", ())]
            scores += [Fraction(0)] * (strategies - len(scores))
            votes.append(Vote(ballot, Fraction(vote["balance"]), tuple(scores)))
    return Poll(options, strategies, tuple(votes))


def alike(found: Any, expected: Any, whole: float) -> bool:  # noqa: ANN401  # numbers, or lists of them
    """Within the relative tolerance, or what floats lose of the whole poll."""
    if isinstance(expected, list):
        return len(found) == len(expected) and all(
            alike(one, other, whole) for one, other in zip(found, expected, strict=True)
        )
    return is_number(expected) and math.isclose(found, expected, rel_tol=TOLERANCE, abs_tol=NOISE * whole)


# What a valid choice is.


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def options_in(choice: object, options: int) -> tuple[int, ...] | None:
    """A list of options, none twice; None for anything else."""
    if not isinstance(choice, list) or not all(is_number(option) and option == int(option) for option in choice):
        return None
    found = tuple(int(option) for option in choice)
    return found if len(set(found)) == len(found) and all(1 <= option <= options for option in found) else None


def read_single(choice: object, options: int) -> OptionBallot | None:
    found = options_in([choice], options)
    return OptionBallot(single=found[0]) if found else None


def read_approved(choice: object, options: int) -> OptionBallot | None:
    """To approve none is valid, as it is here."""
    found = options_in(choice, options)
    return None if found is None else OptionBallot(approved=found)


def read_ranking(choice: object, options: int) -> OptionBallot | None:
    """Every option is ranked; ours may leave some out."""
    found = options_in(choice, options)
    return OptionBallot(ranking=found) if found and len(found) == options else None


def read_shares(choice: object, options: int) -> OptionBallot | None:
    """Shares are any numbers from 0; ours are whole, so they are multiplied until they are."""
    if not isinstance(choice, dict) or not all(is_number(share) and share >= 0 for share in choice.values()):
        return None
    if not all(key.isdecimal() and 1 <= int(key) <= options for key in choice) or not any(choice.values()):
        return None
    shares = {int(key): Fraction(share) for key, share in choice.items()}
    unit = math.lcm(*(share.denominator for share in shares.values()))
    return OptionBallot(shares=tuple((option, int(share * unit)) for option, share in sorted(shares.items())))


TYPES: dict[str, tuple[Read, Count]] = {
    "basic": (read_single, plain(VotingSystem.SINGLE_CHOICE)),
    "single-choice": (read_single, plain(VotingSystem.SINGLE_CHOICE)),
    "approval": (read_approved, plain(VotingSystem.APPROVAL)),
    "weighted": (read_shares, adding_up(VotingSystem.WEIGHTED)),
    "quadratic": (read_shares, adding_up(VotingSystem.QUADRATIC)),
    "ranked-choice": (read_ranking, ranked_choice),
    "copeland": (read_ranking, by_copeland),
}
