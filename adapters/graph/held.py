"""What a group's graph holds, for comparing it with SQL: by keys, and in slices of all."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from adapters.graph.engines import Row
from adapters.graph.records import EPOCH, NODE_FIELDS, Records, moment, spans
from adapters.graph.slices import bounds, within
from domain.facts import OWNED_BY_TARGET, Fact, GraphBatch, GraphEdge, GraphEntity, HeldKey

UNKNOWN = "?"
"""Before the uuid of a node that does not stand under its own key."""
NODES = """UNWIND $uuids AS id MATCH (n:Entity {uuid: id})
    RETURN n.key AS key, n.uuid AS uuid, n.name AS name, labels(n) AS labels, properties(n) AS properties"""
_EDGE = "RETURN a.key AS source, b.key AS target, type(x) AS relation, properties(x) AS properties"
EDGES = f"""UNWIND $uuids AS id MATCH (a:Entity {{uuid: id}})-[x]->(b)
    WHERE type(x) <> 'RELATES_TO' AND NOT type(x) IN $theirs {_EDGE}
    UNION ALL UNWIND $uuids AS id MATCH (a)-[x]->(b:Entity {{uuid: id}}) WHERE type(x) IN $theirs {_EDGE}"""
FACTS = """MATCH ()-[e:RELATES_TO]->() WHERE e.source IN $keys AND e.group_id IN $groups
    AND e.fact_embedding IS NOT NULL
    RETURN e.uuid AS uuid, e.name AS name, e.fact AS fact, e.group_id AS group_id, e.created_at AS created_at,
    e.valid_at AS valid_at, e.invalid_at AS invalid_at, e.transaction_id AS transaction_id, e.source AS source,
    e.starts AS starts, e.ends AS ends, e.newest AS newest, startNode(e).key AS subject, endNode(e).key AS object"""
COUNT_NODES = "MATCH (n:Entity) WHERE n.group_id IN $groups RETURN count(n) AS count"
COUNT_FACTS = "MATCH ()-[e:RELATES_TO]->() WHERE e.group_id IN $groups RETURN count(e) AS count"
SLICE_NODES = """MATCH (n:Entity) WHERE RANGE AND (n.group_id IN $groups OR n.group_id IS NULL)
    RETURN n.key AS key, n.uuid AS uuid, size([(n)--() | 1]) > 0 AS linked"""
SLICE_FACTS = (
    "MATCH ()-[e:RELATES_TO]->() WHERE RANGE AND e.group_id IN $groups RETURN e.uuid AS uuid, e.source AS source"
)
GROUPS = "MATCH (n:Entity) WHERE n.group_id IS NOT NULL RETURN DISTINCT n.group_id AS group"
DROP = "MATCH (n:Entity {group_id: $group}) WITH n LIMIT 1000 DETACH DELETE n"
FACTS_FROM = "facts:"
"""Before a place among the facts: they come after the nodes."""


type Read = Callable[..., Awaitable[list[Row]]]
"""A statement and its parameters, on one group."""


async def held_batch(read: Read, records: Records, owners: Sequence[str], nodes: Sequence[str]) -> GraphBatch:
    uuids = [records.uuid(key) for key in dict.fromkeys((*owners, *nodes))]
    found = await read(NODES, uuids=uuids)
    theirs = [records.uuid(key) for key in owners]
    edges = await read(EDGES, uuids=theirs, theirs=sorted(OWNED_BY_TARGET)) if theirs else []
    facts = await read(FACTS, keys=list(owners)) if owners else []
    return GraphBatch("", tuple(_entities(records, found)), tuple(map(_edge, edges)), tuple(_sound(facts)))


async def slice_of_keys(read: Read, records: Records, after: str, limit: int) -> tuple[list[HeldKey], str]:
    """Nodes first, then facts."""
    among_facts = after.startswith(FACTS_FROM)
    [row] = await read(COUNT_FACTS if among_facts else COUNT_NODES) or [{"count": 0}]
    start, until = bounds(after.removeprefix(FACTS_FROM), count=row["count"], limit=limit)
    text, field = (SLICE_FACTS, "e.uuid") if among_facts else (SLICE_NODES, "n.uuid")
    range_ = f"{field} >= $start" + (f" AND {field} < $until" if until else "")
    rows = within(await read(text.replace("RANGE", range_), start=start, until=until), "uuid", start, until)
    if among_facts:
        sources = dict.fromkeys(row["source"] or "" for row in rows)
        return [HeldKey(source, linked=True) for source in sources], FACTS_FROM + until if until else ""
    return [HeldKey(_key(records, row), row["linked"]) for row in rows], until or FACTS_FROM


def uuids_of(records: Records, keys: Iterable[str]) -> list[str]:
    """Of keys as `slice_of_keys` tells them."""
    return [key[1:] if key.startswith(UNKNOWN) else records.uuid(key) for key in keys]


def _key(records: Records, row: Row) -> str:
    named: str | None = row["key"]
    return named if named is not None and records.uuid(named) == row["uuid"] else f"{UNKNOWN}{row['uuid']}"


def _entities(records: Records, rows: Iterable[Row]) -> Iterator[GraphEntity]:
    for row in rows:
        ours = {name: value for name, value in row["properties"].items() if name not in NODE_FIELDS}
        labels = tuple(label for label in row["labels"] if label != "Entity")
        yield GraphEntity(_key(records, row), row["name"], labels, ours)


def _edge(row: Row) -> GraphEdge:
    properties = {name: value for name, value in row["properties"].items() if name not in NODE_FIELDS}
    return GraphEdge(row["source"] or "", row["target"] or "", row["relation"], properties)


def _sound(rows: Iterable[Row]) -> Iterator[Fact]:
    """Those whose searched fields say what the others do."""
    for row in rows:
        fact = _fact(row)
        if fact is not None and [row["starts"], row["ends"], row["newest"]] == spans(fact):
            yield fact


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
