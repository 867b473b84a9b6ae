"""How fast SQL's rows are compared with their stores, and in how much memory.

`python -m evals.reconciliation [--rows 100000] [--database URL] [--graph URL] [--store NAME]`

The rows lie in a temporary SQLite or in the empty database at URL, the graph in a FalkorDB of its own or in the empty
Neo4j at URL (emptied again), memories in that FalkorDB. All stores are filled with everything that they should hold,
through the product's own ports; only their vectors are of 8 numbers instead of 384, as comparing never reads one.
"""

import argparse
import asyncio
import gc
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from sqlalchemy import Engine, event

from adapters.sql import migrations
from app.container import Container
from app.settings import Settings
from domain.blobs import Blobs
from domain.embeddings import Embedder, Vector
from domain.facts import Graph, GraphBatch
from domain.memories import Memory, MemoryIndex
from domain.meters import Unmetered
from domain.reconciliation import Counts, Kind, Place, Store
from evals.figures import Figure, table
from evals.hall import hall
from evals.outbox import falkordb
from evals.processes import kilobytes
from evals.reconciliation.rows import MEMBERS, filed, multiplied, small
from services.expectations import Expectations
from services.reconciled_blobs import ReconciledBlobs
from services.reconciled_graph import KINDS, ReconciledGraph
from services.reconciled_memories import ReconciledMemories
from services.reconciliation import Compared, Reconciliation

SLICE = 500
PER_DAO = 4_375
"""Rows of the small DAO that the graph should show."""


class Eights:
    """Unit vectors of eight numbers, by a text's hash."""

    name, dimensions, max_pieces = "eights", 8, 200

    def pieces(self, text: str) -> int:
        return len(text.split())

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        return [[1.0 if hash(text) % 8 == place else 0.0 for place in range(8)] for text in texts]


class Measured(Container):
    @cached_property
    def embedder(self) -> Embedder:
        return Eights()


class Counting:
    """A store, and how often it was called."""

    def __init__(self, store: object) -> None:
        self._store = store
        self.calls = 0

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        self.calls += 1
        return cast(Callable[..., Awaitable[Any]], getattr(self._store, name))


@dataclass
class Timed:
    """A store's comparison: how long its slices took, and this process' memory after each."""

    compared: Compared
    store: Counting
    seconds: float = 0.0
    rss: list[float] = field(default_factory=list)

    async def step(self, place: Place, *, dry_run: bool) -> tuple[Counts, Place | None]:
        began = time.perf_counter()
        found = await self.compared.step(place, dry_run=dry_run)
        self.seconds += time.perf_counter() - began
        self.rss.append(resident())
        return found


def resident() -> float:
    return kilobytes(os.getpid(), "status")["VmRSS"]


@dataclass
class Statements:
    """Those that SQLAlchemy hands to a driver."""

    count: int = 0

    def __post_init__(self) -> None:
        event.listen(Engine, "before_cursor_execute", self)

    def __call__(self, *_: object) -> None:
        self.count += 1


class Heard:
    """Port `Alerts`."""

    def raise_(self, code: str, *, subject: str, message: str) -> None:
        raise SystemExit(f"{code} {subject}: {message}")


def stores_of(container: Container) -> dict[Store, Timed]:
    records, reads, outbox = container.database.records, container.reads, container.outbox
    blobs, index, graph = (Counting(each) for each in (container.blobs, container.index, container.graph))
    compared: dict[Store, tuple[Compared, Counting]] = {
        Store.BLOBS: (ReconciledBlobs(records, cast(Blobs, blobs), now=container.now), blobs),
        Store.MEMORIES: (ReconciledMemories(records, reads.memories, cast(MemoryIndex, index), outbox), index),
        Store.GRAPH: (ReconciledGraph(records, Expectations(reads), cast(Graph, graph), outbox), graph),
    }
    return {store: Timed(*each) for store, each in compared.items()}


async def filled(container: Container, store: Store) -> int:
    """How many rows the store was given."""
    if store is Store.GRAPH:
        return sum([await _filled(container, kind, _shown, container.graph.record) for kind in KINDS])
    if store is Store.MEMORIES:
        return await _filled(container, Kind.MEMORY, _remembered, container.index.add_batch)
    return 0


async def _filled[T](
    container: Container,
    kind: Kind,
    read: Callable[[Container, Kind, list[int]], Awaitable[list[T]]],
    write: Callable[[list[T]], Awaitable[None]],
) -> int:
    """The next slice is read while one is written."""
    after = given = 0
    async with asyncio.TaskGroup() as writing:
        last = None
        while ids := await container.database.records.rows(kind, after, limit=SLICE):
            some = await read(container, kind, ids)
            if last is not None:
                await last
            last = writing.create_task(_given(write, some))
            after, given = ids[-1], given + len(ids)
    return given


async def _given[T](write: Callable[[list[T]], Awaitable[None]], some: list[T]) -> None:
    await write(some)


async def _shown(container: Container, kind: Kind, ids: list[int]) -> list[GraphBatch]:
    return [each.batch for each in await Expectations(container.reads).of(kind, ids)]


async def _remembered(container: Container, _kind: Kind, ids: list[int]) -> list[Memory]:
    return list((await container.reads.memories.all_by_ids(ids)).values())


async def measured(container: Container, store: Store, statements: Statements) -> list[Figure]:
    began = time.perf_counter()
    given = await filled(container, store)
    fills = [Figure(f"{store}: filled, rows", given / (time.perf_counter() - began), "a second")] if given else []
    stores = stores_of(container)
    run = Reconciliation(
        container.database.transact, container.reads.reconciliations, stores, alerts=Heard(), meters=Unmetered()
    )
    timed = stores[store]
    gc.collect()
    before, asked, began = resident(), statements.count, time.perf_counter()
    counts = await run.run(store)
    whole = time.perf_counter() - began
    assert counts is not None
    thousands = counts.checked / 1_000
    return [
        *fills,
        Figure(f"{store}: {counts.checked:,} rows compared", counts.checked / timed.seconds, "a second"),
        Figure(f"{store}: with the pauses between slices", counts.checked / whole, "a second"),
        Figure(f"{store}: SQL statements", (statements.count - asked) / thousands, "a thousand rows"),
        Figure(f"{store}: calls of the store", timed.store.calls / thousands, "a thousand rows"),
        Figure(f"{store}: RSS before", before, "MB"),
        Figure(f"{store}: RSS at a tenth of the way", timed.rss[len(timed.rss) // 10], "MB"),
        Figure(f"{store}: RSS at most", max(timed.rss), "MB"),
    ]


async def of_stores(url: str, folder: Path, given: argparse.Namespace, address: str) -> list[Figure]:
    copies = max(1, round(given.rows / PER_DAO))
    await migrations.upgrade(url)
    async with hall(url) as founded:
        await small(founded)
        await multiplied(founded.reader, founded.writer, copies)
    filed(folder / "blobs", copies * MEMBERS)
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings takes it, its plugin does not know
        data_dir=folder,
        database_url=url,
        redis_url=f"redis://{address}/0",
        graph_url=given.graph or f"falkordb://{address}",
        memory_url=f"falkordb://{address}",
    )
    statements = Statements()
    async with Measured(settings) as container, AsyncExitStack() as afterwards:
        if group := await container.graph.next_group(""):
            raise SystemExit(f"--graph: give an empty graph; there is a group {group} in this one.")
        afterwards.push_async_callback(emptied, container.graph)
        return [
            figure for store in given.store or Store for figure in await measured(container, Store(store), statements)
        ]


async def emptied(graph: Graph) -> None:
    while group := await graph.next_group(""):
        await graph.drop(group)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.reconciliation", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="that the stores should hold, about")
    parser.add_argument("--database", help="an empty database for measuring only; a temporary SQLite by default")
    parser.add_argument("--graph", help="an empty Neo4j; a FalkorDB of its own by default")
    parser.add_argument("--store", action="append", choices=[each.value for each in Store], help="all by default")
    given = parser.parse_args()
    with TemporaryDirectory() as name, falkordb(Path(name)) as address:
        url = given.database or f"sqlite+aiosqlite:///{Path(name) / 'frontier.db'}"
        figures = asyncio.run(of_stores(url, Path(name), given, address))
    print(table(figures, " ".join(["python -m evals.reconciliation", *sys.argv[1:]])))


if __name__ == "__main__":
    main()
