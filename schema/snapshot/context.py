"""What every resolver of one query sees, and how much one query may ask for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import strawberry

from domain.errors import BadInput
from domain.public import Counts, PublicProposal, PublicReads
from schema.snapshot.limits import MAX_FIELDS, MAX_TEXT

if TYPE_CHECKING:  # the nouns import this module
    from schema.snapshot.spaces import Space


@dataclass(slots=True)
class SnapshotContext:
    """One query of nobody in particular. `home` is the URL of this server, without a slash at its end."""

    public: PublicReads
    home: str
    now: datetime
    proposals: Callable[[int], Awaitable[PublicProposal | None]]
    scores: Callable[[PublicProposal], Awaitable[tuple[float, ...]]]
    space: "Callable[[], Awaitable[Space]]"
    counts: Callable[[], Awaitable[Counts]]
    founded_at: Callable[[], Awaitable[datetime | None]]
    votes_7d: Callable[[], Awaitable[int]]
    _text: int = field(default=0, init=False)
    _fields: int = field(default=0, init=False)

    def spend_text(self, text: str) -> str:
        """Raises BadInput once a query has asked for more than MAX_TEXT characters of bodies."""
        self._text += len(text)
        if self._text > MAX_TEXT:
            raise BadInput("The bodies are too long for one answer: ask for fewer rows, or leave `body` out.")
        return text

    def spend_fields(self, rows: int, fields: int) -> None:
        """Raises BadInput before a query fetches more than MAX_FIELDS values."""
        self._fields += rows * fields
        if self._fields > MAX_FIELDS:
            raise BadInput(
                f"This asks for more than {MAX_FIELDS} values: ask for fewer rows (`first`) or fewer fields a row."
            )


Info = strawberry.Info[SnapshotContext, None]
