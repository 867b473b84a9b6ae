"""What `MemoryIndex` promises, on Mem0 with its vectors in FalkorDB."""

import asyncio
import math
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.embedded.falkordb import free_port
from adapters.embedding.minilm import MiniLmEmbedder
from adapters.memory.mem0 import Mem0Memories
from domain.errors import RetrievalFailed, SyncFailed
from domain.lineage import Trace
from domain.memories import ByteRange, Memory, MemoryDomain, MemoryFilter, MemoryKind, NewMemory
from tests.contracts.indexes import Scattered, serving

NOW = datetime(2025, 6, 1, 12, 30, tzinfo=UTC)
ALL = MemoryFilter()
TEXTS = {
    1: "I prefer PLA over ABS because it smells less.",
    2: "The night shift must stay quiet after ten.",
    3: "Invoice QX-4417 from Nordfil was paid in May.",
    4: "My sister Zdenka repairs violins in Brno.",
}


@pytest.fixture(scope="module")
def minilm() -> MiniLmEmbedder:
    return MiniLmEmbedder()


@pytest.fixture
async def index(redis_url: str, minilm: MiniLmEmbedder) -> AsyncIterator[Mem0Memories]:
    """An index of the test's own: ids are global in one."""
    index = Mem0Memories(redis_url, minilm, graph=f"memories_{uuid4().hex}")
    yield index
    await index.close()


def memory(id: int, text: str, *, group: str = "member_1", at: datetime = NOW, **changes: object) -> Memory:
    plain = NewMemory(
        member_id=1,
        group=group,
        domain=MemoryDomain.DOC,
        kind=MemoryKind.FACT,
        source="notes.md",
        text=text,
        importance=0.5,
    )
    return Memory(id, replace(plain, **changes), at, "tx-1")  # type: ignore[arg-type]  # the tests name real fields


async def found(
    index: Mem0Memories, query: str, *groups: str, limit: int = 5, where: MemoryFilter = ALL, at: datetime = NOW
) -> list[int]:
    hits = await index.search(groups or ("member_1",), query, limit=limit, where=where, at=at)
    assert all(0 <= hit.score <= 1 for hit in hits)
    return [hit.id for hit in hits]


async def test_search_finds_meaning_names_and_numbers(index: Mem0Memories) -> None:
    await index.add_batch([memory(id, text) for id, text in TEXTS.items()])
    questions = {"Which filament do you like?": 1, "noise in the evening": 2, "what was 4417?": 3, "zdenka": 4}
    assert {question: (await found(index, question, limit=1))[0] for question in questions} == questions
    assert len(await found(index, "printing", limit=3)) == 3


async def test_score_is_the_cosine(index: Mem0Memories, minilm: MiniLmEmbedder) -> None:
    await index.add_batch([memory(id, text) for id, text in TEXTS.items()])
    question, text = await minilm.embed(["Which filament do you like?", TEXTS[1]])
    hits = await index.search(["member_1"], "Which filament do you like?", limit=1, where=ALL, at=NOW)
    assert hits[0].id == 1
    assert hits[0].score == pytest.approx(math.sumprod(question, text), abs=1e-5)


async def test_adding_twice_leaves_one(index: Mem0Memories, redis_url: str, minilm: MiniLmEmbedder) -> None:
    batch = [memory(id, text) for id, text in TEXTS.items()]
    await index.add_batch([*batch, batch[0]])
    other = Mem0Memories(redis_url, minilm, graph=index._graph)
    await asyncio.gather(index.add_batch(batch), other.add_batch(batch))
    await other.close()
    assert await index.ids("member_1") == {1, 2, 3, 4}
    with redis.Redis.from_url(redis_url) as client:
        rows = client.execute_command("GRAPH.RO_QUERY", index._graph, "MATCH (m:MemoryVector) RETURN count(m)")
    assert rows[1] == [[4]]


async def test_changed_text_replaces_the_old_one(index: Mem0Memories) -> None:
    await index.add_batch([memory(id, text) for id, text in TEXTS.items()])
    changed = {1: "My bicycle is red.", 2: "Owls hunt mice."}
    await index.add_batch([memory(id, text) for id, text in changed.items()])
    for id, text in changed.items():
        hits = await index.search(["member_1"], text, limit=1, where=ALL, at=NOW)
        assert [(hit.id, round(hit.score, 3)) for hit in hits] == [(id, 1.0)]


async def test_same_text_in_two_places_is_two_memories(index: Mem0Memories) -> None:
    await index.add_batch([memory(1, "Same words."), memory(2, "Same words."), memory(3, "Same words.", group="dao")])
    assert sorted(await found(index, "same words", "member_1", "dao")) == [1, 2, 3]


async def test_search_never_leaves_its_groups(index: Mem0Memories) -> None:
    secret = "The safe's code is 9999."
    groups = ["member_1", "member_11", "dao", "Member_1"]
    await index.add_batch([memory(id, f"{secret} {id}", group=group) for id, group in enumerate(groups)])
    for id, group in enumerate(groups):
        assert await found(index, secret, group) == [id]
        assert await index.ids(group) == {id}
    assert sorted(await found(index, "safe code", "member_1", "dao", "member_1")) == [0, 2]
    assert await found(index, secret, "nobody") == []
    assert await index.ids("nobody") == set()


async def test_filters_are_applied_before_the_limit(index: Mem0Memories) -> None:
    crowd = [memory(id, f"Note {id} about the printer.") for id in range(10, 80)]
    chat = memory(
        1, "A cat.", domain=MemoryDomain.CHAT, kind=MemoryKind.PREFERENCE, importance=0.9, at=NOW - timedelta(1)
    )
    await index.add_batch([*crowd, chat])
    for where in (
        MemoryFilter(domains=(MemoryDomain.CHAT, MemoryDomain.TWEET)),
        MemoryFilter(kinds=(MemoryKind.PREFERENCE,)),
        MemoryFilter(min_importance=0.9),
        MemoryFilter((MemoryDomain.CHAT,), (MemoryKind.PREFERENCE,), 0.9, NOW - timedelta(2)),
    ):
        assert await found(index, "Note 12 about the printer", limit=3, where=where) == [1]
    newer = MemoryFilter(created_after=NOW - timedelta(1))
    assert 1 not in await found(index, "A cat.", limit=100, where=newer)
    assert len(await found(index, "printer", limit=100, where=newer)) == 70
    assert await found(index, "cat", where=MemoryFilter(domains=(MemoryDomain.VOTE,))) == []


async def test_expired_memory_is_absent_from_its_instant_on(index: Mem0Memories) -> None:
    await index.add_batch([memory(1, "The fair is on Sunday.", expires_at=NOW), memory(2, "The fair is yearly.")])
    assert sorted(await found(index, "fair", at=NOW - timedelta(microseconds=1))) == [1, 2]
    assert await found(index, "fair", at=NOW) == [2]


async def test_everything_known_is_in_mem0s_metadata(index: Mem0Memories) -> None:
    spoken = memory(
        7, "I vote for quiet.", domain=MemoryDomain.CHAT, source="chat", session_id=3, turn=5,
        byte_range=ByteRange(12, 29), expires_at=NOW,
    )  # fmt: skip
    await index.add_batch([spoken])
    mem0 = await index._opened()
    [stored] = mem0.get_all(filters={"user_id": "member_1"}, show_expired=True)["results"]
    metadata = {name: stored["metadata"][name] for name in stored["metadata"] if name not in ("created", "expires")}
    assert (stored["memory"], stored["user_id"], stored["created_at"]) == (
        spoken.content.text,
        "member_1",
        NOW.isoformat(),
    )
    assert stored["expiration_date"] == "2025-06-01"
    assert metadata == {
        "memory_id": 7,
        "domain": "CHAT",
        "kind": "FACT",
        "source": "chat",
        "importance": 0.5,
        "session_id": 3,
        "turn": 5,
        "byte_range": [12, 29],
        "transaction_id": "tx-1",
    }


async def test_mem0_itself_updates_and_deletes(index: Mem0Memories) -> None:
    from adapters.memory.falkordb_vectors import vector_id

    await index.add_batch([memory(1, "One."), memory(2, "Two.")])
    store = (await index._opened()).vector_store
    store.update(vector_id(1), payload={"importance": 0.9})
    assert store.get(vector_id(1)).payload["importance"] == 0.9
    assert await found(index, "One.", where=MemoryFilter(min_importance=0.9)) == [1]
    store.delete(vector_id(1))
    assert store.get(vector_id(1)) is None
    assert store.col_info() == {"name": index._graph, "vectors": 1}
    store.reset()
    assert await index.ids("member_1") == set()
    await index.add_batch([memory(3, "Three.")])
    assert await found(index, "three") == [3]


async def test_removed_memories_are_gone_and_removing_again_is_no_error(index: Mem0Memories) -> None:
    await index.remove([1])
    await index.add_batch([memory(id, text) for id, text in TEXTS.items()])
    for _ in range(2):
        await index.remove([1, 3, 99])
    assert await index.ids("member_1") == {2, 4}
    assert sorted(await found(index, "PLA invoice 4417", limit=10)) == [2, 4]


async def test_lineage_tells_what_a_transaction_left_and_no_texts(index: Mem0Memories) -> None:
    mine = f"tx-{uuid4()}"
    said = memory(3, TEXTS[3], group="dao", domain=MemoryDomain.CHAT)
    await index.add_batch([replace(memory(2, TEXTS[2]), transaction_id=mine), replace(said, transaction_id=mine)])
    await index.add_batch([memory(1, TEXTS[1])])
    expected = [Trace("memories", "DOC", "memory:2", "member_1"), Trace("memories", "CHAT", "memory:3", "dao")]
    assert await index.lineage(mine) == expected
    assert await index.lineage("tx-nobody") == []


async def test_searching_before_anything_was_added_finds_nothing(index: Mem0Memories, redis_url: str) -> None:
    assert await found(index, "anything") == []
    await index.add_batch([])
    with redis.Redis.from_url(redis_url) as client:
        assert not client.exists(index._graph)


@pytest.mark.parametrize(
    "query",
    ["", "   ", "?!", "the", '"', "@data:(x) | -y", "@user_id:(member_2)", "*", "a*b%%c", "{$weight: 0}=>", "\\",
     "a\x00b", "\ud800", "x " * 5000, "日本語 café"],
)  # fmt: skip
async def test_hostile_query_is_only_text(index: Mem0Memories, query: str) -> None:
    await index.add_batch([memory(1, "Ana owns a press."), memory(2, "Secret.", group="member_2")])
    assert await found(index, query) == ([1] if query.strip() else [])


@given(text=st.text(min_size=1, max_size=60))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_kept_and_asked_for(redis_url: str, text: str) -> None:
    async def there_and_back() -> None:
        index = Mem0Memories(redis_url, Scattered(), graph="memories_hypothesis")
        await index.add_batch([memory(1, text)])
        assert await index.ids("member_1") == {1}
        await found(index, text)
        await index.close()

    asyncio.run(there_and_back())


async def test_group_that_could_be_a_query_is_refused(index: Mem0Memories) -> None:
    with pytest.raises(SyncFailed, match="is no group"):
        await index.add_batch([memory(1, "x", group="a,b")])
    with pytest.raises(RetrievalFailed, match="is no group"):
        await found(index, "x", "member_1|member_2")


async def test_large_group_is_searched_by_index_and_hides_nothing(redis_url: str) -> None:
    index = Mem0Memories(redis_url, Scattered(), graph=f"memories_{uuid4().hex}")
    crowd = [memory(id, f"Batch {id} was printed.", group="dao") for id in range(5_100)]
    rare = memory(9_000, "A cat slept here.", group="dao", domain=MemoryDomain.TWEET)
    mine = memory(9_001, "Batch 4711 was mine.")
    await index.add_batch([*crowd, rare, mine])
    assert (await found(index, "Batch 4711 was printed.", "dao"))[0] == 4711
    assert await found(index, "Batch 12 was printed.", "dao", where=MemoryFilter((MemoryDomain.TWEET,))) == [9_000]
    assert 9_001 in await found(index, "Batch 4711 was mine.", "member_1", "dao")
    assert await found(index, "Batch 4711 was printed.", "member_1") == [9_001]
    await index.close()


async def test_restarted_server_is_used_again(tmp_path: Path, minilm: MiniLmEmbedder) -> None:
    port = free_port()
    index = Mem0Memories(f"redis://127.0.0.1:{port}/0", minilm)
    with pytest.raises(SyncFailed, match="could not be written"):
        await index.add_batch([memory(1, TEXTS[1])])
    with pytest.raises(RetrievalFailed, match="could not be read"):
        await found(index, "PLA")
    for _ in range(2):
        with serving(tmp_path, port):
            await index.add_batch([memory(1, TEXTS[1])])
            assert await found(index, "PLA") == [1]
    await index.close()


async def test_importing_mem0_writes_nothing_at_home(tmp_path: Path) -> None:
    program = "from adapters.memory.mem0_import import *; imported_parts(); print(os.environ.get('MEM0_DIR'))"
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, env=environment, stdout=subprocess.PIPE)
    printed, _ = await child.communicate()
    assert (child.returncode, printed.strip(), os.listdir(tmp_path)) == (0, b"None", [])
