"""What a twin recalls before it answers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.chats import ChatMessage
from domain.members import Viewer
from domain.models import Evidence
from domain.periods import Window
from domain.preferences import preference_of
from domain.sentences import sentences

MEMORIES, FACTS, TURNS = 5, 5, 6
HOP = 5
"""Memories that a second search adds, when the question describes one thing by another."""
FACT_DAYS = 90
"""Facts of this many days, unless the question names a period."""
OVERFETCH = 3
"""How many times as many memories are searched for as are kept."""
CHAT = "chat"
"""Source of what was said, not written."""
CHAT_SHARE, DOCUMENT_SHARE = 0.4, 0.6
"""Of the memories kept, at most these shares are idle chat lines, and passages of one document when others are near."""
FAR = 0.15
"""A passage whose score is lower by more is not close."""


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


def chosen(found: Sequence[Evidence], *, limit: int) -> list[Evidence]:
    """The first `limit`, in their order, of which neither chat lines nor one document crowd out the others.

    One-liners are near to any short question and say little; a line that states a preference is no idle one. What was
    passed over fills the places that stay free.
    """
    kept: list[Evidence] = []
    passed: list[Evidence] = []
    for each in found:
        (passed if len(kept) >= limit or _crowds(each, kept, found, limit) else kept).append(each)
    kept += passed[: limit - len(kept)]
    return [each for each in found if each in kept]


def _crowds(each: Evidence, kept: Sequence[Evidence], found: Sequence[Evidence], limit: int) -> bool:
    if each.source == CHAT:
        return is_idle(each) and sum(map(is_idle, kept)) >= limit * CHAT_SHARE
    if Counter(other.source for other in kept)[each.source] < limit * DOCUMENT_SHARE:
        return False
    least = each.citation.score - FAR
    return any(other.source not in (each.source, CHAT) and other.citation.score >= least for other in found)


def is_idle(evidence: Evidence) -> bool:
    """A chat line that states no preference."""
    text = evidence.text
    return evidence.source == CHAT and not any(preference_of(text[start:end]) for start, end in sentences(text))
