"""The indexes of a group's graph: what the statements of this folder look up, and no more (each costs memory)."""

from collections.abc import Sequence
from typing import Any

OPERATIONAL = "OPERATIONAL"
SHOW = "CALL db.indexes() YIELD label, types, status RETURN label, types, status"
INDEXES = {
    ("Entity", "uuid", "RANGE"): "CREATE INDEX FOR (n:Entity) ON (n.uuid)",
    ("RELATES_TO", "uuid", "RANGE"): "CREATE INDEX FOR ()-[e:RELATES_TO]-() ON (e.uuid)",
    ("RELATES_TO", "source", "RANGE"): "CREATE INDEX FOR ()-[e:RELATES_TO]-() ON (e.source)",
    ("Entity", "name", "FULLTEXT"): "CREATE FULLTEXT INDEX FOR (n:Entity) ON (n.name)",
    ("RELATES_TO", "fact", "FULLTEXT"): "CREATE FULLTEXT INDEX FOR ()-[e:RELATES_TO]-() ON (e.fact)",
    ("RELATES_TO", "fact_embedding", "VECTOR"): "CREATE VECTOR INDEX FOR ()-[e:RELATES_TO]-() ON (e.fact_embedding) "
    "OPTIONS {{dimension: {dimensions}, similarityFunction: 'cosine', efRuntime: 100}}",
}


def missing_statements(present: Sequence[dict[str, Any]], dimensions: int) -> list[str]:
    """What has to be run, given the rows of SHOW."""
    rows = lasting(present)
    there = {(row["label"], field, kind) for row in rows for field, kinds in row["types"].items() for kind in kinds}
    return [text.format(dimensions=dimensions) for key, text in INDEXES.items() if key not in there]


def lasting(present: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without those that are about to go, by `label` and `status`.

    A label has all its indexes in one set. To make or drop one FalkorDB builds a new set and shows the old one, which
    is searched meanwhile, beside it: an index that was dropped is in the old one until the new one is built.
    """
    renewed = {row["label"] for row in present if row["status"] != OPERATIONAL}
    return [row for row in present if row["label"] not in renewed or row["status"] != OPERATIONAL]
