"""Reading a document: text, chunks, entities and topics, memories, then both indexes.

Every step can be repeated: after a crash the document is read again from its beginning and nothing is doubled.
"""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched
from typing import Protocol

from domain.blobs import Blobs
from domain.chunking import Chunk, Passage
from domain.crashes import passing
from domain.documents import Document, DocumentReads, IngestionError, IngestionStatus
from domain.entities import Entities, Mention
from domain.errors import DomainError, Failure, NotFound, Unreadable
from domain.events import DocumentChanged, MemoriesRemoved
from domain.facts import Graph, GraphBatch
from domain.fences import Fenced
from domain.members import MemberReads
from domain.memories import ByteRange, Memory, MemoryDomain, MemoryIndex, MemoryKind, MemoryReads, NewMemory
from domain.memory_projections import passage_batch
from domain.preferences import preference_of
from domain.projections import document_batch
from domain.relations import stated_in
from domain.sentences import sentences
from domain.texts import Texts
from domain.topics import TopicReads, topics_in
from domain.transactions import Transact, Work

SLICE = 200
"""Rows a write transaction, so that ingestion never delays a ballot."""
INDEX_SLICE = 64
"""Memories embedded at once: a step of visible progress."""
DOCUMENT_IMPORTANCE, PREFERENCE_IMPORTANCE = 0.5, 0.7


@dataclass(frozen=True, slots=True)
class Reading:
    """What reads: the engines, and the cutting of a text as they see it."""

    texts: Texts
    entities: Entities
    chunks: Callable[[str], list[Chunk]]


@dataclass(frozen=True, slots=True)
class Indexes:
    """Where memories and facts are found again."""

    memories: MemoryIndex
    graph: Graph


class IngestionReads(Protocol):
    """Of a process' reads, those that ingestion needs."""

    @property
    def documents(self) -> DocumentReads: ...
    @property
    def members(self) -> MemberReads: ...
    @property
    def memories(self) -> MemoryReads: ...
    @property
    def topics(self) -> TopicReads: ...


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was found in a document's text."""

    chunks: list[Chunk]
    mentions: list[Mention]
    topics: list[str]


class Ingestion:
    def __init__(
        self, transact: Transact, reads: IngestionReads, blobs: Blobs, *, reading: Reading, indexes: Indexes
    ) -> None:
        self._transact = transact
        self._reads = reads
        self._blobs = blobs
        self._reading = reading
        self._indexes = indexes

    async def run(self, document_id: int) -> None:
        """Read the document to DONE, or to FAILED when the file itself cannot be read. Raises Failure for the rest:
        what an engine refuses is no fault of the file, even if no second try helps."""
        document = await self._reads.documents.any_by_id(document_id)
        if document is None or document.status is IngestionStatus.DONE:
            return None
        if document.status is IngestionStatus.FAILED:  # by an attempt that died before the graph knew
            return await self._indexes.graph.forget(document.group, [f"document:{document_id}"])
        try:
            await self._read(document)
        except Unreadable as failure:
            await self.fail(document_id, failure)
        return None

    async def fail(self, document_id: int, failure: DomainError) -> None:
        """Give the document up: no memories, and its error says what to do. Its bytes stay when what failed was ours,
        so that it can be read again once that is mended."""
        document = await self._reads.documents.any_by_id(document_id)
        if document is None:
            return
        again = isinstance(failure, Failure) and not isinstance(failure, Unreadable)
        error = IngestionError(failure.code, failure.message, retryable=again)

        def command(work: Work) -> None:
            locked = work.documents.locked(document_id)
            work.emit(MemoriesRemoved(locked.group, tuple(work.memories.remove_of_document(document_id))))
            for each in (locked, *work.documents.copies(document_id)):
                _save(work, replace(each, status=IngestionStatus.FAILED, error=error, chunk_count=0))
            if not again and not work.documents.blob_used(locked.blob_key):
                work.enqueue("remove_blob", locked.blob_key)

        try:
            await self._transact(command)
        except NotFound:  # deleted meanwhile: what its deletion left makes the indexes forget it
            return
        passing("ingest.given-up")
        await self._indexes.graph.forget(document.group, [f"document:{document_id}"])

    async def _read(self, document: Document) -> None:
        indexed: list[int] = []
        try:
            await self._stage(document.id, IngestionStatus.EXTRACTING, 0.05)
            text = await self._text(document)
            passing("ingest.text-read")
            await self._stage(document.id, IngestionStatus.CHUNKING, 0.2)
            extracted = await self._extract(document, text)
            await self._remember(document, extracted, indexed)
            await self._link(document.id, extracted)
        except NotFound:
            await self.withdraw(document.id, document.group, indexed)
        except (Fenced, asyncio.CancelledError):
            await self.withdraw(document.id, document.group, indexed)
            raise

    async def withdraw(self, document_id: int, group: str, memory_ids: Sequence[int]) -> None:
        """Take back what an attempt wrote into the indexes after its rows were removed, and the indexes had forgotten
        them. Ids of removed rows never come again, so that this is right whenever it happens."""
        kept = await self._reads.memories.all_by_ids(memory_ids)
        gone = [memory_id for memory_id in memory_ids if memory_id not in kept]
        keys = [f"memory:{memory_id}" for memory_id in gone]
        document = await self._reads.documents.any_by_id(document_id)
        if document is None or document.status is IngestionStatus.FAILED:
            keys.append(f"document:{document_id}")
        if gone:
            await self._indexes.memories.remove(gone)
        if keys:
            await self._indexes.graph.forget(group, keys)

    async def _text(self, document: Document) -> str:
        async with self._blobs.local(document.blob_key) as path:
            return await self._reading.texts.extract(path, document.upload.media_type)

    async def _extract(self, document: Document, text: str) -> Extracted:
        """Pure work runs on a thread, so that the job's heartbeat goes on."""
        chunks = await asyncio.to_thread(self._reading.chunks, text)
        passages = passages_of(chunks)
        found = await self._reading.entities.extract([passage.text for passage in passages])
        mentions = [
            placed(mention, passage) for passage, inside in zip(passages, found, strict=True) for mention in inside
        ]
        topics = await asyncio.to_thread(topics_in, text, mentions, document.upload.filename)
        return Extracted(chunks, mentions, topics)

    async def _remember(self, document: Document, extracted: Extracted, indexed: list[int]) -> None:
        """Memories as rows, in slices; then what the document mentions; then their index, its ids in `indexed`."""
        await self._stage(document.id, IngestionStatus.REMEMBERING, 0.35, chunks=len(extracted.chunks))
        memories = memories_of(document, extracted.chunks)
        for rows in batched(memories, SLICE):
            await self._transact(partial(_store, document_id=document.id, rows=rows))
            passing("ingest.remembered")

        def describe(work: Work) -> None:
            locked = work.documents.locked(document.id)
            work.documents.save_mentions(document.id, extracted.mentions)
            _save(work, replace(locked, topic_ids=work.topics.ensure(extracted.topics)))

        await self._transact(describe)
        passing("ingest.described")
        await self._index(document.id, indexed)

    async def _index(self, document_id: int, indexed: list[int]) -> None:
        memories = await self._reads.memories.of_source(document_id=document_id)
        for slice_ in batched(memories, INDEX_SLICE):
            indexed += [memory.id for memory in slice_]
            passing("ingest.indexing")
            await ended(self._indexes.memories.add_batch(slice_))
            passing("ingest.indexed")
            await self._stage(document_id, IngestionStatus.REMEMBERING, 0.4 + 0.4 * len(indexed) / len(memories))

    async def _link(self, document_id: int, extracted: Extracted) -> None:
        await self._stage(document_id, IngestionStatus.LINKING, 0.85)
        document = await self._reads.documents.any_by_id(document_id)
        if document is None:
            raise NotFound("The document was deleted.")
        topics = await self._reads.topics.all_by_ids(list(document.topic_ids))
        memories = await self._reads.memories.of_source(document_id=document_id)
        member = (await self._reads.members.by_ids([document.member_id]))[document.member_id]
        batch = document_batch(document, member, topics=[topics[topic_id] for topic_id in document.topic_ids])
        passages = await asyncio.to_thread(passages_in_graph, document, memories, extracted.mentions)
        passing("ingest.linking")
        await ended(self._indexes.graph.record([batch, *passages]))
        passing("ingest.linked")
        await self._stage(document_id, IngestionStatus.DONE, 1.0)
        passing("ingest.done")

    async def _stage(
        self, document_id: int, status: IngestionStatus, progress: float, *, chunks: int | None = None
    ) -> None:
        """Raises NotFound when the document was deleted."""

        def command(work: Work) -> None:
            locked = work.documents.locked(document_id)
            count = locked.chunk_count if chunks is None else chunks
            _save(work, replace(locked, status=status, progress=max(progress, locked.progress), chunk_count=count))
            if status is IngestionStatus.DONE:
                _revive_copies(work, document_id)

        await self._transact(command)


async def ended(writing: Coroutine[None, None, None]) -> None:
    """Waits for it when it is cancelled too: what it wrote can be taken back only when it writes no more."""
    task = asyncio.create_task(writing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _store(work: Work, document_id: int, rows: Sequence[NewMemory]) -> None:
    locked = work.documents.locked(document_id)
    work.memories.add_batch(rows, at=locked.uploaded_at)


def _revive_copies(work: Work, document_id: int) -> None:
    """They FAILED with their original, which was read again."""
    for copy in work.documents.copies(document_id):
        if copy.status is IngestionStatus.FAILED:
            _save(work, replace(copy, status=IngestionStatus.DONE, error=None))


def _save(work: Work, document: Document) -> None:
    work.documents.save(replace(document, seq=document.seq + 1))
    work.emit(DocumentChanged(document.id))


def passages_of(chunks: Sequence[Chunk]) -> list[Passage]:
    return [passage for chunk in chunks for passage in chunk.passages]


def passages_in_graph(document: Document, memories: Sequence[Memory], mentions: Sequence[Mention]) -> list[GraphBatch]:
    """Of each memory only the mentions inside it are looked at: both are in order of their place."""
    ordered = sorted(mentions, key=lambda mention: mention.start)
    starts = [mention.start for mention in ordered]
    batches = []
    for memory in memories:
        place = memory.content.byte_range
        near = ordered[bisect_left(starts, place.start) : bisect_left(starts, place.end)] if place else []
        batches.append(passage_batch(memory, document, stated_in(memory, near)))
    return batches


def placed(mention: Mention, passage: Passage) -> Mention:
    """Its offsets in the whole text."""
    return replace(mention, start=mention.start + passage.range.start, end=mention.end + passage.range.start)


def memories_of(document: Document, chunks: Sequence[Chunk]) -> list[NewMemory]:
    """A memory for each passage, with its exact place in the stored text."""
    return [
        NewMemory(
            member_id=document.member_id,
            group=document.group,
            domain=MemoryDomain.DOC,
            kind=MemoryKind.PREFERENCE if preferred else MemoryKind.FACT,
            source=document.upload.filename,
            text=passage.text,
            importance=PREFERENCE_IMPORTANCE if preferred else DOCUMENT_IMPORTANCE,
            position=position,
            document_id=document.id,
            byte_range=ByteRange(passage.range.start, passage.range.end),
        )
        for position, passage in enumerate(passages_of(chunks))
        for preferred in [states_preference(passage.text)]
    ]


def states_preference(text: str) -> bool:
    return any(preference_of(text[start:end]) for start, end in sentences(text))
