"""What other systems' tests expect of a vote, asked of our counting: each case of the files that are given.

They lie outside the repository: where they are not, every test here is skipped. `frontier eval vectors` runs the same.
"""

from pathlib import Path

import pytest

from domain.decisions import decide_on_quorum
from domain.rules import Rules
from domain.tally import Tally
from evals.vectors.outcomes import Outcome
from evals.vectors.runs import files, parsed, run

FOLDER = Path(__file__).parents[3] / "shared" / "vectors"
THERE = FOLDER.is_dir()
RUNS = [run(file) for file in files([FOLDER])] if THERE else []
OUTCOMES = [
    pytest.param(outcome, id=f"{each.file.stem}-{number}-{outcome.name}")
    for each in RUNS
    for number, outcome in enumerate(each.outcomes)
]

there = pytest.mark.skipif(not THERE, reason="the vectors are not there")


@pytest.mark.parametrize(
    "outcome", OUTCOMES or [pytest.param(None, marks=pytest.mark.skip(reason="the vectors are not there"))]
)
def test_case_comes_out_as_it_does_elsewhere(outcome: Outcome) -> None:
    if outcome.status == "skipped":
        pytest.skip(outcome.detail)
    assert outcome.status == "passed", outcome.detail


@there
def test_less_than_a_tenth_of_all_cases_is_skipped() -> None:
    assert sum(len(each.of("skipped")) for each in RUNS) * 10 < len(OUTCOMES)


@there
def test_each_case_of_a_file_has_one_outcome() -> None:
    given = [len(data.get("cases", data.get("rows", ()))) for each in RUNS for data in [parsed(each.file)]]
    assert [len(each.outcomes) for each in RUNS] == given
    assert all(given)


@there
def test_on_quorum_closes_exactly_the_rows_of_the_grid_that_pass() -> None:
    rows = parsed(FOLDER / "threshold-grid.json")["rows"]
    assert [decide_on_quorum(Rules().criteria, Tally(*row[:4])) is not None for row in rows] == [
        bool(row[5]) for row in rows
    ]
