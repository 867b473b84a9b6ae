"""What was removed and still lies in a store, and rows that change while they are compared."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import pytest

from domain.documents import Visibility
from domain.drafts import Edit
from domain.errors import SyncFailed
from domain.facts import Graph, GraphBatch
from domain.members import Role, Viewer
from domain.reconciliation import Counts, Place, Store
from domain.tally import Choice
from domain.transactions import Transact, Work
from services.delegations import Mandate
from services.expectations import Expectations
from services.ingestion import Ingestion
from services.reconciled_graph import ReconciledGraph
from services.votes import Said
from tests.contracts.reconciliation.world import House, joined, tabled, uploaded

ANA, BEN = Viewer(1, Role.MEMBER), Viewer(2, Role.MEMBER)
PAPER = "Corvane Mill of Aveiro grinds rye. Osric Pell lent Harrow Guild nine kettles."


@pytest.mark.parametrize("store", [Store.MEMORIES, Store.GRAPH])
async def test_a_deleted_document_that_is_still_there_is_removed(house: House, store: Store) -> None:
    await house.container.services.documents.delete(ANA, 1)
    assert await house.look(store) == Counts((await house.look(store)).checked)
    await house.lost()
    await mended(house, store)
    assert "Quillon" not in repr(await house.held_in("memories" if store is Store.MEMORIES else "member_1"))


async def test_the_file_of_a_deleted_document_is_removed_when_it_is_old(house: House) -> None:
    blob = house.blob("notes")
    os.utime(blob, (time.time() - 7200,) * 2)
    await house.container.services.documents.delete(ANA, 1)
    await house.lost()
    assert await house.run(Store.BLOBS) == Counts(1, extra=1, mended=1)
    assert not blob.exists()


@pytest.mark.parametrize("store", [Store.MEMORIES, Store.GRAPH])
async def test_a_forgotten_memory_that_is_still_there_is_removed(house: House, store: Store) -> None:
    await house.container.services.memories.forget(ANA, 3)
    await house.lost()
    await mended(house, store)
    assert "Quillon" not in repr(await house.held_in("memories" if store is Store.MEMORIES else "member_1"))


async def test_a_deleted_chat_that_is_still_there_is_removed(house: House) -> None:
    await house.container.services.chats.delete(ANA, 1)
    await house.lost()
    for store in (Store.MEMORIES, Store.GRAPH):
        await mended(house, store)
    graph = repr(await house.held_in("member_1"))
    assert not any(word in graph for word in ("CHATTED", "SAID", "memory:1"))
    assert "Zdenka" not in repr(await house.held_in("memories"))


async def test_what_waits_to_be_shown_is_left_to_the_worker(house: House) -> None:
    await house.container.services.memories.forget(ANA, 3)
    await house.container.services.chats.delete(ANA, 1)
    cara = await joined(house, "cara")
    await uploaded(house, cara, "paper.txt", PAPER, Visibility.DAO)
    held = await house.held()
    for store in Store:
        counts = await house.run(store)
        assert (store, counts.missing, counts.extra) == (store, 0, 0)
    assert await house.held() == held
    await house.projected()
    for store in Store:
        counts = await house.look(store)
        assert (store, counts.missing, counts.extra) == (store, 0, 0)
    assert any("Corvane Mill" in fact for fact in await house.facts("Who grinds rye?"))


async def test_a_renamed_member_is_called_so_in_every_fact_and_nothing_differs(house: House) -> None:
    for viewer, name in ((ANA, "Ana Luz"), (BEN, "Benedikt"), (ANA, "Anna")):
        await house.container.services.members.update_profile(viewer, name)
    for store in Store:  # while the name waits to be shown
        counts = await house.look(store)
        assert (store, counts.missing, counts.extra) == (store, 0, 0)
    await house.projected()
    held = repr([await house.held_in(group) for group in ("dao", "member_1", "member_2")])
    assert [name in held for name in ("ana ", "ana's", "Luz", "ben ", "ben's")] == [False] * 5
    assert held.count("Anna voted") == 3
    for store in Store:
        counts = await house.look(store)
        assert (store, counts.missing, counts.extra) == (store, 0, 0)


async def test_what_a_delegate_said_for_another_is_shown_once_it_is_written(house: House) -> None:
    """After the resolution was shown, as the job that writes it may run later."""
    services = house.container.services
    cara = await joined(house, "cara")
    await services.delegations.give(cara, Mandate(ANA.member_id))
    proposal = await tabled(house, BEN, Edit("Buy a kettle", "For tea.", ["tea"]))
    await services.votes.cast(ANA, proposal, Said(Choice.FOR))
    await house.projected()
    [*_, resolution] = await house.container.reads.resolutions.after(-1)
    await services.resolutions.derive(resolution.id)
    await house.projected()
    assert "'DELEGATE'" in repr(await house.held_in("dao"))
    looked = await house.look(Store.GRAPH)
    assert looked == Counts(looked.checked)


async def test_a_document_that_is_deleted_while_it_is_mended_stays_gone(house: House) -> None:
    await house.wipe("member_1", "dao")

    async def meanwhile() -> None:
        await house.container.services.documents.delete(ANA, 1)
        await house.projected()

    counts = await through(house, Meddling(house.container.graph, meanwhile))
    assert counts.mended == counts.missing + counts.extra > 0
    assert (await house.look(Store.GRAPH)).missing == (await house.look(Store.GRAPH)).extra == 0
    assert "notes.md" not in repr(await house.held_in("member_1"))


async def test_a_document_that_is_deleted_while_it_is_given_up_ends_its_job(house: House) -> None:
    container = house.container

    async def overtaken(command: Callable[[Work], None]) -> None:
        await container.services.documents.delete(ANA, 1)
        await container.database.transact(command)

    nothing = cast(Any, None)
    ingestion = Ingestion(cast(Transact, overtaken), container.reads, container.blobs, reading=nothing, indexes=nothing)
    await ingestion.fail(1, SyncFailed("The graph is full."))
    await house.projected()
    assert await container.reads.documents.any_by_id(1) is None
    assert "notes.md" not in repr(await house.held_in("member_1"))


async def test_a_memory_that_is_forgotten_while_it_is_mended_stays_gone(house: House) -> None:
    await house.wipe("member_1")

    async def meanwhile() -> None:
        await house.container.services.memories.forget(ANA, 3)
        await house.projected()

    await through(house, Meddling(house.container.graph, meanwhile))
    assert await house.look(Store.GRAPH) == Counts((await house.look(Store.GRAPH)).checked)
    assert "Quillon" not in repr(await house.held_in("member_1"))


async def test_a_run_under_way_takes_nothing_from_what_comes_and_goes(house: House) -> None:
    """Documents come and are deleted while both stores are compared again and again."""
    stop = asyncio.Event()

    async def compared() -> list[Counts]:
        found = []
        while not stop.is_set():
            found += [await house.run(store) for store in Store]
        return found

    running = asyncio.create_task(compared())
    for number in range(4):
        document = await uploaded(house, ANA, f"{number}.txt", f"{PAPER} Kettle {number}.", Visibility.PRIVATE)
        await house.projected()
        await house.container.services.documents.delete(ANA, document - 1 if number else 1)
        await house.projected()
    stop.set()
    await running
    for store in Store:
        counts = await house.look(store)
        assert (store, counts.missing, counts.extra) == (store, 0, 0)
    held = repr(await house.held_in("memories"))
    assert [number for number in range(4) if f"Kettle {number}" in held] == [3]


class Meddling:
    """The graph, and something that happens just before its first record."""

    def __init__(self, graph: Graph, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._graph = graph
        self._meanwhile: Callable[[], Awaitable[None]] | None = meanwhile

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the graph has
        return getattr(self._graph, name)

    async def record(self, batches: Sequence[GraphBatch]) -> None:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile:
            await meanwhile()
        await self._graph.record(batches)


async def through(house: House, graph: Meddling) -> Counts:
    container = house.container
    compared = ReconciledGraph(
        container.database.records, Expectations(container.reads), cast(Graph, graph), container.outbox
    )
    counts, place = Counts(), Place()
    while True:
        some, following = await compared.step(place, dry_run=False)
        counts = counts + some
        if following is None:
            return counts
        place = following


async def mended(house: House, store: Store) -> None:
    """What is too much is found and removed, and nothing is missing."""
    looked = await house.look(store)
    assert (looked.missing, looked.extra > 0) == (0, True)
    assert await house.run(store) == looked + Counts(mended=looked.extra)
    assert await house.run(store) == Counts(looked.checked)
