"""A machine's clock that somebody sets: the time goes on as it did, in this process and in those that it starts."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.steady import JUMP, SteadyClock
from app.supervisor import CLOCK, Program, start

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Machine:
    """What its two clocks show."""

    def __init__(self) -> None:
        self.seconds, self.wrong = 0.0, timedelta(0)

    def wall(self) -> datetime:
        return T0 + timedelta(seconds=self.seconds) + self.wrong

    def elapsed(self) -> float:
        return self.seconds

    def clock(self) -> SteadyClock:
        return SteadyClock(wall=self.wall, elapsed=self.elapsed)


@pytest.mark.parametrize("wrong", [HOUR, -HOUR])
def test_a_jump_is_left_out_until_it_is_put_right(wrong: timedelta) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.seconds, machine.wrong = 10, wrong
    assert (clock(), clock.jumped) == (T0 + timedelta(seconds=10), wrong)
    machine.seconds = 7200
    assert (clock(), clock.jumped) == (T0 + 2 * HOUR, wrong)
    machine.wrong = timedelta(0)
    assert (clock(), clock.jumped) == (T0 + 2 * HOUR, None)


def test_small_corrections_are_followed_however_many_they_are() -> None:
    machine = Machine()
    clock = machine.clock()
    for _ in range(10):
        machine.seconds += 60
        machine.wrong += JUMP
        assert (clock(), clock.jumped) == (machine.wall(), None)


@pytest.mark.parametrize("wrong", [HOUR, -HOUR])
def test_a_process_that_is_started_after_a_jump_goes_on_by_the_time_before(wrong: timedelta) -> None:
    machine = Machine()
    supervisor = machine.clock()
    machine.seconds, machine.wrong = 30, wrong
    said = supervisor.said()
    machine.seconds = 60
    child = machine.clock()
    assert child() == T0 + timedelta(minutes=1) + wrong
    child.go_on(said)
    assert (child(), child.jumped) == (T0 + timedelta(minutes=1), wrong)


async def test_every_child_is_told_the_time(tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = f"import os, pathlib; pathlib.Path({str(told)!r}).write_text(os.environ[{CLOCK!r}])"
    process = await start(Program("child", (sys.executable, "-c", code)))
    assert await asyncio.wait_for(process.wait(), 20) == 0
    child = SteadyClock()
    child.go_on(told.read_text())
    assert abs(child() - datetime.now(UTC)) < JUMP
