"""The database's time."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from adapters.sql.types import in_milliseconds
from adapters.sql.writer import connection_of

type Clock = Callable[[Session], datetime]
"""Tests and the demo seed pass their own; nobody else does."""


def database_clock(session: Session) -> datetime:
    """The time now, not the transaction's start: Postgres' now() would be older than a lock that was waited for.

    SQLite runs in this process: its clock is the machine's, and reading that directly spares every ballot a statement.
    """
    connection = connection_of(session)
    if connection.dialect.name == "sqlite":
        return in_milliseconds(datetime.now(UTC))
    now: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return in_milliseconds(now)
