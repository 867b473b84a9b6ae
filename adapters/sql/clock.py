"""The database's time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from adapters.sql.types import in_milliseconds
from adapters.sql.writer import connection_of

type Clock = Callable[[Session], datetime]
"""Tests and the demo seed pass their own; nobody else does."""

JUMP = timedelta(seconds=5)
"""More than this between two clocks of one machine is no correction by its time service."""


class PastClock:
    """What the clock of whoever tells a past is: what is left in the outbox then is dated by the database's own."""


def wall() -> datetime:
    return datetime.now(UTC)


def elapsed() -> float:
    """Seconds that only ever rise; on Linux also while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class DatabaseClock:
    """The time now, not the transaction's start: Postgres' now() would be older than a lock that was waited for.

    SQLite runs in this process, so its clock is the machine's, and reading that directly spares every ballot a
    statement. When somebody sets the machine's clock, votes must neither end early nor late: from a jump on the time
    goes on as the monotonic clock does, until an operator has put the clock right or restarted the process.
    """

    def __init__(self, *, wall: Callable[[], datetime] = wall, elapsed: Callable[[], float] = elapsed) -> None:
        self._wall, self._elapsed = wall, elapsed
        self._began = (wall(), elapsed())
        self._told = self._began
        """What a server said its time is, and when."""

    def __call__(self, session: Session) -> datetime:
        connection = connection_of(session)
        if connection.dialect.name == "sqlite":
            return in_milliseconds(self.machine())
        now: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        self._told = (now, self._elapsed())
        return in_milliseconds(now)

    def server(self) -> datetime:
        """A server's time without asking it, from when a command asked last. Nothing is decided by it: it tells a
        reader what a command would find, where this machine's clock may be set wrong."""
        told, at = self._told
        return told + timedelta(seconds=self._elapsed() - at)

    def machine(self) -> datetime:
        """The machine's time, jumps left out."""
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

    def _read(self) -> tuple[datetime, datetime, float]:
        (began, at), elapsed = self._began, self._elapsed()
        return self._wall(), began + timedelta(seconds=elapsed - at), elapsed


database_clock = DatabaseClock()
