"""Snapshot's votes through our elections: its rules where they are its own, and a wrong expectation is found."""

from typing import Any

import pytest

from evals.vectors import snapshot
from evals.vectors.outcomes import Outcome, passed, skipped


def case(
    kind: str, votes: list[tuple[Any, list[float]]], scores: list[list[float]], **expected: float
) -> dict[str, Any]:
    """A case whose scores by strategy are these, and whose scores are their sums."""
    return {
        "name": "case",
        "type": kind,
        "choices": ["option"] * len(scores),
        "votes": [{"choice": choice, "balance": sum(powers), "scores": powers} for choice, powers in votes],
        "expected": {"scores": [sum(row) for row in scores], "scoresByStrategy": scores, **expected},
    }


def outcome(one: dict[str, Any]) -> Outcome:
    (found,) = snapshot.run({"cases": [one]})
    return found


@pytest.mark.parametrize(
    "one",
    [
        case("basic", [(1, [5]), (4, [2]), (1.5, [1]), (None, [1])], [[5], [0], [0]], scoresTotal=9, validVotes=1),
        case("single-choice", [(1, [0.1, 0]), (1, [0.2, 4]), (2, [0, 3])], [[0.3, 4], [0, 3]], validVotes=3),
        case("approval", [([1, 2], [2]), ([], [3]), ([2, 2], [9])], [[2], [2]], scoresTotal=14, validVotes=2),
        case("weighted", [({"1": 1, "2": 0.5}, [9, 3]), ({"1": 0}, [7])], [[6, 2], [3, 1]], validVotes=1),
        case("quadratic", [({"1": 1}, [4]), ({"2": 1}, [1]), ({"2": 3}, [1]), ([1], [8])], [[3], [3]], validVotes=3),
        case("ranked-choice", [([1, 2, 3], [2]), ([2, 3, 1], [2]), ([3, 2, 1], [3]), ([1], [9])], [[0], [4], [3]]),
        case("copeland", [([1, 2], [3]), ([2], [9])], [[2.5 / 2.5 * 3], [0]], scoresTotal=3, validVotes=1),
        case("ranked-choice", [], [[0], [0]], scoresTotal=0, validVotes=0),
        case("approval", [], [[0, 0, 0], [0, 0, 0]], scoresTotal=0, validVotes=0),
    ],
    ids=lambda one: one["type"],
)
def test_votes_count_as_snapshot_counts_them(one: dict[str, Any]) -> None:
    assert outcome(one) == passed(f"{one['type']}: case")


def test_power_with_eighteen_decimals_is_counted() -> None:
    tiny = 1e-18
    assert outcome(case("weighted", [({"1": 1, "2": 2}, [tiny * 3])], [[tiny], [2 * tiny]])) == passed("weighted: case")


def test_a_wrong_expectation_fails_and_says_why() -> None:
    found = outcome(case("single-choice", [(1, [5])], [[5.00001], [0]]))
    assert (found.status, found.detail.split(";")[0]) == ("failed", "scores: expected [5.00001, 0], found [5.0, 0.0]")


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (case("futarchy", [], [[0]]), "no reader for the voting type futarchy"),
        (case("basic", [(1, [-1])], [[0]]), "voting power that is negative or no number, which nobody has here"),
    ],
)
def test_what_cannot_be_told_is_skipped_by_name(one: dict[str, Any], reason: str) -> None:
    assert outcome(one) == skipped(f"{one['type']}: case", reason)


def test_only_files_of_its_format_are_recognised() -> None:
    assert snapshot.recognises({"cases": [case("basic", [], [[0]])]})
    assert not snapshot.recognises({"cases": [{"expected": {"scores": []}}, "words"]})
    assert not snapshot.recognises({"rows": []})
