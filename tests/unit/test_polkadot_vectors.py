"""Polkadot's steps in the words that people find for them, and what is made of words that nobody reads."""

from typing import Any

import pytest

from evals.vectors import polkadot

VOTED = "2,3,4 vote on polls 0-2: 2:[aye,nay,nay] 3:[nay,aye,nay] 4:[nay,nay,aye]; 4 votes nay on poll 3"
HIGHER = {"0": [7, 2, 16], "1": [8, 2, 17], "2": [9, 2, 18], "3": [0, 9, 0]}
"""conviction-voting/src/tests.rs, classwise_delegation_works: 6, 7 and 8 redelegated in the classes 0, 1 and 2."""


def file_of(*cases: dict[str, Any]) -> dict[str, Any]:
    given = [{"who": 1, "cls": cls, "to": cls + 2, "amount": 5} for cls in range(3)]
    return {"polls": {"0": 0, "1": 1, "2": 2, "3": 2}, "delegations": given, "cases": list(cases)}


@pytest.mark.parametrize(
    "step",
    [
        "1 redelegates classes 0,1,2 with 6,7,8",
        "1 redelegates all classes with 6/7/8 at 1x",
        "1 redelegates with 6, 7 and 8",
        "1 redelegates 6/7/8 to classes 0/1/2",
        "1 redelegates all classes with amounts [6,7,8]",
        "1 redelegates class 0 with 6, class 1 with 7 and class 2 with 8",
        "1 redelegates class 0 with 6, 1 with 7, 2 with 8",
        "1 redelegates class 0 to 2 with 6; class 1 to 3 with 7; class 2 to 4 with 8",
        "1 redelegates higher amounts: class 0: 6, class 1: 7, class 2: 8",
    ],
)
def test_what_is_given_class_by_class_is_read(step: str) -> None:
    (found,) = polkadot.run(file_of({"step": f"{VOTED}; {step}", "tallies": HIGHER}))
    assert (found.status, found.detail) == ("passed", "")


def test_from_a_step_that_nobody_reads_on_cases_are_skipped_by_name() -> None:
    voted = {"step": VOTED, "tallies": {"3": [0, 6, 0]}}
    unread, later = {"step": "1 unlocks", "tallies": {"3": [0, 6, 0]}}, {"step": "4 votes aye on poll 3", "tallies": {}}
    found = list(polkadot.run(file_of(voted, unread, later)))
    assert [each.status for each in found] == ["passed", "skipped", "skipped"]
    assert {each.detail for each in found[1:]} == {"no reader understands: 1 unlocks"}
