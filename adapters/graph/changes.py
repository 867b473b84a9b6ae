"""What a row of batches changes in one group's graph, joined into few statements."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from adapters.graph.engines import Statement
from adapters.graph.records import Records, checked_name
from domain.errors import SyncFailed
from domain.facts import Fact, GraphBatch, GraphEdge, GraphEntity

SLICE = 200
"""Rows of one statement: a writer holds its graph for a tenth of a second at most."""

MERGE_NODE = "UNWIND $rows AS r MERGE (n:Entity {uuid: r.uuid}) ON CREATE SET n.summary = '', n.created_at = $now"
MATCH_ENDS = "UNWIND $rows AS r MATCH (a:Entity {uuid: r.source}) MATCH (b:Entity {uuid: r.target})"

LEAVE_ONE = """UNWIND $rows AS r MATCH (n:Entity {uuid: r.uuid}) OPTIONAL MATCH (n)-[e]-()
    WITH r, n, count(e) AS edges ORDER BY coalesce(n.key = r.key, false) DESC, edges DESC
    WITH r, collect(n) AS same UNWIND same[1..] AS n DETACH DELETE n"""
"""FalkorDB has no constraint that would keep a node of the same id away."""
LOCK_ENDS = "SET a.key = a.key WITH r, a, b"
"""FalkorDB takes its lock with the first change: without one, two writers may both look first and then both create."""

type EdgeKey = tuple[str, str, str]
type Rows = list[dict[str, Any]]


@dataclass(slots=True)
class GroupChange:
    """The batches of one group, later ones over earlier ones. `labels_in_rows`: as `Engine` says."""

    group: str
    records: Records
    labels_in_rows: bool = False
    nodes: dict[str, GraphEntity] = field(default_factory=dict)
    edges: dict[EdgeKey, GraphEdge] = field(default_factory=dict)
    removed: dict[EdgeKey, GraphEdge] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    removed_facts: set[str] = field(default_factory=set)
    removed_copies: set[tuple[str, str]] = field(default_factory=set)
    doubled: dict[str, None] = field(default_factory=dict)

    def add(self, batch: GraphBatch) -> None:
        self.doubled |= dict.fromkeys(batch.doubled)
        self.removed_copies |= set(batch.removed_copies)
        for edge in batch.removed_edges:
            self.edges.pop(_key(edge), None)
            self.removed[_key(edge)] = edge
        for edge in batch.edges:
            self.removed.pop(_key(edge), None)
            self.edges[_key(edge)] = edge
        for id in batch.removed_facts:
            self.facts.pop(id, None)
            self.removed_facts.add(id)
        for fact in batch.facts:
            if fact.group != batch.group:
                raise SyncFailed(f"Fact {fact.id} of group {fact.group} stands in a batch of {batch.group}.")
            self.removed_facts.discard(fact.id)
            self.facts[fact.id] = fact
            self._merge(fact.subject, fact.object)
        self._merge(*batch.nodes)

    def _merge(self, *entities: GraphEntity) -> None:
        for entity in entities:
            old = self.nodes.get(entity.key, entity)
            labels = tuple(dict.fromkeys((*old.labels, *entity.labels)))
            self.nodes[entity.key] = replace(entity, labels=labels, properties={**old.properties, **entity.properties})

    def statements(self) -> Iterator[Statement]:
        """Nodes, then edges; facts come after, they need their vectors."""
        rows = ({"uuid": self.records.uuid(key), "key": key} for key in self.doubled)
        yield from self.sliced(LEAVE_ONE, rows)
        yield from self._node_statements()
        yield from self._placeholder_statements()
        yield from self._edge_statements("MATCH (a)-[x:{}]->(b) DELETE x", self.removed.values())
        fields = "SET x += r.properties, x.group_id = $group"
        yield from self._edge_statements(
            f"{LOCK_ENDS} MERGE (a)-[x:{{}} {{{{uuid: r.uuid}}}}]->(b) {fields}", self.edges.values()
        )

    def sliced(self, text: str, rows: Iterable[dict[str, Any]], *, relation: str = "") -> Iterator[Statement]:
        now = datetime.now(UTC)
        for part in batched(rows, SLICE):
            yield Statement(self.group, text, {"rows": list(part), "group": self.group, "now": now}, relation)

    def _node_statements(self) -> Iterator[Statement]:
        by_labels: dict[str, Rows] = defaultdict(list)
        for node in self.nodes.values():
            labels = sorted(checked_name(label) for label in node.labels if label != "Entity")
            row = self.records.node_row(node)
            if self.labels_in_rows:
                by_labels["n:$(r.labels), "].append({**row, "labels": labels})
            else:
                by_labels[f"n:{':'.join(labels)}, " if labels else ""].append(row)
        for labelled, rows in by_labels.items():
            text = f"SET {labelled}n.name = r.name, n.key = r.key, n.group_id = $group, n += r.properties"
            yield from self.sliced(f"{MERGE_NODE} {text}", rows)

    def _placeholder_statements(self) -> Iterator[Statement]:
        """An end of an edge that is recorded later stands as a nameless Entity until then."""
        keys = dict.fromkeys(key for edge in self.edges.values() for key in (edge.source, edge.target))
        rows = ({"uuid": self.records.uuid(key), "key": key} for key in keys if key not in self.nodes)
        yield from self.sliced(f"{MERGE_NODE}, n.name = r.key, n.key = r.key, n.group_id = $group", rows)

    def _edge_statements(self, effect: str, edges: Iterable[GraphEdge]) -> Iterator[Statement]:
        by_relation: dict[str, list[GraphEdge]] = defaultdict(list)
        for edge in edges:
            by_relation[checked_name(edge.relation)].append(edge)
        for relation, same in by_relation.items():
            text = f"{MATCH_ENDS} {effect.format(relation)}"
            yield from self.sliced(text, map(self.records.edge_row, same), relation=relation)


def changes_by_group(batches: Sequence[GraphBatch], *, shared: bool, labels_in_rows: bool) -> list[GroupChange]:
    """`shared`, `labels_in_rows`: as `Engine` says."""
    changes: dict[str, GroupChange] = {}
    for batch in batches:
        if batch.group not in changes:
            changes[batch.group] = GroupChange(batch.group, Records.of(batch.group, shared=shared), labels_in_rows)
        changes[batch.group].add(batch)
    return list(changes.values())


def together(statements: Iterable[Statement], rows: int) -> Iterator[list[Statement]]:
    """In order, as many in a row as have at most so many rows together."""
    part: list[Statement] = []
    for statement in statements:
        if part and sum(each.size for each in part) + statement.size > rows:
            yield part
            part = []
        part.append(statement)
    if part:
        yield part


def _key(edge: GraphEdge) -> EdgeKey:
    return edge.source, edge.relation, edge.target
