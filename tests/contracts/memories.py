"""What the contract tests of memory indexes share: memories, and a store of a test's own on each engine."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol
from uuid import uuid4

import psycopg
import redis

from adapters.memory.mem0 import Mem0Memories
from adapters.memory.mem0_cloud import Mem0CloudMemories
from domain.embeddings import Embedder
from domain.memories import Memory, MemoryDomain, MemoryFilter, MemoryIndex, MemoryKind, NewMemory
from fakes.mem0 import FakeMem0

NOW = datetime(2025, 6, 1, 12, 30, tzinfo=UTC)
ALL = MemoryFilter()
TEXTS = {
    1: "I prefer PLA over ABS because it smells less.",
    2: "The night shift must stay quiet after ten.",
    3: "Invoice QX-4417 from Nordfil was paid in May.",
    4: "My sister Zdenka repairs violins in Brno.",
}


class Index(MemoryIndex, Protocol):
    async def close(self) -> None: ...


@dataclass(frozen=True)
class Store:
    """Opens as many indexes on one store as a test wants; `rows` counts what lies there, doubles too."""

    engine: str
    open: Callable[[Embedder], Index]
    rows: Callable[[], int]
    lose: Callable[[], object]
    """All of it, as when its folder or its collection is removed."""
    overwrite: Callable[[int, str], object]
    """A memory's text, as somebody else would."""
    name: str = ""
    """Of its graph, table or project."""


def falkordb_store(redis_url: str) -> Store:
    graph = f"memories_{uuid4().hex}"

    def rows() -> int:
        with redis.Redis.from_url(redis_url) as client:
            if not client.exists(graph):
                return 0
            answer = client.execute_command("GRAPH.RO_QUERY", graph, "MATCH (m:MemoryVector) RETURN count(m)")
            return int(answer[1][0][0])

    def lose() -> None:
        with redis.Redis.from_url(redis_url) as client:
            assert client.delete(graph) == 1

    def overwrite(id: int, text: str) -> None:
        with redis.Redis.from_url(redis_url) as client:
            change = f"MATCH (m:MemoryVector {{memory_id: {id}}}) SET m.data = '{text}'"
            client.execute_command("GRAPH.QUERY", graph, change)

    def opened(embedder: Embedder) -> Index:
        return Mem0Memories(redis_url, embedder, name=graph)

    return Store("falkordb", opened, rows, lose, overwrite, graph)


def pgvector_store(url: str) -> Store:
    name = f"memories_{uuid4().hex}"

    def rows() -> int:
        with psycopg.connect(url) as connection:
            there = connection.execute("SELECT to_regclass(%s)", [f"mem0.{name}"]).fetchone()
            if there == (None,):
                return 0
            found = connection.execute(f"SELECT count(*) FROM mem0.{name}".encode()).fetchone()  # noqa: S608  # ours
            return int(found[0]) if found else 0

    def opened(embedder: Embedder) -> Index:
        return Mem0Memories(url, embedder, vectors="pgvector", name=name)

    def lose() -> None:
        with psycopg.connect(url) as connection:
            connection.execute(f"DROP TABLE mem0.{name}".encode())

    def overwrite(id: int, text: str) -> None:
        with psycopg.connect(url) as connection:
            change = f"UPDATE mem0.{name} SET payload = payload || jsonb_build_object('data', %s::text)"  # noqa: S608  # a name of ours
            connection.execute(f"{change} WHERE memory_id = %s".encode(), [text, id])

    return Store("pgvector", opened, rows, lose, overwrite, name)


def cloud_store(fake: FakeMem0, url: str) -> Store:
    """A project of its own."""
    key = f"m0-{uuid4().hex}"

    def opened(embedder: Embedder) -> Index:
        return Mem0CloudMemories(key, url, embedder)

    held = fake.project(key).rows

    def overwrite(id: int, text: str) -> None:
        [row] = [row for row in held.values() if row["metadata"]["memory_id"] == str(id)]
        row["memory"] = text

    return Store("mem0 cloud", opened, lambda: len(held), held.clear, overwrite, key)


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
    index: MemoryIndex, query: str, *groups: str, limit: int = 5, where: MemoryFilter = ALL, at: datetime = NOW
) -> list[int]:
    hits = await index.search(groups or ("member_1",), query, limit=limit, where=where, at=at)
    assert all(0 <= hit.score <= 1 for hit in hits)
    return [hit.id for hit in hits]
