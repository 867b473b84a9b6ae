"""What Neo4j has to hold before the first fact: constraints, and the indexes that the statements look up.

Graphiti's own names where the schema is Graphiti's: its `CREATE INDEX ... IF NOT EXISTS` changes nothing then.
"""

from collections.abc import Iterator, Sequence
from typing import Any

SHOW = """SHOW INDEXES YIELD name, type, labelsOrTypes, properties, options, owningConstraint
    RETURN name, type, labelsOrTypes AS what, properties, options, owningConstraint AS constraint"""
AWAIT = "CALL db.awaitIndexes($seconds)"
CONSTRAINTS = {
    "entity_uuid": "FOR (n:Entity) REQUIRE n.uuid IS UNIQUE",
    "fact_key": "FOR ()-[e:RELATES_TO]-() REQUIRE (e.group_id, e.uuid) IS UNIQUE",
}
"""An id of a fact is its group's: two groups may each hold a fact of the same row."""
INDEXES = {
    "entity_group_id": "INDEX {name} IF NOT EXISTS FOR (n:Entity) ON (n.group_id)",
    "entity_slices": "INDEX {name} IF NOT EXISTS FOR (n:Entity) ON (n.group_id, n.uuid)",
    "relation_uuid": "INDEX {name} IF NOT EXISTS FOR ()-[e:RELATES_TO]-() ON (e.uuid)",
    "fact_ends": "INDEX {name} IF NOT EXISTS FOR ()-[e:RELATES_TO]-() ON (e.group_id, e.ends)",
    "fact_source": "INDEX {name} IF NOT EXISTS FOR ()-[e:RELATES_TO]-() ON (e.group_id, e.source)",
    "fact_words": "FULLTEXT INDEX {name} IF NOT EXISTS FOR ()-[e:RELATES_TO]-() ON EACH [e.fact, e.group_id] "
    "OPTIONS {{indexConfig: {{`fulltext.analyzer`: 'english'}}}}",
    "entity_words": "FULLTEXT INDEX {name} IF NOT EXISTS FOR (n:Entity) ON EACH [n.name, n.group_id] "
    "OPTIONS {{indexConfig: {{`fulltext.analyzer`: 'english'}}}}",
}
FACT_VECTORS = "fact_vectors"
VECTORS = """VECTOR INDEX {name} IF NOT EXISTS FOR ()-[e:RELATES_TO]-() ON (e.fact_embedding)
    OPTIONS {{indexConfig: {{`vector.dimensions`: {dimensions:d}, `vector.similarity_function`: 'cosine',
    `vector.quantization.enabled`: false}}}}"""
"""Not quantized: that loses .02 to .03 of recall@5, and is no faster on two cores."""


def missing_statements(present: Sequence[dict[str, Any]], dimensions: int) -> Iterator[str]:
    """What has to be run, given the rows of SHOW; a plain index that has a constraint's name makes room."""
    names = {row["name"]: row["constraint"] for row in present}
    for name, text in CONSTRAINTS.items():
        if name in names and not names[name]:
            yield f"DROP INDEX {name} IF EXISTS"
        if not names.get(name):
            yield f"CREATE CONSTRAINT {name} IF NOT EXISTS {text}"
    for name, text in INDEXES.items():
        if name not in names:
            yield f"CREATE {text.format(name=name)}"
    if vector_index(present) is None:
        yield f"CREATE {VECTORS.format(name=FACT_VECTORS, dimensions=dimensions)}"


def vector_index(present: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The one over facts, whatever its name: Neo4j makes no second one of the same schema, and says nothing."""
    for row in present:
        if (row["type"], row["what"], row["properties"]) == ("VECTOR", ["RELATES_TO"], ["fact_embedding"]):
            return row
    return None
