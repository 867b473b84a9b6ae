"""What becomes of a job that failed."""

from pathlib import Path

import pytest

from domain.errors import BadInput, DomainError, IngestionFailed, NotFound, Unreadable
from domain.replies import ReplyFenced
from jobs.policy import MAX_ATTEMPTS, Dead, Retry, verdict
from jobs.registry import TASKS


@pytest.mark.parametrize("error", [BadInput("no"), NotFound("no"), Unreadable("no")])
def test_what_no_retry_can_mend_is_final_at_once(error: DomainError) -> None:
    assert verdict(error, attempt=1, chance=0.0) == Dead(error)


def test_delays_grow_and_spread() -> None:
    error = IngestionFailed("x")
    assert [verdict(error, attempt=n, chance=0.0) for n in range(1, 5)] == [Retry(1), Retry(3), Retry(9), Retry(27)]
    assert [verdict(error, attempt=n, chance=1.0) for n in range(1, 5)] == [
        Retry(0.5),
        Retry(1.5),
        Retry(4.5),
        Retry(13.5),
    ]
    assert verdict(error, attempt=MAX_ATTEMPTS, chance=0.0) == Dead(error)


def test_an_unexpected_error_is_retried_and_then_told_without_its_words() -> None:
    assert verdict(ValueError("secret"), attempt=1, chance=0.0) == Retry(1)
    final = verdict(ValueError("secret"), attempt=MAX_ATTEMPTS, chance=0.0)
    assert isinstance(final, Dead)
    assert (final.error.code, "secret" in final.error.message) == ("INTERNAL", False)


def test_a_fenced_reply_is_tried_again() -> None:
    assert verdict(ReplyFenced(), attempt=1, chance=0.5) == Retry(1.0)


def test_every_enqueued_name_is_a_task() -> None:
    services = Path(__file__).parents[2] / "services"
    sources = "".join(path.read_text() for path in services.glob("*.py"))
    enqueued = {part.split('"')[0] for part in sources.split('enqueue("')[1:]}
    assert enqueued <= TASKS.keys()
    assert enqueued
