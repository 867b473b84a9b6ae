"""A twin's reply as events with a rising seq, resumable from any of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from domain.chats import Citation


@dataclass(frozen=True, slots=True)
class ReplyContext:
    """What was recalled, before the first token."""

    citations: tuple[Citation, ...]
    degraded: bool


@dataclass(frozen=True, slots=True)
class ReplyToken:
    text: str


@dataclass(frozen=True, slots=True)
class ReplyDone:
    """The message is stored and complete."""


@dataclass(frozen=True, slots=True)
class ReplyFailed:
    code: str
    message: str
    retryable: bool


type ReplyEvent = ReplyContext | ReplyToken | ReplyDone | ReplyFailed


@dataclass(frozen=True, slots=True)
class Sequenced:
    """An event at its place; the first has seq 0."""

    seq: int
    event: ReplyEvent


class ReplyWriter(Protocol):
    """Writes one reply's events in order; only one writer of a reply gets through."""

    def put(self, event: ReplyEvent) -> None:
        """Never waits. Neighbouring tokens that were not sent yet are merged before they get their seq."""

    async def flushed(self) -> list[Sequenced]:
        """Wait until all that was put is out; every event so far. Raises ReplyFenced when another writes this reply."""


class ReplyFenced(Exception):
    """Another worker has taken this reply over."""


class Replies(Protocol):
    """The event streams of replies, for a quarter of an hour after their last event."""

    async def writer(self, reply_id: int) -> tuple[ReplyWriter, list[Sequenced]]:
        """A writer and the events that an earlier attempt left."""

    def follow(self, reply_id: int, *, after_seq: int) -> AsyncIterator[Sequenced]:
        """Events with a higher seq, each once and in order, until the last; joins before the first, live or late.

        A reply whose stream is gone is served from SQL.
        """

    async def stop(self, reply_id: int) -> None:
        """Ask the worker that writes it to stop."""
