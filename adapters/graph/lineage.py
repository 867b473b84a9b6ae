"""What a transaction left in the graphs of all groups, found by walking them: an index would cost memory every day."""

from collections.abc import Mapping
from typing import Any

from domain.lineage import Trace
from domain.members import DAO_GROUP, member_group

LINEAGE = """MATCH (n:Entity) WHERE n.transaction_id = $id
    RETURN n.group_id AS group, labels(n) AS kinds, n.key AS source, null AS target, null AS fact
    UNION ALL MATCH (a:Entity)-[e]->(b:Entity) WHERE e.transaction_id = $id
    RETURN e.group_id AS group, [type(e)] AS kinds, a.key AS source, b.key AS target,
        CASE WHEN type(e) = 'RELATES_TO' THEN [e.name, e.uuid] END AS fact"""

MEMBERS = member_group(0).removesuffix("0")
"""What the names of members' groups begin with."""


def is_group(graph: str) -> bool:
    """Other graphs live beside ours on one server: the memories' vectors, for one."""
    return graph == DAO_GROUP or graph.startswith(MEMBERS)


def trace_of(row: Mapping[str, Any]) -> Trace:
    if row["fact"]:
        relation, id_ = row["fact"]
        return Trace("graph", f"RELATES_TO:{relation}", id_, row["group"])
    kind = ":".join(sorted(kind for kind in row["kinds"] if kind != "Entity"))
    key = row["source"] if row["target"] is None else f"{row['source']}->{row['target']}"
    return Trace("graph", kind, key, row["group"])
