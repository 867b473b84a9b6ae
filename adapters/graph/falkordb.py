"""The temporal graph: Graphiti on FalkorDB, each group a graph of its own that has the group's name."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import batched, chain
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from adapters.graph.falkordb_changes import FORGET_FACTS, FORGET_NAMES, FORGET_NODES, GroupChange, changes_by_group
from adapters.graph.falkordb_connection import DEADLINE, FalkorConnection, Row, plain_text, reason
from adapters.graph.falkordb_lineage import GROUPS_AT_ONCE, LINEAGE, is_group, trace_of
from adapters.graph.falkordb_ranking import FactKey, FactQuery, hits_of, ranked
from adapters.graph.falkordb_recorder import FactPlan, known_facts, plan_facts, run
from adapters.graph.falkordb_records import FACT_COLUMNS, checked_group, entity_uuid, fact_of
from adapters.graph.graphiti_import import imported_driver
from domain.embeddings import Embedder, Vector
from domain.errors import RetrievalFailed, SyncFailed
from domain.facts import Fact, GraphBatch
from domain.lineage import Trace
from domain.periods import Window

if TYPE_CHECKING:
    from adapters.graph.falkordb_driver import GroupDriver

BY_IDS = f"UNWIND $ids AS id MATCH ()-[e:RELATES_TO {{uuid: id}}]->() RETURN {FACT_COLUMNS}"
ABOUT = f"""MATCH (:Entity {{uuid: $uuid}})-[e:RELATES_TO]-() WITH DISTINCT e
    ORDER BY e.newest DESC, e.uuid LIMIT $limit RETURN {FACT_COLUMNS}"""
COUNT_ABOUT = "MATCH (:Entity {uuid: $uuid})-[e:RELATES_TO]-() RETURN count(DISTINCT e) AS facts"


class GraphitiGraph:
    """`Graph` on the FalkorDB at `url` (falkordb:// or redis://). Graphiti is imported with the first call.

    A fact's score is the cosine of query and fact, cut to 0..1; the order comes from cosine and words together
    (fusion.py), so a fact may stand above one of a higher score. Each read, and each written slice, ends within 5 s.
    """

    def __init__(self, url: str, embedder: Embedder) -> None:
        self._embedder = embedder
        self._connection = FalkorConnection(url)
        self._opening = asyncio.Lock()
        self._driver: GroupDriver | None = None

    async def close(self) -> None:
        await self._connection.aclose()

    async def record(self, batches: Sequence[GraphBatch]) -> None:
        base = await self._opened()
        changes = changes_by_group(batches)
        drivers = {group: base.clone(checked_group(group)) for group in changes}
        plans = {group: await self._planned(drivers[group], change) for group, change in changes.items()}
        vectors = await self._vectors(chain.from_iterable(plan.texts for plan in plans.values()))
        for group, change in changes.items():
            for statement in chain(change.statements(), plans[group].statements(vectors)):
                async with self._writing():
                    await run(drivers[group], group, statement)

    async def search(
        self, groups: Sequence[str], query: str, *, window: Window | None, at: datetime, limit: int
    ) -> list[tuple[Fact, float]]:
        query = plain_text(query)
        if not query.strip() or not groups or limit < 1:
            return []
        base = await self._opened()
        [vector] = await self._embedder.embed([query])
        asked = FactQuery(query, vector, window, at, limit)
        async with _reading():
            found = await asyncio.gather(*(hits_of(base.clone(group), group, asked) for group in _once(groups)))
            hits = {key: hit for part in found for key, hit in part.items()}
            best = ranked(hits, limit)
            facts = await self._facts(base, best)
        return [(facts[key], hits[key].relevance.score) for key in best if key in facts]

    async def by_ids(self, groups: Sequence[str], ids: Sequence[str]) -> dict[str, Fact]:
        base = await self._opened()
        async with _reading():
            facts = await self._facts(base, [(group, id) for group in _once(groups) for id in ids])
        return {fact.id: fact for fact in facts.values()}

    async def about(self, groups: Sequence[str], key: str, *, limit: int, skip: int) -> list[Fact]:
        rows = await self._rows(groups, ABOUT, uuid=entity_uuid(key), limit=skip + limit)
        facts = sorted(map(fact_of, rows), key=lambda fact: fact.id)
        facts.sort(key=lambda fact: fact.valid_from or fact.created_at, reverse=True)
        return facts[skip : skip + limit]

    async def count_about(self, groups: Sequence[str], key: str) -> int:
        return sum(row["facts"] for row in await self._rows(groups, COUNT_ABOUT, uuid=entity_uuid(key)))

    async def forget(self, group: str, keys: Sequence[str]) -> None:
        driver = (await self._opened()).clone(checked_group(group))
        async with self._writing():
            if await driver.read("RETURN 1 AS there"):
                await driver.write(FORGET_FACTS, keys=list(keys))
                await driver.write(FORGET_NODES, uuids=[entity_uuid(key) for key in keys])
                await driver.write(FORGET_NAMES)

    async def lineage(self, transaction_id: str) -> list[Trace]:
        async with _reading():
            names: list[str] = await self._connection.list_graphs()
        groups = [name for name in names if is_group(name)]
        found = [await self._rows(part, LINEAGE, id=transaction_id) for part in batched(groups, GROUPS_AT_ONCE)]
        return sorted(map(trace_of, chain.from_iterable(found)), key=lambda trace: (trace.group, trace.kind, trace.key))

    async def _opened(self) -> "GroupDriver":
        async with self._opening:
            if self._driver is None:
                module = await asyncio.to_thread(imported_driver)
                self._driver = module.GroupDriver(self._connection, dimensions=self._embedder.dimensions)
        return self._driver

    async def _planned(self, driver: "GroupDriver", change: GroupChange) -> FactPlan:
        async with self._writing():
            await driver.ensure_indexes()
            return plan_facts(change, await known_facts(driver, change))

    async def _vectors(self, texts: Iterable[str]) -> Mapping[str, Vector]:
        each = list(_once(texts))
        return dict(zip(each, await self._embedder.embed(each), strict=True)) if each else {}

    async def _facts(self, base: "GroupDriver", keys: Iterable[FactKey]) -> dict[FactKey, Fact]:
        by_group: dict[str, list[str]] = defaultdict(list)
        for group, id in keys:
            by_group[group].append(id)
        found = await asyncio.gather(*(base.clone(group).read(BY_IDS, ids=ids) for group, ids in by_group.items()))
        facts = map(fact_of, chain.from_iterable(found))
        return {(fact.group, fact.id): fact for fact in facts}

    async def _rows(self, groups: Sequence[str], cypher: str, **params: str | int) -> list[Row]:
        base = await self._opened()
        async with _reading():
            found = await asyncio.gather(*(base.clone(group).read(cypher, **params) for group in _once(groups)))
        return list(chain.from_iterable(found))

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        """Raises SyncFailed; the indexes are looked up again afterwards, the server may be another one."""
        try:
            async with asyncio.timeout(DEADLINE):
                yield
        except (RedisError, OSError) as error:
            if self._driver:
                self._driver.forget_indexes()
            raise SyncFailed(f"The graph could not be written: {reason(error)}") from error


@asynccontextmanager
async def _reading() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(DEADLINE):
            yield
    except (RedisError, OSError) as error:
        raise RetrievalFailed(f"The graph could not be read: {reason(error)}") from error


def _once(values: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(values)
