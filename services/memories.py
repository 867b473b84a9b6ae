"""Memories: searched by meaning, forgotten on request."""

from collections.abc import Callable
from datetime import datetime

from domain.documents import IngestionStatus
from domain.errors import BadInput, Conflict
from domain.events import MemoriesRemoved
from domain.members import Viewer
from domain.memories import Memory, MemoryFilter, MemoryIndex, MemoryReads
from domain.transactions import Ids, Once, Transact, Work

MAX_QUERY, MAX_LIMIT = 2_000, 50


class Memories:
    def __init__(
        self, transact: Transact, reads: MemoryReads, index: MemoryIndex, *, now: Callable[[], datetime]
    ) -> None:
        self._transact = transact
        self._reads = reads
        self._index = index
        self._now = now

    async def search(
        self, viewer: Viewer, query: str, *, limit: int = 5, where: MemoryFilter | None = None
    ) -> list[tuple[Memory, float]]:
        """The viewer's own and the DAO's, best first, with a score of 0..1. Raises BadInput, RetrievalFailed."""
        words, count = checked_query(query), checked_limit(limit)
        found = await self._index.search(
            viewer.groups, words, limit=count, where=where or MemoryFilter(), at=self._now()
        )
        memories = await self._reads.by_ids(viewer, [hit.id for hit in found])
        return [(memories[hit.id], hit.score) for hit in found if hit.id in memories]

    async def forget(self, viewer: Viewer, memory_id: int, *, once: Once | None = None) -> Ids:
        """Raises NotFound, Conflict while its document is being read: another attempt would remember it again."""

        def command(work: Work) -> Ids:
            memory = work.memories.remove(viewer, memory_id)
            source = memory.content.document_id
            if source is not None and work.documents.locked(source).status is not IngestionStatus.DONE:
                raise Conflict("Its document is still being read: wait until it is DONE.", field=("memoryId",))
            work.emit(MemoriesRemoved(memory.content.group, (memory_id,)))
            return {"memory": memory_id}

        return await self._transact.once(once, command)


def checked_query(query: str) -> str:
    """Raises BadInput."""
    if not query.strip() or len(query) > MAX_QUERY:
        raise BadInput(f"Give a query of 1 to {MAX_QUERY} characters.", field=("query",))
    return query.strip()


def checked_limit(limit: int) -> int:
    """Raises BadInput."""
    if not 1 <= limit <= MAX_LIMIT:
        raise BadInput(f"limit must be between 1 and {MAX_LIMIT}.", field=("limit",))
    return limit
