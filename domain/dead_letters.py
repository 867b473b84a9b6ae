"""Work that was given up, kept until an ADMIN or the operator drives it again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from domain.pages import Page, Slice


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`task` is a job's or an event's name, `payload` its arguments: ids, never anybody's text.

    `attempts` counts those since it was enqueued or last driven; `driven_at` is None while it waits to be driven.
    """

    id: int
    task: str
    code: str
    message: str
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime
    transaction_id: str
    payload: dict[str, Any]
    driven_at: datetime | None = None


class DeadLetters(Protocol):
    """Dead letters inside one transaction."""

    def locked(self, letter_id: int) -> DeadLetter:
        """Held until the transaction ends. Raises NotFound."""

    def drive(self, letter: DeadLetter, *, at: datetime) -> None:
        """Put its work back in line, with all its attempts before it."""


class DeadLetterReads(Protocol):
    async def by_ids(self, ids: list[int]) -> dict[int, DeadLetter]:
        """Driven ones too."""

    async def page(self, wanted: Slice) -> Page[DeadLetter]:
        """Those that wait to be driven, newest first."""
