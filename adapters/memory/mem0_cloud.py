"""The memory index: Mem0 Cloud."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import batched
from typing import TYPE_CHECKING

from adapters.graph.texts import plain_text
from adapters.memory import mem0_cloud_rows as rows
from adapters.memory.mem0_cloud_calls import CloudCalls, bundled
from adapters.memory.mem0_cloud_rows import Changes, Row, Unsettled
from adapters.memory.metadata import checked_group
from domain.embeddings import Embedder
from domain.errors import RetrievalFailed, SyncFailed
from domain.lineage import Trace
from domain.memories import HeldMemory, Memory, MemoryFilter, ScoredId

if TYPE_CHECKING:
    from adapters.memory.mem0_cloud_client import CloudClient

SLICE, ASKED = 200, 50
"""Memories that are written together, and how many of them one look-up names."""
PAGE_SIZE = 100
MOST = 1_000
"""Results of a search, and memories of a batch."""
FIRST_ASK, MORE = 40, 5
"""Hits that are asked for at first, and how many times as many when too few of them fit."""


class Mem0CloudMemories:
    """`MemoryIndex` at `host` with this key; a search ends within `deadline` seconds, all else within `patience`.

    The order of hits is Mem0's; a score is the cosine of query and memory by our embedder, cut to 0..1, so that it
    means the same on every engine. Of a group Mem0 ranks the nearest 1,000; domain, kind and day of creation are
    considered before, importance and expiry after.
    """

    def __init__(
        self, key: str, host: str, embedder: Embedder, *, deadline: float = 5.0, patience: float = 30.0
    ) -> None:
        self._calls = CloudCalls(key, host, attempt=deadline)
        self._embedder = embedder
        self._deadline, self._patience = deadline, patience

    async def close(self) -> None:
        await self._calls.close()

    async def add_batch(self, memories: Sequence[Memory]) -> None:
        """Adding is not idempotent there: each slice is looked up, mended and looked up again until it is right."""
        for memory in memories:
            checked_group(memory.content.group, SyncFailed)
        newest = {memory.id: memory for memory in memories}
        for part in batched(newest.values(), SLICE):
            put = partial(_put, memories=part, accepted=set())
            await self._calls.run(put, SyncFailed, "written", deadline=self._patience)

    async def search(
        self, groups: Sequence[str], query: str, *, limit: int, where: MemoryFilter, at: datetime
    ) -> list[ScoredId]:
        query = plain_text(query).strip()
        if not query or not groups or limit < 1:
            return []
        names = [checked_group(group, RetrievalFailed) for group in dict.fromkeys(groups)]
        found = partial(_found, groups=names, query=query, limit=limit, where=where, at=at)
        nearest = await self._calls.run(found, RetrievalFailed, "read", deadline=self._deadline)
        asked, *vectors = await self._embedder.embed([query, *(hit["memory"] for hit in nearest)])
        scores = [min(1.0, max(0.0, math.sumprod(asked, vector))) for vector in vectors]
        return [ScoredId(int(hit["metadata"]["memory_id"]), score) for hit, score in zip(nearest, scores, strict=True)]

    async def remove(self, memory_ids: Sequence[int]) -> None:
        for part in batched(dict.fromkeys(memory_ids), MOST):
            clear = partial(_clear, memory_ids=part)
            await self._calls.run(clear, SyncFailed, "written", deadline=self._patience)

    async def ids(self, group: str) -> set[int]:
        filters = rows.of_group(checked_group(group, RetrievalFailed), MemoryFilter())
        listed = partial(_listed, filters=filters)
        found = await self._calls.run(listed, RetrievalFailed, "read", deadline=self._patience)
        return {id for row in found if (id := rows.memory_id(row)) is not None}

    async def lineage(self, transaction_id: str) -> list[Trace]:
        listed = partial(_listed, filters=rows.of_transaction(transaction_id))
        found = await self._calls.run(listed, RetrievalFailed, "read", deadline=self._patience)
        left = {id: row for row in found if (id := rows.memory_id(row)) is not None}
        return [
            Trace("memories", row["metadata"]["domain"], f"memory:{id}", row["user_id"])
            for id, row in sorted(left.items())
        ]

    async def missing(self, memories: Sequence[Memory]) -> set[int]:
        wrong = partial(_wrong, memories=memories)
        return await self._calls.run(wrong, RetrievalFailed, "read", deadline=self._patience)

    async def held(self, after: str, *, limit: int) -> tuple[list[HeldMemory], str]:
        """Pages from the last to the first: what is removed meanwhile moves only those that were read."""
        page = partial(_page_before, after=after)
        found, following = await self._calls.run(page, RetrievalFailed, "read", deadline=self._patience)
        return [HeldMemory(row["id"], rows.memory_id(row), row.get("user_id") or "") for row in found], following

    async def lacking(self) -> list[str]:
        """Its indexes are Mem0's affair."""
        return []

    async def index(self) -> None:
        pass

    async def discard(self, refs: Sequence[str]) -> None:
        for part in batched(refs, SLICE):
            drop = partial(_drop, refs=part)
            await self._calls.run(drop, SyncFailed, "written", deadline=self._patience)


async def _put(client: "CloudClient", *, memories: Sequence[Memory], accepted: set[int]) -> None:
    """`accepted` are ids that the server took in an earlier try, shown or not: they are not added again."""
    ids = [memory.id for memory in memories]
    todo = rows.changes(memories, await _held(client, ids))
    if todo:
        await _change(client, todo, accepted)
        if rows.changes(memories, await _held(client, ids)):
            raise Unsettled


async def _change(client: "CloudClient", todo: Changes, accepted: set[int]) -> None:
    async def add(memory: Memory) -> None:
        await client.add(rows.text(memory), **rows.added(memory))
        accepted.add(memory.id)

    await bundled(add(memory) for memory in todo.add if memory.id not in accepted)
    await bundled(client.update(id, text=rows.text(memory), **rows.sent(memory)) for id, memory in todo.update)
    await _delete(client, todo.delete)


async def _clear(client: "CloudClient", *, memory_ids: Sequence[int]) -> None:
    if held := await _held(client, memory_ids):
        await _delete(client, [row["id"] for row in held])
        if await _held(client, memory_ids):
            raise Unsettled


async def _drop(client: "CloudClient", *, refs: Sequence[str]) -> None:
    if shown := await _shown(client, refs):
        await _delete(client, shown)
        if await _shown(client, shown):
            raise Unsettled


async def _shown(client: "CloudClient", refs: Sequence[str]) -> list[str]:
    shown = await bundled(client.shows(ref) for ref in refs)
    return [ref for ref, there in zip(refs, shown, strict=True) if there]


async def _delete(client: "CloudClient", ids: Sequence[str]) -> None:
    """The answer of a batch tells nothing of its items, and deleting goes on after it: look again."""
    for part in batched(ids, MOST):
        await client.batch_delete([{"memory_id": id} for id in part])


async def _held(client: "CloudClient", memory_ids: Sequence[int]) -> list[Row]:
    parts = await bundled(_listed(client, filters=rows.of_memories(part)) for part in batched(memory_ids, ASKED))
    return [row for part in parts for row in part if rows.memory_id(row) in memory_ids]


async def _wrong(client: "CloudClient", *, memories: Sequence[Memory]) -> set[int]:
    held = await _held(client, [memory.id for memory in memories]) if memories else []
    todo = rows.changes(memories, held)
    by_ref = {row["id"]: rows.memory_id(row) for row in held}
    doubled = {id for ref in todo.delete if (id := by_ref[ref]) is not None}
    return {memory.id for memory in (*todo.add, *(memory for _, memory in todo.update))} | doubled


async def _page_before(client: "CloudClient", *, after: str) -> tuple[list[Row], str]:
    """`after` is a page's number and the moment at which the first was asked for."""
    number, _, moment = after.partition("|")
    moment = moment or datetime.now(UTC).isoformat()
    ask = partial(client.get_all, filters=rows.before(moment), page_size=PAGE_SIZE, show_expired=True)
    page = int(number) if number else max(1, math.ceil(rows.count(await ask(page=1)) / PAGE_SIZE))
    return rows.results(await ask(page=page)), f"{page - 1}|{moment}" if page > 1 else ""


async def _listed(client: "CloudClient", *, filters: Row) -> list[Row]:
    """All pages of a list, expired ones too."""

    async def page(number: int) -> tuple[list[Row], int]:
        answer = await client.get_all(filters=filters, page=number, page_size=PAGE_SIZE, show_expired=True)
        return rows.results(answer), rows.count(answer)

    first, count = await page(1)
    others = await bundled(page(number) for number in range(2, math.ceil(count / PAGE_SIZE) + 1))
    return [row for part in (first, *(part for part, _ in others)) for row in part]


async def _found(
    client: "CloudClient", *, groups: Sequence[str], query: str, limit: int, where: MemoryFilter, at: datetime
) -> list[Row]:
    """A search for each group, so that a small one is not lost beside a large one."""

    async def of_group(group: str) -> list[Row]:
        filters, ask = rows.of_group(group, where), min(MOST, max(FIRST_ASK, 4 * limit))
        while True:
            answer = await client.search(query, filters=filters, top_k=ask, threshold=0.0, show_expired=True)
            hits = rows.results(answer)
            fitting = [hit for hit in hits if rows.wanted(hit, group, where, at)]
            if len(fitting) >= limit or len(hits) < ask or ask == MOST:
                return fitting
            ask = min(MOST, MORE * ask)

    hits = await bundled(of_group(group) for group in groups)
    return rows.best((hit for part in hits for hit in part), limit)
