"""Documents: uploaded files and how far they have been read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.entities import Mention
from domain.members import DAO_GROUP, Viewer, member_group
from domain.memories import ByteRange
from domain.pages import Page, Slice


class Visibility(StrEnum):
    """DAO: every member and twin may read it."""

    PRIVATE = "PRIVATE"
    DAO = "DAO"


class IngestionStatus(StrEnum):
    QUEUED = "QUEUED"
    EXTRACTING = "EXTRACTING"
    CHUNKING = "CHUNKING"
    REMEMBERING = "REMEMBERING"
    LINKING = "LINKING"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class IngestionError:
    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was received whole."""

    filename: str
    media_type: str
    bytes: int
    sha256: str
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class Document:
    """`seq` rises and `progress` (0..1) never falls with each stage; 1 only when DONE."""

    id: int
    seq: int
    member_id: int
    upload: Upload
    uploaded_at: datetime
    status: IngestionStatus
    progress: float
    transaction_id: str
    chunk_count: int = 0
    topic_ids: tuple[int, ...] = ()
    duplicate_of: int | None = None
    error: IngestionError | None = None

    @property
    def group(self) -> str:
        """Who may read it: its member, or all."""
        return DAO_GROUP if self.upload.visibility is Visibility.DAO else member_group(self.member_id)

    @property
    def ended(self) -> bool:
        """Nobody reads it, nor will by itself."""
        return self.status in (IngestionStatus.DONE, IngestionStatus.FAILED)

    @property
    def needs_bytes(self) -> bool:
        """They are to be read, or may be once more; a FAILED one that no retry helps is done with them."""
        return self.status is not IngestionStatus.FAILED or (self.error is not None and self.error.retryable)

    @property
    def blob_key(self) -> str:
        return f"{self.member_id}/{self.upload.sha256}"


class Documents(Protocol):
    """Documents inside one transaction."""

    def add(self, member_id: int, upload: Upload, *, duplicate_of: int | None, at: datetime) -> Document: ...

    def same(self, member_id: int, sha256: str, visibility: Visibility) -> Document | None:
        """The member's original with these bytes and this visibility, held, unless it FAILED."""

    def copies(self, document_id: int) -> "list[Document]":
        """Its duplicates, held."""

    def locked(self, document_id: int) -> Document:
        """Held until the transaction ends. Raises NotFound."""

    def owned(self, viewer: Viewer, document_id: int) -> Document:
        """The viewer's own, held. Raises NotFound, Forbidden when the viewer may only read it."""

    def save(self, document: Document) -> None: ...

    def save_mentions(self, document_id: int, mentions: Sequence[Mention]) -> None:
        """In place of those before."""

    def blob_used(self, key: str) -> bool:
        """A document needs the bytes of this `blob_key`."""

    def remove(self, document_id: int) -> list[int]:
        """The document and its duplicates; their ids."""


class DocumentReads(Protocol):
    """Documents as the viewer may read them: its own and the DAO's."""

    async def by_ids(self, viewer: Viewer, ids: list[int]) -> dict[int, Document]: ...
    async def mentions(self, document_ids: list[int]) -> dict[int, list[Mention]]:
        """At most 200 a document, in order."""

    async def page(self, viewer: Viewer, wanted: Slice) -> Page[Document]: ...
    async def pages_of_topics(self, viewer: Viewer, wanted: Slice, topic_ids: list[int]) -> dict[int, Page[Document]]:
        """The same slice of each topic's documents."""

    async def unread(self) -> int:
        """How many, whoever's, are neither DONE nor FAILED."""

    async def any_by_ids(self, ids: list[int]) -> dict[int, Document]:
        """For the worker: whoever's."""

    async def mentions_between(self, spans: dict[int, ByteRange]) -> dict[int, list[Mention]]:
        """By document, all that begin in its span, in order."""

    async def any_by_id(self, document_id: int) -> Document | None:
        """For the worker: whoever's."""
