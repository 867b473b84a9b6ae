"""Planning crashes, and dying of them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import BadSettings, load_settings
from domain.crashes import arm, passing, planned_in

COUNTS = """
from app.crashes import arm_crashes
from domain.crashes import passing
arm_crashes("vote.committed:3,job.ended:9")
for number in range(1, 5):
    print(number, flush=True)
    passing("vote.committed")
"""


@pytest.fixture
def deaths() -> Iterator[list[str]]:
    """What would have killed the process."""
    yield []
    arm({}, lambda: None)


def test_points_and_passes_are_read() -> None:
    plan = planned_in("job.ended:2, vote.committed:1,job.ended:5,")
    assert plan == {"job.ended": frozenset({2, 5}), "vote.committed": frozenset({1})}


def test_nothing_is_planned_without_a_word() -> None:
    assert planned_in("") == {}


@pytest.mark.parametrize("text", ["job.ended", "job.ended:", "job.ended:0", "job.ended:-1", "job.ended:two"])
def test_a_pass_without_its_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"give job\.ended a number from 1: job\.ended:1 is its first pass"):
        planned_in(text)


def test_an_unknown_point_is_refused_with_all_that_there_are() -> None:
    with pytest.raises(
        BadSettings, match=r"^CRASH_AT: there is no crash point 'job\.finished': use .*job\.ended, "
    ) as told:
        load_settings(crash_at="job.finished:1")
    assert "\n" not in str(told.value)


def test_an_armed_point_kills_at_its_passes_and_no_other(deaths: list[str]) -> None:
    arm({"job.ended": frozenset({2, 3})}, lambda: deaths.append("job.ended"))
    found = []
    for _ in range(5):
        passing("job.ended")
        passing("job.begun")
        found.append(len(deaths))
    assert found == [0, 1, 2, 2, 2]


def test_a_process_dies_of_sigkill_at_the_pass_that_it_was_given() -> None:
    done = subprocess.run([sys.executable, "-c", COUNTS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "1\n2\n3\n")


def test_a_worker_with_an_unknown_point_does_not_start(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "app.cli", "worker", "--data-dir", str(tmp_path)]
    environment = {**os.environ, "CRASH_AT": "vote.lost:1"}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: CRASH_AT: there is no crash point 'vote.lost': use transaction.written, ")
    assert len(done.stderr.splitlines()) == 1
