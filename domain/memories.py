"""Memories: passages of what a member wrote or said. SQL holds text and truth; `MemoryIndex` can be rebuilt from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.lineage import Trace
from domain.members import Viewer
from domain.pages import Page, Slice


class MemoryDomain(StrEnum):
    """Where a memory came from."""

    DOC = "DOC"
    CHAT = "CHAT"
    TWEET = "TWEET"
    TELEGRAM = "TELEGRAM"
    VOTE = "VOTE"


class MemoryKind(StrEnum):
    """What it is."""

    FACT = "FACT"
    PREFERENCE = "PREFERENCE"
    EPISODE = "EPISODE"
    SUMMARY = "SUMMARY"
    VOICE = "VOICE"


@dataclass(frozen=True, slots=True)
class ByteRange:
    """UTF-8 bytes of the document's stored text, half-open."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class NewMemory:
    """A passage to be remembered; `position` is its number within its source, 0 first.

    `group` says who may read it: `member_<id>` or `dao`. `source` names it for people: a filename or "chat".
    """

    member_id: int
    group: str
    domain: MemoryDomain
    kind: MemoryKind
    source: str
    text: str
    importance: float
    position: int = 0
    document_id: int | None = None
    message_id: int | None = None
    session_id: int | None = None
    turn: int | None = None
    byte_range: ByteRange | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    id: int
    content: NewMemory
    created_at: datetime
    transaction_id: str


@dataclass(frozen=True, slots=True)
class MemoryFilter:
    domains: tuple[MemoryDomain, ...] = ()
    kinds: tuple[MemoryKind, ...] = ()
    min_importance: float | None = None
    created_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScoredId:
    """A hit of an index; `score` is a cosine-like relevance, 0..1, higher is nearer."""

    id: int
    score: float


@dataclass(frozen=True, slots=True)
class HeldMemory:
    """What an index holds, under its own name for it. `id`: the memory it is the one entry of; None for a stray."""

    ref: str
    id: int | None
    group: str


class MemoryIndex(Protocol):
    """Nearest memories by meaning and words. Adding the same memory twice leaves one."""

    async def add_batch(self, memories: Sequence[Memory]) -> None:
        """Raises SyncFailed."""

    async def search(
        self, groups: Sequence[str], query: str, *, limit: int, where: MemoryFilter, at: datetime
    ) -> list[ScoredId]:
        """Best first, over these groups only; what has expired at `at` is absent. Raises RetrievalFailed."""

    async def remove(self, memory_ids: Sequence[int]) -> None:
        """Forgetting what is not there is no error. Raises SyncFailed."""

    async def ids(self, group: str) -> set[int]:
        """All ids held for a group, to compare with SQL."""

    async def lineage(self, transaction_id: str) -> list[Trace]:
        """Every memory, of whatever group, whose metadata carry this `transaction_id`; store "memories".

        Its kind is its domain (DOC, CHAT, ...), its key `memory:<id>`. Sorted by id; no texts. For an operator: it may
        walk everything. Raises RetrievalFailed.
        """

    async def missing(self, memories: Sequence[Memory]) -> set[int]:
        """Ids of those, of at most 500, that are not held exactly so and once. Raises RetrievalFailed.

        Not so: nothing is there, another text, group or field is, or there is no vector to find it by.
        """

    async def held(self, after: str, *, limit: int) -> tuple[list[HeldMemory], str]:
        """A slice of all that is held, whoever's, and where the next one begins.

        Start with ""; "" comes back with the last slice. About `limit` entries in the store's own order; what is there
        from the first slice to the last is in one. Raises RetrievalFailed.
        """

    async def lacking(self) -> list[str]:
        """What searches go by and is not there, in the engine's words; nothing while nothing is held at all. Raises
        RetrievalFailed.
        """

    async def index(self) -> None:
        """Make what is lacking. Raises SyncFailed."""

    async def discard(self, refs: Sequence[str]) -> None:
        """Remove entries by `HeldMemory.ref`. One that is gone is no error. Raises SyncFailed."""


class Memories(Protocol):
    """Memories inside one transaction."""

    def add_batch(self, memories: Sequence[NewMemory], *, at: datetime) -> list[int]:
        """Their ids. One with the same source and position is there already and left as it is."""

    def remove_of_document(self, document_id: int) -> list[int]: ...

    def remove_of_session(self, session_id: int) -> list[int]: ...

    def remove(self, viewer: Viewer, memory_id: int) -> Memory:
        """The viewer's own only; what was forgotten. Raises NotFound."""


class MemoryReads(Protocol):
    """Memories as the viewer may read them: its own and the DAO's."""

    async def by_ids(self, viewer: Viewer, ids: Iterable[int]) -> dict[int, Memory]: ...

    async def all_by_ids(self, ids: Iterable[int]) -> dict[int, Memory]:
        """For projections only: whatever their group."""

    async def of_source(self, *, document_id: int | None = None, message_id: int | None = None) -> list[Memory]:
        """For projections only: a document's or a turn's passages in order."""

    async def page(self, viewer: Viewer, wanted: Slice, where: MemoryFilter) -> Page[Memory]:
        """What the viewer's own twin remembers."""
