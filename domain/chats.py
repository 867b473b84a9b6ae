"""Conversations of a member with its twin."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.inputs import given_text
from domain.members import Viewer
from domain.pages import Page, Slice

MAX_TEXT, MAX_CHAT_TITLE = 8_000, 120


class Sender(StrEnum):
    MEMBER = "MEMBER"
    TWIN = "TWIN"


class SourceKind(StrEnum):
    MEMORY = "MEMORY"
    FACT = "FACT"
    MESSAGE = "MESSAGE"


@dataclass(frozen=True, slots=True)
class Citation:
    """What an answer rests on: the source's id (a row id, a fact's uuid) and the words quoted."""

    kind: SourceKind
    source_id: str
    quote: str
    score: float


@dataclass(frozen=True, slots=True)
class ChatSession:
    id: int
    member_id: int
    title: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """`turn` counts the session's messages from 0. A twin's message is complete once its reply has ended."""

    id: int
    session_id: int
    turn: int
    sender: Sender
    content: str
    created_at: datetime
    complete: bool
    transaction_id: str
    citations: tuple[Citation, ...] = ()
    model: str | None = None
    degraded: bool = False


def checked_text(text: str) -> str:
    """Raises BadInput."""
    return given_text(text, MAX_TEXT, "text")


def checked_chat_title(title: str | None) -> str:
    """Raises BadInput."""
    return "Conversation" if title is None else given_text(" ".join(title.split()), MAX_CHAT_TITLE, "title")


class Chats(Protocol):
    """Sessions and messages inside one transaction. What is not the viewer's raises NotFound."""

    def start(self, member_id: int, title: str, *, at: datetime) -> ChatSession: ...

    def session(self, viewer: Viewer, session_id: int) -> ChatSession:
        """The session, held until the transaction ends."""

    def add(self, session_id: int, sender: Sender, content: str, *, complete: bool, at: datetime) -> ChatMessage: ...

    def unanswered(self, session_id: int) -> int | None:
        """The id of the twin's message that is still being written."""

    def message(self, message_id: int) -> ChatMessage:
        """Held until the transaction ends."""

    def owned(self, viewer: Viewer, message_id: int) -> ChatMessage: ...

    def save(self, message: ChatMessage, *, events: str | None) -> None:
        """`events`: the reply's whole event list as JSON, once it has ended."""

    def remove(self, session_id: int) -> None:
        """The session with its messages."""


class ChatReads(Protocol):
    """Chats as their member may read them; nobody else's are there."""

    async def sessions(self, viewer: Viewer, ids: list[int]) -> dict[int, ChatSession]: ...
    async def messages(self, viewer: Viewer, ids: list[int]) -> dict[int, ChatMessage]: ...
    async def page(self, viewer: Viewer, wanted: Slice) -> Page[ChatSession]: ...
    async def page_messages(self, viewer: Viewer, session_id: int, wanted: Slice) -> Page[ChatMessage]: ...
    async def pages_of_messages(
        self, viewer: Viewer, wanted: Slice, session_ids: list[int]
    ) -> dict[int, Page[ChatMessage]]:
        """The same slice of each conversation's messages."""

    async def recent(self, session_id: int, *, before_turn: int, limit: int) -> list[ChatMessage]:
        """The last raw turns before one, oldest first."""

    async def reply(self, message_id: int) -> tuple[ChatMessage, int]:
        """A twin's message and its member's id, whoever asks: for the worker. Raises NotFound."""

    async def any_sessions(self, ids: list[int]) -> dict[int, ChatSession]:
        """For the worker: whoever's."""

    async def newest(self, member_ids: list[int]) -> dict[int, ChatMessage]:
        """For the worker: by member the newest turn of its own, over all its chats."""

    async def newest_of(self, session_ids: list[int]) -> dict[int, ChatMessage]:
        """For the worker: by session the newest turn of its member."""

    async def ended_events(self, message_id: int) -> str | None:
        """The stored event list of a reply that has ended."""
