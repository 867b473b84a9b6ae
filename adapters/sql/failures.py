"""What the database itself fails with, as the house knows it. A fault of our own statements stays what it is."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.errors import StoreFailed

log = logging.getLogger(__name__)

SQLITE = {
    5: "is busy",
    6: "is busy",
    8: "can only be read",
    10: "cannot reach its disk",
    13: "has no space left on its disk",
    14: "cannot be opened",
}
"""By SQLite's primary result code (https://sqlite.org/rescode.html)."""
POSTGRES = {
    "08": "does not answer",
    "28": "refuses this name or password",
    "3D": "is not on this server",
    "53": "has no room left",
    "55": "is busy",
    "57": "is being stopped",
    "58": "cannot reach its disk",
}
"""By SQLSTATE's class."""
FULL, TOO_LONG = "53100", "57014"


@contextmanager
def store_failures() -> Iterator[None]:
    """Raises StoreFailed; what went wrong in words for everybody, the rest in the log."""
    try:
        yield
    except (DBAPIError, PoolTimeout, OSError) as error:
        ill = ailment(error)
        if ill is None:
            raise
        log.warning("The database %s: %s", ill, error)
        raise StoreFailed(f"The database {ill}. Try again later.") from error


def ailment(error: Exception) -> str | None:
    """None for what is not the database's failure."""
    if isinstance(error, PoolTimeout):
        return "is busy"
    if not isinstance(error, DBAPIError):
        return "does not answer"
    original = error.orig
    if (code := getattr(original, "sqlite_errorcode", None)) is not None:
        return SQLITE.get(code & 0xFF)
    state = getattr(original, "sqlstate", None)
    if state == FULL:
        return SQLITE[13]
    if state == TOO_LONG:
        return "is busy"
    if error.connection_invalidated:
        return "does not answer"
    return POSTGRES.get(state[:2]) if state else None
