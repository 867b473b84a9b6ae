"""What has to be done with facts: what is there already and unchanged is left alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.graph.changes import GroupChange, Rows
from adapters.graph.engines import Row, Statement

KNOWN_FACTS = """UNWIND $ids AS id MATCH ()-[e:RELATES_TO {uuid: id}]->() WHERE e.group_id IN $groups
    RETURN id, e.digest AS digest, e.fact AS fact, startNode(e).uuid AS subject, endNode(e).uuid AS object"""
"""Ends stay without a label: with one, FalkorDB walks the nodes for every id instead of the edges' index."""

MATCH_FACT = "UNWIND $rows AS r MATCH ()-[e:RELATES_TO {uuid: r.uuid, group_id: $group}]->()"
REMOVE_FACTS = f"{MATCH_FACT} DELETE e"
REMOVE_COPIES = f"{MATCH_FACT} WHERE e.source = r.source DELETE e"
UPDATE_FACTS = f"{MATCH_FACT} SET e += r.properties"
REWRITE_FACTS = f"{MATCH_FACT} SET e.fact_embedding = null WITH e, r SET e += r.properties"
"""A vector set over a vector stays the old one (FalkorDB issue 2099): it is removed first."""
CREATE_FACTS = """UNWIND $rows AS r OPTIONAL MATCH ()-[old:RELATES_TO {uuid: r.uuid, group_id: $group}]->()
    WITH r, old WHERE old IS NULL MATCH (a:Entity {uuid: r.subject}) MATCH (b:Entity {uuid: r.object})
    CREATE (a)-[e:RELATES_TO {uuid: r.uuid}]->(b) SET e += r.properties"""
"""Not MERGE: that walks all edges between the two nodes, and one member and one document may share thousands."""


@dataclass(slots=True)
class FactPlan:
    """A group's facts by what they need."""

    change: GroupChange
    moved: Rows = field(default_factory=list)
    updated: Rows = field(default_factory=list)
    rewritten: Rows = field(default_factory=list)
    created: Rows = field(default_factory=list)

    @classmethod
    def of(cls, change: GroupChange, known: Mapping[str, Row]) -> "FactPlan":
        """Compare with what is stored: a new vector only for a new text, a new edge only for new ends."""
        plan = cls(change, moved=[{"uuid": id} for id in sorted(change.removed_facts)])
        for row in map(change.records.fact_row, change.facts.values()):
            old = known.get(row["uuid"])
            if old is None:
                plan.created.append(row)
            elif (old["subject"], old["object"]) != (row["subject"], row["object"]):
                plan.moved.append(row)
                plan.created.append(row)
            elif old["fact"] != row["properties"]["fact"]:
                plan.rewritten.append(row)
            elif old["digest"] != row["properties"]["digest"]:
                plan.updated.append(row)
        return plan

    @property
    def texts(self) -> list[str]:
        """What needs a vector."""
        return [row["properties"]["fact"] for row in (*self.rewritten, *self.created)]

    def statements(self, vector_of: Callable[[str], object], set_vector: str) -> Iterator[Statement]:
        """Everything of the change. Vectors are put in as they are sent."""

        def with_vector(row: dict[str, Any]) -> dict[str, Any]:
            return {**row, "vector": vector_of(row["properties"]["fact"])}

        yield from self.change.statements()
        yield from self.change.sliced(REMOVE_FACTS, self.moved)
        copies = ({"uuid": id, "source": source} for id, source in sorted(self.change.removed_copies))
        yield from self.change.sliced(REMOVE_COPIES, copies)
        yield from self.change.sliced(UPDATE_FACTS, self.updated)
        yield from self.change.sliced(REWRITE_FACTS + set_vector, map(with_vector, self.rewritten))
        yield from self.change.sliced(CREATE_FACTS + set_vector, map(with_vector, self.created))
