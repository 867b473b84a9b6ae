"""A machine's time, with what somebody did to its clock left out."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

JUMP = timedelta(seconds=5)
"""More than this between two clocks of one machine is no correction by its time service."""

STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux' monotonic clock stands while the machine sleeps; that of macOS does not, but time.monotonic() there does."""


def wall() -> datetime:
    return datetime.now(UTC)


def elapsed() -> float:
    """Seconds that only ever rise, the same in all processes, also while the machine sleeps."""
    return time.clock_gettime(STEADY)


class SteadyClock:
    """The machine's clock until it jumps. From then on the time goes on as the monotonic clock does, until an operator
    has put the clock right."""

    def __init__(self, *, wall: Callable[[], datetime] = wall, elapsed: Callable[[], float] = elapsed) -> None:
        self._wall, self._elapsed = wall, elapsed
        self._began = (wall(), elapsed())

    def __call__(self) -> datetime:
        wall, steady, elapsed = self._read()
        if abs(wall - steady) > JUMP:
            return steady
        self._began = (wall, elapsed)
        return wall

    @property
    def jumped(self) -> timedelta | None:
        """How far the machine's clock stands from where it should be; None while it goes on as it did."""
        wall, steady, _ = self._read()
        return wall - steady if abs(wall - steady) > JUMP else None

    def said(self) -> str:
        """The time by this clock, for a process that is started now."""
        return f"{self().isoformat()} {self._elapsed()}"

    def go_on(self, said: str) -> None:
        """From what another process of this machine `said`: its clock may have been set since that one began."""
        moment, at = said.split()
        self._began = (datetime.fromisoformat(moment), float(at))

    def _read(self) -> tuple[datetime, datetime, float]:
        (began, at), elapsed = self._began, self._elapsed()
        return self._wall(), began + timedelta(seconds=elapsed - at), elapsed
