"""Fencing: what a job changes counts only while its attempt owns it. A lease alone cannot tell: who slept past its own
wakes up believing that it holds it (Kleppmann, "How to do distributed locking")."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from domain.outbox import OutboxEntry

_attempt: ContextVar[OutboxEntry | None] = ContextVar("attempt", default=None)


class Fenced(Exception):
    """A later attempt owns the job, or it has ended: nothing of this one may be written any more."""


@contextmanager
def under(entry: OutboxEntry) -> Iterator[None]:
    """Every transaction begun inside, and in tasks started inside, holds this attempt against its row first."""
    token = _attempt.set(entry)
    try:
        yield
    finally:
        _attempt.reset(token)


def held() -> OutboxEntry | None:
    """The attempt that runs here; None outside of jobs."""
    return _attempt.get()
