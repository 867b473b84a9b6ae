"""What a twin recalls before it answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.chats import ChatMessage
from domain.members import Viewer
from domain.models import Evidence
from domain.periods import Window

MEMORIES, FACTS, TURNS = 5, 5, 6
FACT_DAYS = 90
"""Facts of this many days, unless the question names a period."""


@dataclass(frozen=True, slots=True)
class Question:
    """A member's message at `turn` of a session, to be answered by its twin; `name` is the member's."""

    viewer: Viewer
    name: str
    session_id: int
    turn: int
    text: str
    asked_at: datetime


class Recall(Protocol):
    """Memories, facts and turns as the viewer may read them."""

    async def memories(self, viewer: Viewer, query: str, *, limit: int) -> list[Evidence]:
        """Best first. Raises RetrievalFailed."""

    async def facts(self, viewer: Viewer, query: str, *, window: Window, limit: int) -> list[Evidence]:
        """Best first, of facts in force at some time within the window. Raises RetrievalFailed."""

    async def turns(self, session_id: int, *, before_turn: int, limit: int) -> list[ChatMessage]:
        """The last turns before one, oldest first."""
