"""One of the three places that turn an error into an answer: whether a failed job runs again, and when."""

from dataclasses import dataclass

from domain.errors import DomainError, Failure
from domain.replies import ReplyFenced

MAX_ATTEMPTS = 5
"""Attempts after which an error is final."""
MAX_CLAIMS = 10
"""Attempts after which a job is given up without running it: it seems to end its worker each time."""
FIRST_DELAY, FACTOR = 1.0, 3.0
FENCED_DELAY = 1.0


@dataclass(frozen=True, slots=True)
class Retry:
    after_seconds: float


@dataclass(frozen=True, slots=True)
class Dead:
    """Final. `error` is what its document or reply is told."""

    error: DomainError


def verdict(error: Exception, *, attempt: int, chance: float) -> Retry | Dead:
    """Delays of 1, 3, 9 and 27 s, each less up to a half by `chance` (0 to 1) so that retries spread out."""
    if isinstance(error, DomainError) and not error.retryable:
        return Dead(error)
    if attempt >= MAX_ATTEMPTS:
        return Dead(error if isinstance(error, DomainError) else unexpected())
    if isinstance(error, ReplyFenced):
        return Retry(FENCED_DELAY)
    return Retry(FIRST_DELAY * FACTOR ** (attempt - 1) * (1 - chance / 2))


def unexpected() -> Failure:
    return Failure("This failed for a reason of ours, which was recorded: try again later.")
