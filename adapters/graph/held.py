"""What a group's graph holds, for comparing it with SQL: by keys, and in slices of all."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.graph.engines import Engine, Row
from adapters.graph.records import EPOCH, NODE_FIELDS, Records, moment, spans
from adapters.graph.slices import FIRST, bounds, within
from domain.facts import OWNED_BY_TARGET, Fact, GraphBatch, GraphEdge, GraphEntity, HeldKey

UNKNOWN, UNKNOWN_FACT = "?", "?fact:"
"""Before the uuid of a node that does not stand under its own key, and of a fact that is nobody's."""
NODES = """UNWIND $uuids AS id MATCH (n:Entity {uuid: id})
    RETURN n.key AS key, n.uuid AS uuid, n.name AS name, labels(n) AS labels, properties(n) AS properties"""
_EDGE = """RETURN a.key AS source, b.key AS target, a.uuid AS source_uuid, b.uuid AS target_uuid,
    type(x) AS relation, properties(x) AS properties"""
EDGES = f"""UNWIND $uuids AS id MATCH (a:Entity {{uuid: id}})-[x]->(b)
    WHERE type(x) <> 'RELATES_TO' AND NOT type(x) IN $theirs {_EDGE}
    UNION ALL UNWIND $uuids AS id MATCH (a)-[x]->(b:Entity {{uuid: id}}) WHERE type(x) IN $theirs {_EDGE}"""
FACTS = """{limits} MATCH ()-[e:RELATES_TO]->() WHERE e.source IN $keys AND e.group_id IN $groups
    RETURN e.uuid AS uuid, e.name AS name, e.fact AS fact, e.group_id AS group_id, e.created_at AS created_at,
    e.valid_at AS valid_at, e.invalid_at AS invalid_at, e.transaction_id AS transaction_id, e.source AS source,
    e.starts AS starts, e.ends AS ends, e.newest AS newest, {sound} AS embedded,
    startNode(e).key AS subject, endNode(e).key AS object,
    startNode(e).uuid AS subject_uuid, endNode(e).uuid AS object_uuid"""
FACTS_FROM = "facts:"
"""Before a place among the facts: they come after the nodes."""
NODE, FACT = "(n:Entity)", "()-[n:RELATES_TO]->()"
NODE_KEYS = "n.key AS key, n.uuid AS uuid, size([(n)--() | 1]) > 0 AS linked"
FACT_KEYS = "n.uuid AS uuid, n.source AS source, n.group_id AS group_id"
_NAMED = f"coalesce(n.uuid >= '{FIRST}', false)"
NAMELESS_NODE, NAMELESS_FACT = "?nameless:node:", "?nameless:fact:"
"""Before the engine's own id of what has no uuid: all such nodes are forgotten together, and all such facts."""
NAMELESS = {
    NAMELESS_NODE: {
        True: f"MATCH (n:Entity) WHERE n.group_id IN $groups AND NOT {_NAMED}",
        False: f"MATCH (n) WHERE NOT n:Entity OR NOT {_NAMED}",
    },
    NAMELESS_FACT: {
        True: f"MATCH (a:Entity)-[n:RELATES_TO]->() WHERE a.group_id IN $groups AND NOT {_NAMED}",
        False: f"MATCH ()-[n:RELATES_TO]->() WHERE NOT {_NAMED}",
    },
}
"""By `Holdings.shared`. No index knows them: each is one look at all that the group has."""

type Read = Callable[..., Awaitable[list[Row]]]
"""A statement and its parameters, on one group."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """One group's. `dimensions`: of a sound vector."""

    read: Read
    engine: Engine
    records: Records
    group: str
    dimensions: int

    @property
    def shared(self) -> bool:
        """Other groups lie in the same graph; where none do, whatever lies there is the group's."""
        return self.engine.shared

    async def batch(self, owners: Sequence[str], nodes: Sequence[str]) -> GraphBatch:
        """As `Graph.held` tells it."""
        asked = {self.records.uuid(key): key for key in (*owners, *nodes)}
        found = await self.read(NODES, uuids=list(asked))
        theirs = [self.records.uuid(key) for key in owners]
        edges = await self.read(EDGES, uuids=theirs, theirs=sorted(OWNED_BY_TARGET)) if theirs else []
        text = FACTS.format(limits=self.engine.vector_limits, sound=self.engine.vector_sound)
        facts = await self.read(text, keys=list(owners), dimensions=self.dimensions) if owners else []
        told = tuple(self._told(facts))
        return GraphBatch(self.group, tuple(self._entities(found, asked)), tuple(self._edges(edges)), told)

    async def keys(self, after: str, limit: int) -> tuple[list[HeldKey], str]:
        """As `Graph.keys`: nodes first, then facts; before either what has no uuid. A place carries the count, so that
        it is taken once."""
        among_facts = after.startswith(FACTS_FROM)
        place, _, counted = after.removeprefix(FACTS_FROM).partition("@")
        count = int(counted) if counted else await self._count(FACT if among_facts else NODE)
        start, until = bounds(place, count=count, limit=limit)
        nameless = [] if place else await self._nameless(NAMELESS_FACT if among_facts else NAMELESS_NODE)
        rows = await self._slice(start or FIRST, until, *((FACT, FACT_KEYS) if among_facts else (NODE, NODE_KEYS)))
        if among_facts:
            keys = dict.fromkeys(self._fact_key(row) for row in rows)
            following = f"{FACTS_FROM}{until}@{count}" if until else ""
            return nameless + [HeldKey(key, linked=True) for key in keys], following
        keys_ = [HeldKey(_key(self.records, row["key"], row["uuid"]), row["linked"]) for row in rows]
        return nameless + keys_, f"{until}@{count}" if until else FACTS_FROM

    async def any(self) -> bool:
        return bool(await self.read(f"MATCH {self._whatever} {self._where()} RETURN 1 AS there LIMIT 1"))

    @property
    def dropping(self) -> str:
        """Removes some."""
        return f"MATCH {self._whatever} {self._where()} WITH n LIMIT 1000 DETACH DELETE n"

    @property
    def _whatever(self) -> str:
        return NODE if self.shared else "(n)"

    async def _nameless(self, what: str) -> list[HeldKey]:
        rows = await self.read(f"{NAMELESS[what][self.shared]} RETURN id(n) AS id")
        return [HeldKey(f"{what}{row['id']}", linked=True) for row in rows]

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
        source = row["source"]
        known = isinstance(source, str) and source and row["group_id"] == self.group
        return str(source) if known else f"{UNKNOWN_FACT}{row['uuid']}"

    def _entities(self, rows: Sequence[Row], asked: Mapping[str, str]) -> Iterator[GraphEntity]:
        """Of an id that is there twice the nodes come under the key asked for, whatever they say."""
        times = Counter(row["uuid"] for row in rows)
        for row in rows:
            if times[row["uuid"]] > 1:
                yield GraphEntity(asked[row["uuid"]], row["name"], (), {})
            elif row["properties"].get("group_id") == self.group:
                labels = tuple(label for label in row["labels"] if label != "Entity")
                key = _key(self.records, row["key"], row["uuid"])
                yield GraphEntity(key, row["name"], labels, _ours(row))

    def _edges(self, rows: Iterable[Row]) -> Iterator[GraphEdge]:
        for row in rows:
            source, target = (_key(self.records, row[end], row[f"{end}_uuid"]) for end in ("source", "target"))
            edge = GraphEdge(source, target, row["relation"], _ours(row))
            yield edge
            marks = row["properties"].get("uuid"), row["properties"].get("group_id")
            if marks != (self.records.edge_uuid(edge), self.group):
                yield edge

    def _told(self, rows: Sequence[Row]) -> Iterator[Fact]:
        """Those that a search would find as they are, the others without words; without an id they are nobody's."""
        named = [row for row in rows if isinstance(row["uuid"], str) and row["uuid"] >= FIRST]
        times = Counter(row["uuid"] for row in named)
        for row in named:
            ends = {end: _key(self.records, row[end], row[f"{end}_uuid"]) for end in ("subject", "object")}
            fact = _fact({**row, **ends}) if times[row["uuid"]] == 1 else None
            sound = fact is not None and row["embedded"] and [row["starts"], row["ends"], row["newest"]] == spans(fact)
            yield fact if fact is not None and sound else _wordless(row)


def ids_of(records: Records, keys: Iterable[str]) -> tuple[list[str], list[str]]:
    """Of keys as `Holdings.keys` tells them: the nodes' uuids, and those of facts that are nobody's."""
    facts = [key.removeprefix(UNKNOWN_FACT) for key in keys if key.startswith(UNKNOWN_FACT)]
    others = [key for key in keys if not key.startswith((UNKNOWN_FACT, *NAMELESS))]
    return [key[1:] if key.startswith(UNKNOWN) else records.uuid(key) for key in others], facts


def _key(records: Records, named: object, uuid: object) -> str:
    return named if isinstance(named, str) and records.uuid(named) == uuid else f"{UNKNOWN}{uuid}"


def _ours(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row["properties"].items() if name not in NODE_FIELDS}


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
    except (AttributeError, TypeError, ValueError):  # somebody else's
        return None
