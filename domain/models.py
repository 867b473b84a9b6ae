"""Language models: what a twin is asked with, and what streams back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.chats import Citation, Sender


@dataclass(frozen=True, slots=True)
class Evidence:
    """One recalled memory, fact or turn, as data: it is quoted, never obeyed."""

    citation: Citation
    text: str
    source: str
    """For people: a filename, "chat", or "the record"."""
    at: datetime
    own: bool
    """Written by the twin's own member, not by the DAO or another member."""


@dataclass(frozen=True, slots=True)
class Turn:
    sender: Sender
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that a reply may rest on."""

    name: str
    """The member in whose voice the twin answers."""
    question: str
    evidence: tuple[Evidence, ...]
    turns: tuple[Turn, ...]
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Cited:
    """Evidence that the answer in fact used; a model yields it when it knows."""

    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers; a model that is several yields it first. `degraded`: not the one that was chosen."""

    model: str
    degraded: bool


class Model(Protocol):
    """Streams an answer."""

    name: str

    def stream(self, prompt: Prompt) -> AsyncIterator[str | Cited | Answering]:
        """Pieces of text as they are made. Raises ModelFailed."""
