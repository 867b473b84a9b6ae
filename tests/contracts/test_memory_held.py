"""What `MemoryIndex` promises to whoever compares it with SQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import redis

from adapters.memory.mem0 import Mem0Memories
from domain.memories import ByteRange, HeldMemory, Memory, MemoryDomain, MemoryKind
from tests.contracts.indexes import Scattered
from tests.contracts.memories import NOW, memory


@pytest.fixture
def graph() -> str:
    """An index of the test's own."""
    return f"memories_{uuid4().hex}"


@pytest.fixture
async def index(redis_url: str, graph: str) -> AsyncIterator[Mem0Memories]:
    index = Mem0Memories(redis_url, Scattered(), name=graph)
    yield index
    await index.close()


async def walked(index: Mem0Memories, *, limit: int = 3) -> list[HeldMemory]:
    found: list[HeldMemory] = []
    after, slices = "", 0
    while after or not slices:
        part, after = await index.held(after, limit=limit)
        found, slices = found + part, slices + 1
    return found


async def change(redis_url: str, graph: str, cypher: str) -> None:
    """As somebody else would."""
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        await client.execute_command("GRAPH.QUERY", graph, cypher)


FULL = memory(
    4,
    "Nozzle at 240 degrees.\x00",
    domain=MemoryDomain.CHAT,
    session_id=2,
    turn=3,
    byte_range=ByteRange(4, 26),
    expires_at=NOW + timedelta(days=2),
)


async def test_what_was_added_is_not_missing(index: Mem0Memories) -> None:
    memories = [memory(1, "One."), memory(2, "Two.", group="dao"), FULL]
    assert await index.missing(memories) == {1, 2, 4}
    await index.add_batch(memories)
    assert await index.missing(memories) == set()
    assert await index.missing([]) == set()


@pytest.mark.parametrize(
    "changed",
    [
        memory(4, "Nozzle at 220 degrees."),
        replace(FULL, content=replace(FULL.content, group="member_2")),
        replace(FULL, content=replace(FULL.content, importance=0.9)),
        replace(FULL, content=replace(FULL.content, kind=MemoryKind.EPISODE)),
        replace(FULL, content=replace(FULL.content, byte_range=None)),
        replace(FULL, content=replace(FULL.content, expires_at=NOW)),
        replace(FULL, created_at=NOW + timedelta(seconds=1)),
    ],
)
async def test_what_differs_is_missing_until_it_is_added_again(index: Mem0Memories, changed: Memory) -> None:
    await index.add_batch([FULL])
    assert await index.missing([changed]) == {4}
    await index.remove([4])
    await index.add_batch([changed])
    assert (await index.missing([changed]), await index.missing([FULL])) == (set(), {4})


@pytest.mark.parametrize("damage", ["m.vector = null", "m.data = 'else'", "m.user_id = 'dao'"])
async def test_what_somebody_wrote_over_is_missing(
    index: Mem0Memories, redis_url: str, graph: str, damage: str
) -> None:
    await index.add_batch([FULL, memory(5, "Untouched.")])
    await change(redis_url, graph, f"MATCH (m:MemoryVector {{memory_id: 4}}) SET {damage}")
    assert await index.missing([FULL, memory(5, "Untouched.")]) == {4}
    await index.add_batch([FULL])
    assert await index.missing([FULL]) == set()


async def test_walking_meets_every_entry_once(index: Mem0Memories) -> None:
    assert await walked(index) == []
    memories = [memory(id, f"Passage {id}.", group=f"member_{id % 3}") for id in range(1, 120)]
    await index.add_batch(memories)
    for limit in (1, 20, 1000):
        found = await walked(index, limit=limit)
        assert sorted((entry.id, entry.group) for entry in found) == [(m.id, m.content.group) for m in memories]
    assert len({entry.ref for entry in found}) == len(memories)


async def test_strays_have_no_id_and_are_discarded(index: Mem0Memories, redis_url: str, graph: str) -> None:
    await index.add_batch([memory(1, "One."), memory(2, "Two.")])
    await change(redis_url, graph, "CREATE (:MemoryVector {id: 'zzz', memory_id: 1}), (:MemoryVector {id: '0'})")
    found = await walked(index)
    assert sorted(str(entry.id) for entry in found) == ["1", "2", "None", "None"]
    await index.discard([entry.ref for entry in found if entry.id != 2])
    assert [entry.id for entry in await walked(index)] == [2]
    await index.discard([entry.ref for entry in found])
    assert await walked(index) == []
