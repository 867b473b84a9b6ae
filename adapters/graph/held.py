"""What a group's graph holds, for comparing it with SQL: by keys, and in slices of all."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.graph.engines import Row
from adapters.graph.records import EPOCH, NODE_FIELDS, Records, moment, spans
from adapters.graph.slices import bounds, within
from domain.facts import OWNED_BY_TARGET, Fact, GraphBatch, GraphEdge, GraphEntity, HeldKey

UNKNOWN, UNKNOWN_FACT = "?", "?fact:"
"""Before the uuid of a node that does not stand under its own key, and of a fact that is nobody's."""
NODES = """UNWIND $uuids AS id MATCH (n:Entity {uuid: id})
    RETURN n.key AS key, n.uuid AS uuid, n.name AS name, labels(n) AS labels, properties(n) AS properties"""
_EDGE = "RETURN a.key AS source, b.key AS target, type(x) AS relation, properties(x) AS properties"
EDGES = f"""UNWIND $uuids AS id MATCH (a:Entity {{uuid: id}})-[x]->(b)
    WHERE type(x) <> 'RELATES_TO' AND NOT type(x) IN $theirs {_EDGE}
    UNION ALL UNWIND $uuids AS id MATCH (a)-[x]->(b:Entity {{uuid: id}}) WHERE type(x) IN $theirs {_EDGE}"""
FACTS = """MATCH ()-[e:RELATES_TO]->() WHERE e.source IN $keys AND e.group_id IN $groups
    RETURN e.uuid AS uuid, e.name AS name, e.fact AS fact, e.group_id AS group_id, e.created_at AS created_at,
    e.valid_at AS valid_at, e.invalid_at AS invalid_at, e.transaction_id AS transaction_id, e.source AS source,
    e.starts AS starts, e.ends AS ends, e.newest AS newest, e.fact_embedding IS NOT NULL AS embedded,
    startNode(e).key AS subject, endNode(e).key AS object"""
FACTS_FROM = "facts:"
"""Before a place among the facts: they come after the nodes."""
NODE, FACT = "(n:Entity)", "()-[n:RELATES_TO]->()"
NODE_KEYS = "n.key AS key, n.uuid AS uuid, size([(n)--() | 1]) > 0 AS linked"
FACT_KEYS = "n.uuid AS uuid, n.source AS source, n.group_id AS group_id"

type Read = Callable[..., Awaitable[list[Row]]]
"""A statement and its parameters, on one group."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """One group's. `shared`: other groups lie in the same graph; where none do, whatever lies there is the group's."""

    read: Read
    records: Records
    group: str
    shared: bool

    async def batch(self, owners: Sequence[str], nodes: Sequence[str]) -> GraphBatch:
        """As `Graph.held` tells it."""
        found = await self.read(NODES, uuids=[self.records.uuid(key) for key in dict.fromkeys((*owners, *nodes))])
        theirs = [self.records.uuid(key) for key in owners]
        edges = await self.read(EDGES, uuids=theirs, theirs=sorted(OWNED_BY_TARGET)) if theirs else []
        facts = await self.read(FACTS, keys=list(owners)) if owners else []
        return GraphBatch(self.group, tuple(self._entities(found)), tuple(self._edges(edges)), tuple(_told(facts)))

    async def keys(self, after: str, limit: int) -> tuple[list[HeldKey], str]:
        """As `Graph.keys`: nodes first, then facts. A place carries the count, so that it is taken once."""
        among_facts = after.startswith(FACTS_FROM)
        place, _, counted = after.removeprefix(FACTS_FROM).partition("@")
        count = int(counted) if counted else await self._count(FACT if among_facts else NODE)
        start, until = bounds(place, count=count, limit=limit)
        rows = await self._slice(start, until, *((FACT, FACT_KEYS) if among_facts else (NODE, NODE_KEYS)))
        if among_facts:
            keys = dict.fromkeys(self._fact_key(row) for row in rows)
            return [HeldKey(key, linked=True) for key in keys], f"{FACTS_FROM}{until}@{count}" if until else ""
        keys_ = [HeldKey(_key(self.records, row), row["linked"]) for row in rows]
        return keys_, f"{until}@{count}" if until else FACTS_FROM

    async def any(self) -> bool:
        return bool(await self.read(f"MATCH (n:Entity) {self._where()} RETURN 1 AS there LIMIT 1"))

    @property
    def dropping(self) -> str:
        """Removes some."""
        return f"MATCH (n:Entity) {self._where()} WITH n LIMIT 1000 DETACH DELETE n"

    async def _count(self, what: str) -> int:
        """Of a graph that is all the group's, the engine knows it without counting."""
        [row] = await self.read(f"MATCH {what} {self._where()} RETURN count(n) AS count") or [{"count": 0}]
        return int(row["count"])

    async def _slice(self, start: str, until: str | None, what: str, columns: str) -> list[Row]:
        where = self._where("n.uuid >= $start", "n.uuid < $until" if until else "")
        return within(
            await self.read(f"MATCH {what} {where} RETURN {columns}", start=start, until=until), "uuid", start, until
        )

    def _where(self, *conditions: str) -> str:
        """Those given, and that it is the group's."""
        all_ = [*(["n.group_id IN $groups"] if self.shared else []), *filter(None, conditions)]
        return f"WHERE {' AND '.join(all_)}" if all_ else ""

    def _fact_key(self, row: Row) -> str:
        source: str | None = row["source"]
        return source if source and row["group_id"] == self.group else f"{UNKNOWN_FACT}{row['uuid']}"

    def _entities(self, rows: Iterable[Row]) -> Iterator[GraphEntity]:
        for row in rows:
            if row["properties"].get("group_id") == self.group:
                labels = tuple(label for label in row["labels"] if label != "Entity")
                yield GraphEntity(_key(self.records, row), row["name"], labels, _ours(row))

    def _edges(self, rows: Iterable[Row]) -> Iterator[GraphEdge]:
        for row in rows:
            edge = GraphEdge(row["source"] or "", row["target"] or "", row["relation"], _ours(row))
            yield edge
            marks = row["properties"].get("uuid"), row["properties"].get("group_id")
            if marks != (self.records.edge_uuid(edge), self.group):
                yield edge


def ids_of(records: Records, keys: Iterable[str]) -> tuple[list[str], list[str]]:
    """Of keys as `Holdings.keys` tells them: the nodes' uuids, and those of facts that are nobody's."""
    facts = [key.removeprefix(UNKNOWN_FACT) for key in keys if key.startswith(UNKNOWN_FACT)]
    others = [key for key in keys if not key.startswith(UNKNOWN_FACT)]
    return [key[1:] if key.startswith(UNKNOWN) else records.uuid(key) for key in others], facts


def _key(records: Records, row: Row) -> str:
    named: str | None = row["key"]
    return named if named is not None and records.uuid(named) == row["uuid"] else f"{UNKNOWN}{row['uuid']}"


def _ours(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row["properties"].items() if name not in NODE_FIELDS}


def _told(rows: Iterable[Row]) -> Iterator[Fact]:
    """Those that a search would find as they are, the others without words."""
    for row in rows:
        fact = _fact(row)
        sound = fact is not None and row["embedded"] and [row["starts"], row["ends"], row["newest"]] == spans(fact)
        yield fact if fact is not None and sound else _wordless(row)


def _wordless(row: Row) -> Fact:
    nothing = GraphEntity("", "", ())
    return Fact(row["uuid"], row["group_id"], "", "", nothing, nothing, None, None, EPOCH, "", row["source"])


def _fact(row: Row) -> Fact | None:
    try:
        return Fact(
            id=row["uuid"],
            group=row["group_id"],
            relation=row["name"],
            text=row["fact"],
            subject=GraphEntity(row["subject"], "", ()),
            object=GraphEntity(row["object"], "", ()),
            valid_from=moment(row["valid_at"]),
            valid_to=moment(row["invalid_at"]),
            created_at=moment(row["created_at"]) or EPOCH,
            transaction_id=row["transaction_id"],
            source=row["source"],
        )
    except (TypeError, ValueError):  # somebody else's
        return None
