"""A twin's reply as events with a rising seq, resumable from any of them."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from domain.bus import Listener
from domain.chats import Citation, SourceKind


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
"""A reply's last event is ReplyDone or ReplyFailed; nothing follows it."""


@dataclass(frozen=True, slots=True)
class Sequenced:
    """An event at its place; the first has seq 0."""

    seq: int
    event: ReplyEvent


type Tap = Callable[[Sequenced], bool]
"""Is offered an event while its follower waits for one. True: taken, it is not told again. Must neither
wait nor raise."""


def ends(event: ReplyEvent) -> bool:
    return isinstance(event, ReplyDone | ReplyFailed)


def encode(event: ReplyEvent) -> str:
    """One event as JSON, in ASCII: half a surrogate pair from a model must not stop the stream."""
    return json.dumps(fields_of(event), separators=(",", ":"))


def decode(text: str | bytes) -> ReplyEvent:
    """What `encode` made. Raises ValueError for anything else."""
    return event_of(json.loads(text))


def dump(events: list[Sequenced]) -> str:
    """A reply's whole event list as JSON, a place for each seq. Raises ValueError when one is missing."""
    if [each.seq for each in events] != list(range(len(events))):
        raise ValueError("A reply's stored events must be whole: seq 0, 1, 2 and so on.")
    return "[" + ",".join(encode(each.event) for each in events) + "]"


def load(text: str) -> list[Sequenced]:
    return [Sequenced(seq, event_of(fields)) for seq, fields in enumerate(json.loads(text))]


def fields_of(event: ReplyEvent) -> dict[str, Any]:
    match event:
        case ReplyToken(text):
            return {"type": "token", "text": text}
        case ReplyContext(citations, degraded):
            cited = [[each.kind, each.source_id, each.quote, each.score] for each in citations]
            return {"type": "context", "citations": cited, "degraded": degraded}
        case ReplyDone():
            return {"type": "done"}
        case ReplyFailed(code, message, retryable):
            return {"type": "failed", "code": code, "message": message, "retryable": retryable}


def event_of(fields: dict[str, Any]) -> ReplyEvent:
    match fields:
        case {"type": "token", "text": text}:
            return ReplyToken(text)
        case {"type": "context", "citations": cited, "degraded": degraded}:
            return ReplyContext(tuple(Citation(SourceKind(kind), *rest) for kind, *rest in cited), degraded)
        case {"type": "done"}:
            return ReplyDone()
        case {"type": "failed", "code": code, "message": message, "retryable": retryable}:
            return ReplyFailed(code, message, retryable)
    raise ValueError(f"Not a reply's event: {fields!r:.80}")


class ReplyWriter(Protocol):
    """Writes one reply's events in order; only one writer of a reply gets through."""

    def put(self, event: ReplyEvent) -> None:
        """Never waits. Neighbouring tokens that were not sent yet are merged before they get their seq.

        Raises ReplyFenced once it is known that another writes this reply.
        """

    async def flushed(self) -> list[Sequenced]:
        """Wait until all that was put is out; every event so far. Raises ReplyFenced when another writes this reply."""


class ReplyFenced(Exception):
    """Another worker has taken this reply over."""


class Replies(Protocol):
    """The event streams of replies, for a quarter of an hour after their last event."""

    async def writer(self, reply_id: int) -> tuple[ReplyWriter, list[Sequenced]]:
        """A writer and the events that an earlier attempt left."""

    async def restart(self, reply_id: int) -> None:
        """Forget its events, and that it was asked to stop: the next writer begins with seq 0."""

    def follow(self, reply_id: int, *, after_seq: int, tap: Tap | None = None) -> AsyncGenerator[Sequenced]:
        """Events with a higher seq, each once and in order, until the last; joins before the first, live or late.

        A reply whose stream is gone is served from SQL. Any event but the last may be offered to `tap`, which spares
        waking the follower for it.
        """

    async def stop(self, reply_id: int) -> None:
        """Ask the worker that writes it to stop, or will."""

    def stopped(self, reply_id: int) -> AbstractAsyncContextManager[Listener]:
        """Waiting is True once somebody has asked, before entering or after, and stays so."""
