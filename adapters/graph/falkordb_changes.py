"""What a row of batches changes in one group's graph, joined into few statements."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import batched
from typing import Any

from adapters.graph.falkordb_records import checked_name, edge_row, entity_uuid, node_row
from domain.errors import SyncFailed
from domain.facts import Fact, GraphBatch, GraphEdge, GraphEntity

SLICE = 200
"""Rows of one statement: a writer holds its graph for a tenth of a second at most."""

type Statement = tuple[str, list[dict[str, Any]]]
type EdgeKey = tuple[str, str, str]


@dataclass(slots=True)
class GroupChange:
    """The batches of one group, later ones over earlier ones."""

    nodes: dict[str, GraphEntity] = field(default_factory=dict)
    edges: dict[EdgeKey, GraphEdge] = field(default_factory=dict)
    removed: dict[EdgeKey, GraphEdge] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)

    def add(self, batch: GraphBatch) -> None:
        for edge in batch.removed_edges:
            self.edges.pop(_key(edge), None)
            self.removed[_key(edge)] = edge
        for edge in batch.edges:
            self.removed.pop(_key(edge), None)
            self.edges[_key(edge)] = edge
        for fact in batch.facts:
            if fact.group != batch.group:
                raise SyncFailed(f"Fact {fact.id} of group {fact.group} stands in a batch of {batch.group}.")
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
        yield from self._node_statements()
        yield from self._placeholder_statements()
        yield from self._edge_statements("DELETE x", self.removed.values(), pattern="MATCH")
        fields = "SET x += r.properties, x.uuid = r.uuid, x.group_id = $group"
        yield from self._edge_statements(fields, self.edges.values(), pattern="MERGE")

    def _node_statements(self) -> Iterator[Statement]:
        by_labels: dict[tuple[str, ...], list[GraphEntity]] = defaultdict(list)
        for node in self.nodes.values():
            by_labels[tuple(sorted(checked_name(label) for label in node.labels if label != "Entity"))].append(node)
        for labels, nodes in by_labels.items():
            label = f"n:{':'.join(labels)}, " if labels else ""
            text = f"SET {label}n.name = r.name, n.key = r.key, n.group_id = $group, n += r.properties"
            yield from _sliced(f"{MERGE_NODE} {text}", map(node_row, nodes))

    def _placeholder_statements(self) -> Iterator[Statement]:
        """An end of an edge that is recorded later stands as a nameless Entity until then."""
        keys = dict.fromkeys(key for edge in self.edges.values() for key in (edge.source, edge.target))
        rows = ({"uuid": entity_uuid(key), "key": key} for key in keys if key not in self.nodes)
        yield from _sliced(f"{MERGE_NODE}, n.name = r.key, n.key = r.key, n.group_id = $group", rows)

    def _edge_statements(self, effect: str, edges: Iterable[GraphEdge], *, pattern: str) -> Iterator[Statement]:
        by_relation: dict[str, list[GraphEdge]] = defaultdict(list)
        for edge in edges:
            by_relation[checked_name(edge.relation)].append(edge)
        for relation, same in by_relation.items():
            text = f"{MATCH_ENDS} {pattern} (a)-[x:{relation}]->(b) {effect}"
            yield from _sliced(text, map(edge_row, same))


MERGE_NODE = "UNWIND $rows AS r MERGE (n:Entity {uuid: r.uuid}) ON CREATE SET n.summary = '', n.created_at = $now"
MATCH_ENDS = "UNWIND $rows AS r MATCH (a:Entity {uuid: r.source}) MATCH (b:Entity {uuid: r.target})"
KNOWN_FACTS = """UNWIND $ids AS id MATCH ()-[e:RELATES_TO {uuid: id}]->()
    RETURN id, e.digest AS digest, e.fact AS fact, startNode(e).uuid AS subject, endNode(e).uuid AS object"""
"""Ends stay without a label: with one, FalkorDB walks the nodes for every id instead of the edges' index."""
REMOVE_FACTS = "UNWIND $rows AS r MATCH ()-[e:RELATES_TO {uuid: r.uuid}]->() DELETE e"
UPDATE_FACTS = "UNWIND $rows AS r MATCH ()-[e:RELATES_TO {uuid: r.uuid}]->() SET e += r.properties"
REWRITE_FACTS = """UNWIND $rows AS r MATCH ()-[e:RELATES_TO {uuid: r.uuid}]->() SET e.fact_embedding = null
    WITH e, r SET e += r.properties, e.fact_embedding = vecf32(r.vector)"""
"""A vector set over a vector stays the old one (FalkorDB issue 2099): it is removed first."""
CREATE_FACTS = """UNWIND $rows AS r OPTIONAL MATCH ()-[old:RELATES_TO {uuid: r.uuid}]->() WITH r, old WHERE old IS NULL
    MATCH (a:Entity {uuid: r.subject}) MATCH (b:Entity {uuid: r.object})
    CREATE (a)-[e:RELATES_TO {uuid: r.uuid}]->(b) SET e += r.properties, e.fact_embedding = vecf32(r.vector)"""
"""Not MERGE: that walks all edges between the two nodes, and one member and one document may share thousands."""
FORGET_FACTS = "MATCH ()-[e:RELATES_TO]->() WHERE e.source IN $keys DELETE e"
FORGET_NODES = "UNWIND $uuids AS id MATCH (n:Entity {uuid: id}) DETACH DELETE n"
FORGET_NAMES = "MATCH (n:Entity) WHERE (n:NamedEntity OR n:PolicyTopic) AND NOT (n)--() DELETE n"
"""What only a forgotten document named, or was about, is forgotten with it."""


def changes_by_group(batches: Sequence[GraphBatch]) -> dict[str, GroupChange]:
    changes: dict[str, GroupChange] = defaultdict(GroupChange)
    for batch in batches:
        changes[batch.group].add(batch)
    return changes


def _key(edge: GraphEdge) -> EdgeKey:
    return edge.source, edge.relation, edge.target


def _sliced(text: str, rows: Iterable[dict[str, Any]]) -> Iterator[Statement]:
    for part in batched(rows, SLICE):
        yield text, list(part)
