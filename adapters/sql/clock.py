"""The database's time."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from adapters.sql.types import in_milliseconds
from adapters.sql.writer import connection_of
from adapters.steady import SteadyClock, elapsed, wall

type Clock = Callable[[Session], datetime]
"""Tests and the demo seed pass their own; nobody else does."""


class PastClock:
    """What the clock of whoever tells a past is: what is left in the outbox then is dated by the database's own."""


class DatabaseClock:
    """The time now, not the transaction's start: Postgres' now() would be older than a lock that was waited for.

    SQLite runs in this process, so its clock is the machine's, and reading that directly spares every ballot a
    statement. When somebody sets that one, votes must neither end early nor late: jumps are left out.
    """

    def __init__(self, *, wall: Callable[[], datetime] = wall, elapsed: Callable[[], float] = elapsed) -> None:
        self.machine = SteadyClock(wall=wall, elapsed=elapsed)
        self._elapsed = elapsed
        self._told = (wall(), elapsed())
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


database_clock = DatabaseClock()
