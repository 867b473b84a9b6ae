"""One operation over all stores: what carries its transaction's id, and what is missing."""

import asyncio
from collections.abc import Sequence

from domain.blobs import Blobs
from domain.documents import DocumentReads
from domain.facts import Graph
from domain.lineage import LineageReads, Trace
from domain.memories import MemoryIndex


class Lineage:
    def __init__(
        self, reads: LineageReads, documents: DocumentReads, *, graph: Graph, index: MemoryIndex, blobs: Blobs
    ) -> None:
        self._reads = reads
        self._documents = documents
        self._graph = graph
        self._index = index
        self._blobs = blobs

    async def of_transaction(self, transaction_id: str) -> list[Trace]:
        """SQL first, then graph, memory index and blobs. Raises RetrievalFailed."""
        rows, facts, memories = await asyncio.gather(
            self._reads.of_transaction(transaction_id),
            self._graph.lineage(transaction_id),
            self._index.lineage(transaction_id),
        )
        return [*rows, *facts, *memories, *await self._stored(rows)]

    async def transactions(self, noun: str, row_id: int, *, limit: int) -> list[str]:
        """The newest first. Raises BadInput."""
        return await self._reads.transactions(noun, row_id, limit=limit)

    async def _stored(self, rows: Sequence[Trace]) -> list[Trace]:
        """A blob is named by its owner and content: its documents tell the transaction."""
        ids = [int(row.key) for row in rows if row.kind == "document"]
        documents = [found for id_ in ids if (found := await self._documents.any_by_id(id_))]
        return [await self._blob(document.blob_key) for document in documents]

    async def _blob(self, key: str) -> Trace:
        try:
            async with self._blobs.local(key):
                state = "there"
        except FileNotFoundError:
            state = "gone"
        return Trace("blobs", "blob", key, state=state)
