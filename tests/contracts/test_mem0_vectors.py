"""What is promised beyond the port by Mem0 open source in process, wherever its vectors are."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.embedded.falkordb import free_port
from adapters.embedding.minilm import MiniLmEmbedder
from adapters.memory import search
from adapters.memory.mem0 import Mem0Memories
from app.settings import BadSettings, Settings
from app.vectors import check_vectors
from domain.errors import RetrievalFailed, SyncFailed
from domain.memories import ByteRange, MemoryDomain, MemoryFilter
from evals.engines.pgvector import PgVector
from tests.contracts.indexes import Scattered, serving
from tests.contracts.memories import NOW, TEXTS, Store, found, memory


@pytest.fixture
async def index(vector_store: Store, minilm: MiniLmEmbedder) -> AsyncIterator[Mem0Memories]:
    index = vector_store.open(minilm)
    assert isinstance(index, Mem0Memories)
    yield index
    await index.close()


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
    from adapters.memory.vectors import vector_id

    await index.add_batch([memory(1, "One."), memory(2, "Two.")])
    store = (await index._opened()).vector_store
    store.update(vector_id(1), payload={"importance": 0.9})
    assert store.get(vector_id(1)).payload["importance"] == 0.9
    assert await found(index, "One.", where=MemoryFilter(min_importance=0.9)) == [1]
    store.delete(vector_id(1))
    assert store.get(vector_id(1)) is None
    assert store.col_info() == {"name": index._name, "vectors": 1}
    store.reset()
    assert await index.ids("member_1") == set()
    await index.add_batch([memory(3, "Three.")])
    assert await found(index, "three") == [3]


async def test_large_group_is_searched_by_index_and_hides_nothing(
    vector_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """evals/retrieval.py does so at full size."""
    monkeypatch.setattr(search, "EXACT_BELOW", 300)
    monkeypatch.setattr(search, "ASK_COSTS", 1)
    index = vector_store.open(Scattered())
    crowd = [memory(id, f"Batch {id} was printed.", group="dao") for id in range(600)]
    rare = memory(9_000, "A cat slept here.", group="dao", domain=MemoryDomain.TWEET)
    mine = memory(9_001, "Batch 471 was mine.")
    await index.add_batch([*crowd, rare, mine])
    assert (await found(index, "Batch 471 was printed.", "dao"))[0] == 471
    assert await found(index, "Batch 12 was printed.", "dao", where=MemoryFilter((MemoryDomain.TWEET,))) == [9_000]
    assert 9_001 in await found(index, "Batch 471 was mine.", "member_1", "dao")
    assert await found(index, "Batch 471 was printed.", "member_1") == [9_001]
    await index.close()


async def test_vectors_of_another_size_are_not_written_beside(vector_store: Store, minilm: MiniLmEmbedder) -> None:
    index = vector_store.open(minilm)
    await index.add_batch([memory(1, TEXTS[1])])
    other = Scattered()
    other.dimensions = 64
    changed = vector_store.open(other)
    with pytest.raises(SyncFailed, match="holds vectors of 384 dimensions and the embedder makes 64"):
        await changed.add_batch([memory(2, TEXTS[2])])
    with pytest.raises(RetrievalFailed, match="could not be read"):
        await found(changed, "PLA")
    assert (vector_store.rows(), await found(index, "PLA")) == (1, [1])
    await changed.close()
    await index.close()


async def test_a_start_with_another_embedder_is_refused(
    redis_url: str, pgvector_server: PgVector, minilm: MiniLmEmbedder, tmp_path: Path
) -> None:
    falkordb = redis_url.replace("redis://", "falkordb://").removesuffix("/0")
    for url, vectors in ((falkordb, "falkordb"), (pgvector_server.url, "pgvector")):
        index = Mem0Memories(url, minilm, vectors=vectors)
        await index.add_batch([memory(1, TEXTS[1])])
        settings = Settings.model_construct(data_dir=tmp_path, memory_url=url, graph_url=falkordb)
        await check_vectors(settings, minilm)
        other = Scattered()
        other.dimensions = 1536
        with pytest.raises(BadSettings, match=r"makes vectors of 1536 dimensions, but the index at MEMORY_URL holds"):
            await check_vectors(settings, other)
        await index.remove([1])
        await index.close()


async def test_postgres_that_was_killed_is_used_again(pgvector_server: PgVector, minilm: MiniLmEmbedder) -> None:
    index = Mem0Memories(pgvector_server.url, minilm, vectors="pgvector", name="memories_killed")
    await index.add_batch([memory(1, TEXTS[1])])
    pgvector_server.kill()
    with pytest.raises(SyncFailed, match="could not be written"):
        await index.add_batch([memory(2, TEXTS[2])])
    with pytest.raises(RetrievalFailed, match="could not be read"):
        await found(index, "PLA")
    pgvector_server.restart()
    await index.add_batch([memory(2, TEXTS[2])])
    assert await found(index, "PLA", limit=1) == [1]
    assert await index.ids("member_1") == {1, 2}
    await index.close()


async def test_what_is_asked_is_answered_or_fails_while_postgres_is_frozen(
    pgvector_server: PgVector, minilm: MiniLmEmbedder
) -> None:
    index = Mem0Memories(pgvector_server.url, minilm, vectors="pgvector", name="memories_frozen")
    await index.add_batch([memory(1, TEXTS[1])])
    pgvector_server.pause()
    began = time.monotonic()
    with pytest.raises(RetrievalFailed, match="no answer within 5 s"):
        await found(index, "PLA")
    assert time.monotonic() - began < 8
    pgvector_server.resume()
    assert await found(index, "PLA") == [1]
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
    program = "from adapters.memory.mem0_import import *; imported('mem0_parts'); print(os.environ.get('MEM0_DIR'))"
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, env=environment, stdout=subprocess.PIPE)
    printed, _ = await child.communicate()
    assert (child.returncode, printed.strip(), os.listdir(tmp_path)) == (0, b"None", [])
