"""Memories against every engine of the memory index: what is lost, stale or too much there is found and mended."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import psycopg
import pytest

from domain.members import Role, Viewer
from domain.memories import MemoryFilter
from domain.meters import Unmetered
from domain.reconciliation import Counts
from domain.reconciliation import Store as Stores
from evals.engines.pgvector import PgVector
from fakes.mem0 import FakeMem0
from services.reconciled_memories import ReconciledMemories
from services.reconciliation import Reconciliation
from tests.contracts.indexes import Scattered
from tests.contracts.memories import Index, Store, cloud_store, pgvector_store
from tests.contracts.reconciliation.world import House

ANA = Viewer(1, Role.MEMBER)
ROWS = 5
SOUND = Counts(ROWS)


@dataclass(frozen=True)
class Compared:
    """The house's memories beside an index of their own on some engine."""

    house: House
    store: Store
    index: Index
    reconciliation: Reconciliation

    async def look(self) -> Counts:
        return await self.reconciliation.look(Stores.MEMORIES)

    async def run(self) -> Counts | None:
        return await self.reconciliation.run(Stores.MEMORIES)

    async def found(self, query: str) -> list[int]:
        now, where = self.house.container.now(), MemoryFilter()
        return [hit.id for hit in await self.index.search(["member_1", "dao"], query, limit=1, where=where, at=now)]


@pytest.fixture
async def compared(house: House, memory_store: Store) -> AsyncIterator[Compared]:
    async with comparing(house, memory_store) as compared:
        yield compared


@asynccontextmanager
async def comparing(house: House, store: Store) -> AsyncIterator[Compared]:
    index, container = store.open(Scattered()), house.container
    memories = container.reads.memories
    await index.add_batch(list((await memories.all_by_ids(range(1, ROWS + 1))).values()))
    stores = {
        Stores.MEMORIES: ReconciledMemories(container.database.records, memories, index, container.database.outbox)
    }
    database, reads = container.database, container.reads.reconciliations
    run = Reconciliation(database.transact, reads, stores, alerts=container.alerts, meters=Unmetered())
    yield Compared(house, store, index, run)
    await index.close()


async def test_a_sound_index_is_left_as_it_is(compared: Compared) -> None:
    assert await compared.run() == SOUND
    assert compared.store.rows() == ROWS


async def test_a_missing_memory_is_put_back(compared: Compared) -> None:
    [text] = [each.content.text for each in (await compared.house.container.reads.memories.all_by_ids([3])).values()]
    await compared.index.remove([3])
    assert [await compared.look() for _ in range(2)] == [Counts(ROWS, missing=1)] * 2
    assert compared.store.rows() == ROWS - 1
    assert await compared.run() == Counts(ROWS, missing=1, mended=1)
    assert compared.store.rows() == ROWS
    assert await compared.run() == SOUND
    assert await compared.found(text) == [3]


async def test_a_forgotten_memory_that_is_still_there_is_removed(compared: Compared) -> None:
    await compared.house.container.services.memories.forget(ANA, 3)
    await compared.house.lost()
    assert await compared.look() == Counts(ROWS - 1, extra=1)
    assert compared.store.rows() == ROWS
    assert await compared.run() == Counts(ROWS - 1, extra=1, mended=1)
    assert compared.store.rows() == ROWS - 1
    assert await compared.run() == Counts(ROWS - 1)
    assert 3 not in await compared.index.ids("member_1")


async def test_another_text_or_group_is_replaced(compared: Compared) -> None:
    memories = await compared.house.container.reads.memories.all_by_ids([1, 3])
    changed = [
        replace(memories[1], content=replace(memories[1].content, text="Somebody wrote over it.")),
        replace(memories[3], content=replace(memories[3].content, group="member_2")),
    ]
    await compared.index.remove([1, 3])
    await compared.index.add_batch(changed)
    assert await compared.look() == Counts(ROWS, missing=2)
    assert await compared.run() == Counts(ROWS, missing=2, mended=2)
    assert await compared.run() == SOUND
    assert (compared.store.rows(), await compared.index.missing(list(memories.values()))) == (ROWS, set())


async def test_a_text_that_somebody_wrote_over_is_put_back(compared: Compared) -> None:
    [memory] = (await compared.house.container.reads.memories.all_by_ids([3])).values()
    compared.store.overwrite(3, "Nobody repairs anything.")
    assert await compared.look() == Counts(ROWS, missing=1)
    assert await compared.run() == Counts(ROWS, missing=1, mended=1)
    assert await compared.run() == SOUND
    assert (compared.store.rows(), await compared.index.missing([memory])) == (ROWS, set())


async def test_a_lost_store_is_made_again(compared: Compared) -> None:
    """A look makes nothing."""
    compared.store.lose()
    assert [await compared.look() for _ in range(2)] == [Counts(ROWS, missing=ROWS)] * 2
    assert compared.store.rows() == 0
    assert await compared.run() == Counts(ROWS, missing=ROWS, mended=ROWS)
    assert (compared.store.rows(), await compared.index.lacking()) == (ROWS, [])
    assert await compared.run() == SOUND


async def test_what_mem0_cloud_has_twice_or_from_others_is_removed(
    house: House, mem0_cloud: tuple[FakeMem0, str]
) -> None:
    store = cloud_store(*mem0_cloud)
    async with comparing(house, store) as compared:
        project = mem0_cloud[0].project(store.name)
        again = next(row for row in project.rows.values() if row["metadata"]["memory_id"] == "3")
        project.add(again["memory"], again)
        project.add("Somebody else wrote this.", {"user_id": "member_1", "metadata": None})
        assert await compared.look() == Counts(ROWS, missing=1, extra=1)
        assert store.rows() == ROWS + 2
        assert await compared.run() == Counts(ROWS, missing=1, extra=1, mended=2)
        assert await compared.run() == SOUND
        assert store.rows() == ROWS


@pytest.mark.parametrize("what", ["user", "transaction", "words", "vector"])
async def test_an_index_that_pgvector_lost_is_made_again(house: House, pgvector_server: PgVector, what: str) -> None:
    store = pgvector_store(pgvector_server.url)
    async with comparing(house, store) as compared:
        with psycopg.connect(pgvector_server.url) as connection:
            connection.execute(f"DROP INDEX mem0.{store.name}_{what}".encode())
        assert [await compared.look() for _ in range(2)] == [Counts(ROWS, missing=1)] * 2
        assert await compared.run() == Counts(ROWS, missing=1, mended=1)
        assert (await compared.index.lacking(), await compared.run()) == ([], SOUND)
