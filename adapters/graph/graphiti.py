"""The temporal graph through Graphiti, on any engine."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import batched, chain

from adapters.counts import Counts
from adapters.graph.about import COUNT_ABOUT, page_about, reading
from adapters.graph.changes import SLICE, GroupChange, changes_by_group, together
from adapters.graph.engines import Engine, Overtaken, Row, Statement
from adapters.graph.held import NAMELESS, Holdings, ids_of
from adapters.graph.lineage import LINEAGE, trace_of
from adapters.graph.plans import KNOWN_FACTS, FactPlan
from adapters.graph.ranking import FactQuery, ranked
from adapters.graph.records import FACT_COLUMNS, Records, fact_of
from adapters.graph.texts import plain_text
from domain.embeddings import Embedder, Vector
from domain.errors import RetrievalFailed, SyncFailed
from domain.facts import Fact, GraphBatch, HeldKey
from domain.lineage import Trace
from domain.pages import Page, Slice
from domain.periods import Window

TRIES = 5
"""Of a record that other writers overtake."""
BY_IDS = f"""UNWIND $ids AS id MATCH ()-[e:RELATES_TO {{uuid: id}}]->() WHERE e.group_id IN $groups
    RETURN {FACT_COLUMNS}"""
FORGET_FACTS = "MATCH ()-[e:RELATES_TO]->() WHERE e.source IN $keys AND e.group_id = $group DELETE e"
FORGET_STRAY_FACTS = """UNWIND $facts AS id MATCH ()-[e:RELATES_TO {uuid: id}]->()
    WHERE e.group_id IS NULL OR e.group_id <> $group OR e.source IS NULL
    OR e.source <> toString(e.source) DELETE e"""
FORGET_NODES = "UNWIND $uuids AS id MATCH (n:Entity {uuid: id}) DETACH DELETE n"
FORGET_NAMES = """MATCH (n:Entity {group_id: $group}) WHERE (n:NamedEntity OR n:PolicyTopic) AND NOT (n)--()
    DELETE n"""
"""What only a forgotten document named, or was about, is forgotten with it."""


class GraphitiGraph:
    """`Graph` on an engine. Graphiti is imported with the first call.

    A fact's score is the cosine of query and fact, cut to 0..1; the order comes from cosine and words together
    (fusion.py), so a fact may stand above one of a higher score.
    """

    def __init__(self, engine: Engine, embedder: Embedder) -> None:
        self.engine = engine
        self._embedder = embedder
        self._opening = asyncio.Lock()

    async def close(self) -> None:
        await self.engine.close()

    async def record(self, batches: Sequence[GraphBatch]) -> None:
        await self._open()
        engine = self.engine
        changes = changes_by_group(batches, shared=engine.shared, labels_in_rows=engine.labels_in_rows)
        for _ in range(TRIES):
            try:
                return await self._write(await self._planned(changes))
            except Overtaken:
                continue
        raise SyncFailed("The graph could not be written: other writers were faster every time.")

    async def search(
        self, groups: Sequence[str], query: str, *, window: Window | None, at: datetime, limit: int
    ) -> list[tuple[Fact, float]]:
        query = plain_text(query)
        if not query.strip() or not groups or limit < 1:
            return []
        await self._open()
        [vector] = await self._embedder.embed([query])
        groups = list(dict.fromkeys(groups))
        async with self.engine.failing_as(RetrievalFailed, "read"):
            hits = await self.engine.hits(groups, FactQuery(query, vector, window, at, limit))
            best = ranked(hits, limit)
            rows = await self.engine.read(_groups(best), BY_IDS, ids=[id for _, id in best]) if best else []
        facts = {(fact.group, fact.id): fact for fact in filter(None, map(fact_of, rows))}
        return [(facts[key], hits[key].relevance.score) for key in best if key in facts]

    async def by_ids(self, groups: Sequence[str], ids: Sequence[str]) -> dict[str, Fact]:
        rows = await self._rows(groups, BY_IDS, ids=list(ids)) if ids else []
        return {fact.id: fact for fact in filter(None, map(fact_of, rows))}

    async def about(self, groups: Sequence[str], keys: Sequence[str], wanted: Slice) -> dict[str, Page[Fact]]:
        text, params = reading(wanted)
        owners = self._owners(groups, keys)
        found: dict[str, list[Row]] = {key: [] for key in keys}
        for row in await self._rows(groups, text, uuids=list(owners), **params):
            found[owners[row["about"]]].append(row)
        counts = Counts(partial(self._counts, groups, owners))
        return {key: page_about(rows, wanted, partial(counts.of, key)) for key, rows in found.items()}

    async def forget(self, group: str, keys: Sequence[str]) -> None:
        records = Records.of(group, shared=self.engine.shared)
        await self._open()
        async with self.engine.failing_as(SyncFailed, "written"):
            there = await self.engine.read([group], "RETURN 1 AS there")
        if there:
            nodes, facts = ids_of(records, keys)
            params = {"group": group, "groups": [group], "keys": list(keys), "uuids": nodes, "facts": facts}
            texts = [FORGET_FACTS, *([FORGET_STRAY_FACTS] if facts else []), FORGET_NODES]
            for what, statements in NAMELESS.items():
                if any(key.startswith(what) for key in keys):
                    texts.append(f"{statements[self.engine.shared]} DETACH DELETE n")
            await self._write(Statement(group, text, params) for text in (*texts, FORGET_NAMES))

    async def lineage(self, transaction_id: str) -> list[Trace]:
        await self._open()
        async with self.engine.failing_as(RetrievalFailed, "read"):
            rows = await self.engine.read_all(LINEAGE, id=transaction_id)
        return sorted(map(trace_of, rows), key=lambda trace: (trace.group, trace.kind, trace.key))

    async def next_group(self, after: str) -> str | None:
        await self._open()
        async with self.engine.failing_as(RetrievalFailed, "read"):
            return await self.engine.next_group(after)

    async def lacking(self, group: str) -> list[str]:
        await self._open()
        async with self.engine.failing_as(RetrievalFailed, "read"):
            return await self.engine.lacking(group)

    async def index(self, group: str) -> None:
        await self._open()
        async with self.engine.failing_as(SyncFailed, "indexed"):
            await self.engine.index(group)

    async def keys(self, group: str, after: str, *, limit: int) -> tuple[list[HeldKey], str]:
        return await self._holdings(group).keys(after, limit)

    async def held(self, group: str, owners: Sequence[str], nodes: Sequence[str] = ()) -> GraphBatch:
        return await self._holdings(group).batch(owners, nodes)

    async def drop(self, group: str) -> None:
        holdings = self._holdings(group)
        while await holdings.any():
            await self._write([Statement(group, holdings.dropping, {"groups": [group]})])

    async def _open(self) -> None:
        async with self._opening:
            await self.engine.open(dimensions=self._embedder.dimensions)

    def _holdings(self, group: str) -> Holdings:
        """Raises SyncFailed for what is no group."""
        records = Records.of(group, shared=self.engine.shared)
        return Holdings(partial(self._rows, [group]), self.engine, records, group, self._embedder.dimensions)

    async def _planned(self, changes: Sequence[GroupChange]) -> Iterable[Statement]:
        async with self.engine.failing_as(SyncFailed, "written"):
            plans = [FactPlan.of(change, await self._known(change)) for change in changes]
        vectors = await self._vectors(chain.from_iterable(plan.texts for plan in plans))

        def vector_of(text: str) -> object:
            return self.engine.vector(vectors[text])

        return chain.from_iterable(plan.statements(vector_of, self.engine.set_vector) for plan in plans)

    async def _write(self, statements: Iterable[Statement]) -> None:
        for part in together(statements, self.engine.rows_at_once):
            async with self.engine.failing_as(SyncFailed, "written"):
                await self.engine.write(part)

    async def _known(self, change: GroupChange) -> dict[str, Row]:
        parts = [
            await self.engine.read([change.group], KNOWN_FACTS, ids=list(ids)) for ids in batched(change.facts, SLICE)
        ]
        return {row["id"]: row for row in chain.from_iterable(parts)}

    async def _vectors(self, texts: Iterable[str]) -> Mapping[str, Vector]:
        each = list(dict.fromkeys(texts))
        return dict(zip(each, await self._embedder.embed(each), strict=True)) if each else {}

    async def _rows(self, groups: Sequence[str], cypher: str, **params: object) -> list[Row]:
        await self._open()
        async with self.engine.failing_as(RetrievalFailed, "read"):
            return await self.engine.read(list(dict.fromkeys(groups)), cypher, **params)

    async def _counts(self, groups: Sequence[str], owners: Mapping[str, str]) -> Mapping[str, int]:
        found = Counter[str]()
        for row in await self._rows(groups, COUNT_ABOUT, uuids=list(owners)):
            found[owners[row["about"]]] += row["facts"]
        return found

    def _owners(self, groups: Sequence[str], keys: Sequence[str]) -> dict[str, str]:
        """The entities' keys by the uuids of their nodes in these groups."""
        records = [Records.of(group, shared=self.engine.shared) for group in groups]
        return {each.uuid(key): key for each in records for key in keys}


def _groups(keys: Iterable[tuple[str, str]]) -> list[str]:
    return list(dict.fromkeys(group for group, _ in keys))
