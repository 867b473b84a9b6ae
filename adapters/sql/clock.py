"""The database's time."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from adapters.sql.types import in_milliseconds

type Clock = Callable[[Session], datetime]
"""Tests and the demo seed pass their own; nobody else does."""


def database_clock(session: Session) -> datetime:
    """The time now, not the transaction's start: Postgres' now() would be older than a lock that was waited for."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        stamp = connection.exec_driver_sql("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')").scalar_one()
        return datetime.fromisoformat(str(stamp)).replace(tzinfo=UTC)
    now: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return in_milliseconds(now)
