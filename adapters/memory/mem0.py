"""The memory index: Mem0 open source, in process, its vectors in FalkorDB or in Postgres with pgvector."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any

from adapters.graph.records import microseconds
from adapters.graph.texts import DEADLINE, plain_text, reason
from adapters.memory.mem0_import import imported
from adapters.memory.metadata import checked_group, hash_of, metadata_of, text_of
from adapters.memory.search import Row
from domain.embeddings import Embedder, Vector
from domain.errors import Failure, RetrievalFailed, SyncFailed
from domain.lineage import Trace
from domain.memories import HeldMemory, Memory, MemoryFilter, ScoredId

if TYPE_CHECKING:
    from mem0.memory.main import Memory as Mem0

SLICE = 200
INDEX_SECONDS = 600.0
"""Postgres builds an index at once, however many memories it holds."""


class Mem0Memories:
    """`MemoryIndex` on the server at `url`, in its graph or table `name`. Mem0 is imported with the first call.

    A hit's score is the cosine of query and memory, cut to 0..1; the order comes from cosine and words together
    (adapters/graph/fusion.py), so a hit may stand above one of a higher score. Reads and written slices end within 5 s.
    """

    def __init__(self, url: str, embedder: Embedder, *, vectors: str = "falkordb", name: str = "memories") -> None:
        """`vectors` is the engine: falkordb or pgvector."""
        self._url, self._embedder, self._vectors, self._name = url, embedder, vectors, name
        self._opening = asyncio.Lock()
        self._mem0: Mem0 | None = None

    async def close(self) -> None:
        if self._mem0 is not None:
            self._mem0.vector_store.close()
            self._mem0.close()  # type: ignore[no-untyped-call]  # ships few types

    async def add_batch(self, memories: Sequence[Memory]) -> None:
        mem0 = await self._opened()
        for memory in memories:
            checked_group(memory.content.group, SyncFailed)
        async with self._failing_as(SyncFailed, "written"):
            wrong = await asyncio.to_thread(_missing, mem0, memories)
        fresh = [memory for memory in memories if memory.id in wrong]
        texts = list(dict.fromkeys(map(text_of, fresh)))
        vectors = dict(zip(texts, await self._embedder.embed(texts), strict=True)) if texts else {}
        for part in batched(fresh, SLICE):
            async with self._failing_as(SyncFailed, "written"):
                await asyncio.to_thread(_add, mem0, part, vectors)

    async def search(
        self, groups: Sequence[str], query: str, *, limit: int, where: MemoryFilter, at: datetime
    ) -> list[ScoredId]:
        query = plain_text(query).strip()
        if not query or not groups or limit < 1:
            return []
        mem0 = await self._opened()
        [vector] = await self._embedder.embed([query])
        user_id = ",".join(checked_group(group, RetrievalFailed) for group in dict.fromkeys(groups))
        filters = {"user_id": user_id, **_filters(where, at)}
        async with self._failing_as(RetrievalFailed, "read"):
            found = await asyncio.to_thread(_found, mem0, query, vector, filters, limit)
        return [ScoredId(hit["metadata"]["memory_id"], hit["metadata"]["cosine"]) for hit in found]

    async def remove(self, memory_ids: Sequence[int]) -> None:
        from adapters.memory.vectors import vector_id

        mem0 = await self._opened()
        async with self._failing_as(SyncFailed, "written"):
            await asyncio.to_thread(mem0.vector_store.delete_many, [vector_id(id) for id in memory_ids])

    async def ids(self, group: str) -> set[int]:
        mem0 = await self._opened()
        async with self._failing_as(RetrievalFailed, "read"):
            ids: set[int] = await asyncio.to_thread(mem0.vector_store.memory_ids, group)
        return ids

    async def lineage(self, transaction_id: str) -> list[Trace]:
        mem0 = await self._opened()
        async with self._failing_as(RetrievalFailed, "read"):
            rows = await asyncio.to_thread(mem0.vector_store.lineage, transaction_id)
        return [Trace("memories", row["domain"], f"memory:{row['id']}", row["group"]) for row in rows]

    async def missing(self, memories: Sequence[Memory]) -> set[int]:
        mem0 = await self._opened()
        async with self._failing_as(RetrievalFailed, "read"):
            return await asyncio.to_thread(_missing, mem0, memories)

    async def held(self, after: str, *, limit: int) -> tuple[list[HeldMemory], str]:
        from adapters.memory.vectors import vector_id

        mem0 = await self._opened()
        async with self._failing_as(RetrievalFailed, "read"):
            rows, following = await asyncio.to_thread(mem0.vector_store.slice, after, limit)
        times = Counter(row["ref"] for row in rows)

        def id_of(row: Row) -> int | None:
            """None for a stranger, and for what is there twice."""
            return row["id"] if row["ref"] == vector_id(row["id"]) and times[row["ref"]] == 1 else None

        return [HeldMemory(row["ref"], id_of(row), row["group"]) for row in rows], following

    async def lacking(self) -> list[str]:
        mem0 = await self._opened()
        async with self._failing_as(RetrievalFailed, "read"):
            lacking: list[str] = await asyncio.to_thread(mem0.vector_store.lacking)
        return lacking

    async def index(self) -> None:
        mem0 = await self._opened()
        async with self._failing_as(SyncFailed, "indexed", deadline=INDEX_SECONDS):
            await asyncio.to_thread(mem0.vector_store.make_indexes)

    async def discard(self, refs: Sequence[str]) -> None:
        mem0 = await self._opened()
        async with self._failing_as(SyncFailed, "written"):
            await asyncio.to_thread(mem0.vector_store.delete_many, refs)

    async def _opened(self) -> "Mem0":
        async with self._opening:
            if self._mem0 is None:
                parts = await asyncio.to_thread(imported, "mem0_parts")
                store = parts.VectorsConfig(
                    url=self._url, collection_name=self._name, dimensions=self._embedder.dimensions
                )
                self._mem0 = parts.opened_memory(self._vectors, store)
        return self._mem0

    @asynccontextmanager
    async def _failing_as(
        self, failure: type[Failure], done: str, *, deadline: float = DEADLINE
    ) -> AsyncIterator[None]:
        """The indexes are looked up again after a failure: the server may be another one."""
        try:
            async with asyncio.timeout(deadline):
                yield
        except Exception as error:
            if self._mem0 is None or not isinstance(error, self._mem0.vector_store.failures):
                raise
            self._mem0.vector_store.forget_indexes()
            raise failure(f"The memory index could not be {done}: {reason(error)}") from error


def _missing(mem0: "Mem0", memories: Sequence[Memory]) -> set[int]:
    """Field by field: a mark of the whole would not show that somebody wrote over one."""
    wanted = {memory.id: _payload(memory) for memory in memories}
    if not wanted:
        return set()
    stored = mem0.vector_store.stored(list(wanted), list(next(iter(wanted.values()))))
    return {id for id, payload in wanted.items() if not _same(stored.get(id), payload)}


def _same(stored: Mapping[str, Any] | None, payload: Mapping[str, Any]) -> bool:
    return stored is not None and all(stored.get(name) == value for name, value in payload.items())


def _payload(memory: Memory) -> dict[str, Any]:
    """What Mem0 hands to the vector store."""
    mine = {"data": text_of(memory), "hash": hash_of(memory), "user_id": memory.content.group}
    return {**metadata_of(memory), **mine}


def _add(mem0: "Mem0", memories: Sequence[Memory], vectors: Mapping[str, Vector]) -> None:
    """Through Mem0 one by one, which costs it 0.2 ms each; to the server together."""
    from adapters.memory.mem0_parts import prepared

    with prepared(vectors), mem0.vector_store.batch():
        for memory in memories:
            mem0.add(
                text_of(memory),
                user_id=memory.content.group,
                metadata=metadata_of(memory),
                expiration_date=memory.content.expires_at,
                infer=False,
            )


def _found(mem0: "Mem0", query: str, vector: Vector, filters: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
    """Mem0 would judge expiry by its own clock and by days: `filters` does it by the instant asked for."""
    from adapters.memory.mem0_parts import prepared

    with prepared({query: vector}):
        found = mem0.search(query, top_k=limit, filters=dict(filters), threshold=0.0, show_expired=True)
    hits: list[dict[str, Any]] = found["results"]
    return hits


def _filters(where: MemoryFilter, at: datetime) -> dict[str, Any]:
    """In Mem0's words."""
    filters: dict[str, Any] = {"expires": {"gt": microseconds(at, otherwise=0)}}
    if where.domains:
        filters["domain"] = {"in": [domain.value for domain in where.domains]}
    if where.kinds:
        filters["kind"] = {"in": [kind.value for kind in where.kinds]}
    if where.min_importance is not None:
        filters["importance"] = {"gte": where.min_importance}
    if where.created_after is not None:
        filters["created"] = {"gt": microseconds(where.created_after, otherwise=0)}
    return filters
