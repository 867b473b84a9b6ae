"""`frontier eval vectors` on files of our own making: every format told by content, every expectation able to fail."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import frontier
from evals.vectors.outcomes import Outcome
from evals.vectors.runs import outcomes, reader_of, readers

GRID: dict[str, Any] = {
    "columns": ["eligible", "yes", "no", "abstain", "quorum_25_incl_abstain", "passed_1/2_gt", "decided_fail_early_75"],
    "rows": [[8, 2, 1, 1, 1, 1, 0], [8, 1, 1, 1, 1, 0, 0], [8, 1, 4, 0, 1, 0, 1]],
}
ARAGON: dict[str, Any] = {
    "cases": [
        {
            "name": "a late majority",
            "support_threshold": 600_000,
            "min_participation": 100_000,
            "min_approval": 0,
            "total": "30",
            "yes": "19",
            "no": "1",
            "abstain": "0",
            "open": True,
            "mode": "early",
            "can_execute": True,
        }
    ]
}
COSMOS: dict[str, Any] = {
    "params": {"quorum": "0.2", "threshold": "0.5", "expedited_threshold": "0.7", "veto_threshold": "0.3"},
    "cases": [
        {
            "name": "one takes its shares back",
            "kind": "standard",
            "total_bonded": 30,
            "validators": 3,
            "validator_power": 10,
            "validator_votes": {"0": "yes", "1": "no"},
            "delegator_votes": [{"vote": "no", "delegations": [{"validator": 0, "shares": "2.5"}]}],
            "expected": {"passes": False, "burn_deposit": False, "tally": {"yes": 7, "no": 12}},
        }
    ],
}
COMPOUND: dict[str, Any] = {
    "origin": "compound-protocol",
    "cases": [{"name": "x", "vote": "against", "votes": 9, "tally": [9, 0, 0]}],
}
OPENZEPPELIN: dict[str, Any] = {
    "origin": "OpenZeppelin",
    "cases": [
        {
            "name": "late quorum",
            "votes_at": [["deadline-1", "v1", "for", 7]],
            "expect": "deadline = vote time + extension",
        },
        {"name": "defeated", "quorum": 10, "votes": [["for", 6], ["against", 5]], "state_after": "Defeated"},
    ],
}
SAMPLES = {
    "threshold grid": GRID,
    "Aragon token voting": ARAGON,
    "Cosmos x/gov tally": COSMOS,
    "Compound Governor Bravo": COMPOUND,
    "OpenZeppelin Governor lifecycle": OPENZEPPELIN,
}


def ran(data: dict[str, Any]) -> list[Outcome]:
    return list(outcomes(reader_of(Path("x.json"), data), data))


def case_of(data: dict[str, Any], **changes: object) -> dict[str, Any]:
    """The file with its first case changed."""
    return {**data, "cases": [{**data["cases"][0], **changes}]}


def called(tmp_path: Path, *names: str, **contents: object) -> Result:
    for name, data in contents.items():
        (tmp_path / f"{name}.json").write_text(data if isinstance(data, str) else json.dumps(data))
    paths = [str(tmp_path / name) for name in names or ("",)]
    return CliRunner().invoke(frontier, ["eval", "vectors", *paths])


@pytest.mark.parametrize("title", SAMPLES)
def test_format_is_told_by_content_alone(title: str) -> None:
    knowing = [reader.FORMAT for reader in readers() if reader.recognises(SAMPLES[title])]
    assert knowing == [title]
    assert {outcome.status for outcome in ran(SAMPLES[title])} == {"passed"}


@pytest.mark.parametrize(
    "data",
    [
        {**GRID, "rows": [[8, 2, 1, 1, 0, 1, 0]]},
        {**GRID, "rows": [[8, 2, 1, 1, 1, 0, 0]]},
        {**GRID, "rows": [[8, 2, 1, 1, 1, 1, 1]]},
        case_of(ARAGON, can_execute=False),
        case_of(COSMOS, expected={"passes": True}),
        case_of(COSMOS, expected={"burn_deposit": True}),
        case_of(COSMOS, expected={"tally": {"yes": 10, "no": 10}}),
        case_of(COMPOUND, tally=[0, 9, 0]),
        case_of(OPENZEPPELIN, expect="deadline unchanged"),
        case_of(OPENZEPPELIN, expect="Defeated"),
    ],
)
def test_wrong_expectation_fails(data: dict[str, Any]) -> None:
    assert [outcome.status for outcome in ran(data)] == ["failed"]


@pytest.mark.parametrize(("mode", "executes"), [("early", True), ("standard", False)])
def test_aragon_executes_before_the_end_in_its_early_mode_only(mode: str, executes: bool) -> None:
    (outcome,) = ran(case_of(ARAGON, mode=mode, can_execute=executes))
    assert outcome.status == "passed"


@pytest.mark.parametrize(
    ("kind", "votes", "passes", "burns"),
    [
        ("standard", {"0": "yes"}, True, False),
        ("standard", {}, False, True),
        ("standard", {"0": "yes", "1": "yes", "2": "no_with_veto"}, False, True),
        ("standard", {"0": "yes", "1": "spam"}, False, True),
        ("standard", {"0": [{"option": "yes", "weight": "0.6"}, {"option": "no", "weight": "0.4"}]}, True, False),
        ("expedited", {"0": [{"option": "yes", "weight": "0.6"}, {"option": "no", "weight": "0.4"}]}, False, False),
        ("optimistic", {}, True, False),
        ("optimistic", {"0": "no"}, False, False),
        ("optimistic", {"0": {"no": "0.3", "yes": "0.7"}}, True, False),
        ("multiple_choice", {"0": "option_two"}, True, False),
        ("multiple_choice", {}, False, True),
    ],
)
def test_cosmos_kinds_decide_by_their_own_bars(kind: str, votes: dict[str, Any], passes: bool, burns: bool) -> None:
    expected = {"passes": passes, "burn_deposit": burns}
    (outcome,) = ran(case_of(COSMOS, kind=kind, validator_votes=votes, delegator_votes=[], expected=expected))
    assert outcome.status == "passed", outcome.detail


@pytest.mark.parametrize(
    ("case", "status"),
    [
        ({"vote": "for", "votes": 0, "tally": [0, 0, 0], "hasVoted": True}, "passed"),
        ({"error": "voter already voted"}, "passed"),
        ({"name": "before start / after end / after cancel", "error": "voting is closed"}, "passed"),
        ({"name": "on a whim", "error": "voting is closed"}, "skipped"),
        ({"state": "Defeated", "for": 5, "against": 5, "quorum": 5}, "passed"),
        ({"state": "Defeated", "for": 4, "abstain": 5, "quorum": 5}, "passed"),
        ({"state": "Succeeded", "for": 5, "abstain": 9, "quorum": 5}, "passed"),
        ({"state": "Active", "for": 5, "quorum": 5}, "passed"),
        ({"state": "Canceled", "canceled": True}, "passed"),
        ({"state": "Pending", "block": 7, "start": 7, "end": 9}, "passed"),
        ({"state": "Active", "block": 9, "start": 7, "end": 9, "for": 5, "quorum": 5}, "passed"),
        ({"state": "Succeeded", "block": 10, "start": 7, "end": 9, "for": 5, "quorum": 5}, "passed"),
        ({"state": "Succeeded", "for": 4, "quorum": 5}, "failed"),
        ({"state": "Expired", "for": 5, "quorum": 5}, "skipped"),
        ({"state": "Defeated", "mood": "bad"}, "skipped"),
        ({"error": "GovernorBravo::castVoteInternal: invalid vote type"}, "passed"),
        ({"name": "reason kept", "vote": "for", "votes": 3, "reason": "Why.", "tally": [0, 3, 0]}, "passed"),
        ({"error": "out of gas"}, "skipped"),
        ({"name": "as it was meant"}, "skipped"),
    ],
)
def test_compound_cases_are_told_by_their_fields(case: dict[str, Any], status: str) -> None:
    (outcome,) = ran({"origin": "compound", "cases": [{"name": "a case", **case}]})
    assert outcome.status == status, outcome.detail


@pytest.mark.parametrize(
    ("case", "status"),
    [
        ({"votes": [["for", 6], ["against", 5]], "state_after": "Succeeded"}, "passed"),
        ({"quorum": 11, "votes": [["for", 6], ["against", 5]], "state_after": "Defeated"}, "passed"),
        ({"quorum": 11, "votes": [["for", 6], ["abstain", 5]], "state_after": "Succeeded"}, "passed"),
        ({"votes": [["for", 6], ["against", 6]], "expect": "Active until deadline inclusive; Defeated"}, "passed"),
        ({"super_quorum": 6, "votes": [["for", 6]], "state": "Succeeded before deadline"}, "passed"),
        ({"super_quorum": 7, "votes": [["for", 6], ["abstain", 6]], "state": "Active"}, "passed"),
        ({"extension": 3, "votes_at": [["start+1", "v1", "for", 6]], "expect": "deadline unchanged"}, "passed"),
        ({"votes": [["for", 7], ["against", 9]], "expect": "Defeated after extended deadline"}, "failed"),
        (
            {"extension": 3, "votes": [["for", 7], ["against", 9]], "expect": "Defeated after extended deadline"},
            "passed",
        ),
        ({"votes_at": [["deadline+1", "v1", "for", 6]], "state": "Active"}, "failed"),
        ({"votes": [["for", 6]], "state": "Thriving"}, "skipped"),
        ({"votes": [["for", 6]], "mood": "good", "state": "Active"}, "skipped"),
    ],
)
def test_openzeppelin_courses_are_told_by_their_words(case: dict[str, Any], status: str) -> None:
    (outcome,) = ran({"origin": "OpenZeppelin", "cases": [{"name": "a case", **case}]})
    assert outcome.status == status, outcome.detail


@pytest.mark.parametrize(
    ("case", "status"),
    [
        ({"by": "guardian", "when": "Active", "expect": "Canceled"}, "passed"),
        ({"by": "proposer", "when": "Pending", "expect": "Canceled"}, "passed"),
        ({"by": "proposer", "when": "Active", "expect": "reverts"}, "passed"),
        ({"by": "other", "when": "Pending", "expect": "Canceled"}, "failed"),
        ({"by": "proposer", "when": "Active", "expect": "Canceled"}, "skipped"),
        ({"expect": "Canceled"}, "skipped"),
    ],
)
def test_openzeppelin_s_guardian_cancels_as_our_admin(case: dict[str, Any], status: str) -> None:
    (outcome,) = ran({"origin": "OpenZeppelin", "cases": [{"name": "cancel", **case}]})
    assert outcome.status == status, outcome.detail


def test_case_that_breaks_its_reader_fails_alone() -> None:
    broken = deepcopy(COSMOS)
    broken["cases"] = [{"name": "half a case", "kind": "standard"}, *broken["cases"]]
    first, second = ran(broken)
    assert (first.name, first.status, second.status) == ("half a case", "failed", "passed")
    assert first.detail == "not in the shape of its format: KeyError: 'validator_votes'"


def test_row_that_is_none_fails_alone() -> None:
    broken = {**GRID, "rows": [GRID["rows"][0], [8, None], *GRID["rows"][1:]]}
    assert [outcome.status for outcome in ran(broken)] == ["passed", "failed", "passed", "passed"]
    assert ran(broken)[1].name == "row [8, None]"


def test_column_that_no_reader_knows_is_skipped_and_the_others_are_compared() -> None:
    wider = {"columns": [*GRID["columns"], "moon_phase"], "rows": [[*row, 0] for row in GRID["rows"]]}
    assert [(outcome.name, outcome.status) for outcome in ran(wider)][:2] == [
        ("the column moon_phase", "skipped"),
        ("eligible 8 yes 2 no 1 abstain 1", "passed"),
    ]


def test_each_file_is_counted_and_what_did_not_pass_is_named(tmp_path: Path) -> None:
    shown = called(tmp_path, one=case_of(ARAGON, can_execute=False), two=case_of(OPENZEPPELIN, expect="Bliss"))
    assert shown.output.splitlines() == [
        f"{tmp_path}/one.json (Aragon token voting): 0 passed, 1 failed, 0 skipped",
        "  failed: a late majority: expected False, found True",
        f"{tmp_path}/two.json (OpenZeppelin Governor lifecycle): 0 passed, 0 failed, 1 skipped",
        "  skipped: late quorum: told in words that no reader knows: Bliss",
        "2 files, 2 cases: 0 passed, 1 failed, 1 skipped (50.0 % skipped)",
    ]
    assert shown.exit_code == 1


def test_file_given_twice_runs_once(tmp_path: Path) -> None:
    shown = called(tmp_path, "one.json", "", one=COMPOUND)
    assert shown.output.splitlines()[-1] == "1 files, 1 cases: 1 passed, 0 failed, 0 skipped (0.0 % skipped)"
    assert shown.exit_code == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"cases": [{"name": "a"}]}, "one.json is of no known format. Known formats of vector files: threshold grid, "),
        ({"cases": [1, 2]}, "one.json is of no known format."),
        ([1, 2], "one.json is of no known format."),
        ({"cases": [{"name": "a", "expected": 0, "delegations": 0}]}, "one.json is of no known format."),
        ("{", "one.json is no JSON (Expecting property name"),
        ("[" * 100_000, "one.json is no JSON (maximum recursion depth"),
    ],
)
def test_unknown_format_is_named_and_the_other_files_run(tmp_path: Path, content: object, said: str) -> None:
    shown = called(tmp_path, one=content, two=COMPOUND)
    assert shown.exit_code == 2
    assert said in shown.stderr
    assert "1 files, 1 cases: 1 passed" in shown.stdout


def test_missing_path_is_one_clear_line(tmp_path: Path) -> None:
    shown = called(tmp_path, "nowhere")
    assert shown.exit_code == 2
    assert "nowhere' does not exist" in shown.stderr
