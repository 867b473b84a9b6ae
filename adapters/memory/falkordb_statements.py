"""The statements of the memory vectors' graph, and filters as conditions."""

from typing import Any

from adapters.graph.falkordb_indexes import lasting
from adapters.graph.falkordb_search import LIMITS, sound
from adapters.graph.slices import FIRST
from adapters.memory.search import Filters, conditions

INDEXES = {
    ("id", "RANGE"): "CREATE INDEX FOR (m:MemoryVector) ON (m.id)",
    ("user_id", "RANGE"): "CREATE INDEX FOR (m:MemoryVector) ON (m.user_id)",
    ("data", "FULLTEXT"): "CALL db.idx.fulltext.createNodeIndex("
    "{{label: 'MemoryVector'}}, {{field: 'user_id', nostem: true}}, {{field: 'data'}})",
    ("vector", "VECTOR"): "CREATE VECTOR INDEX FOR (m:MemoryVector) ON (m.vector) "
    "OPTIONS {{dimension: {dimensions}, similarityFunction: 'cosine', efRuntime: 100}}",
}
PRESENT = """CALL db.indexes() YIELD label, types, options, status WHERE label = 'MemoryVector'
    RETURN label, types, options, status"""
MERGE = """UNWIND $rows AS r MERGE (m:MemoryVector {id: r.id}) ON MATCH SET m.vector = null
    WITH m, r SET m += r.properties, m.vector = vecf32(r.vector)"""
"""A vector set over a vector stays the old one (FalkorDB issue 2099): it is removed first."""
SET_PROPERTIES = "MATCH (m:MemoryVector {id: $id}) SET m += $properties"
DELETE = "UNWIND $ids AS id MATCH (m:MemoryVector {id: id}) DELETE m"
GET = "UNWIND $ids AS id MATCH (m:MemoryVector {id: id}) RETURN id, m{.*, vector: null} AS payload"
STORED = f"""{LIMITS} UNWIND $ids AS id MATCH (m:MemoryVector {{{{id: id}}}})
    WHERE {sound("m.vector")} RETURN {{columns}}"""
"""Not as a map: the client takes four times as long to read one."""
NAMELESS = f"MATCH (m) WHERE NOT m:MemoryVector OR NOT coalesce(m.id >= '{FIRST}', false)"
SLICE = "MATCH (m:MemoryVector) WHERE {range} RETURN m.id AS ref, m.memory_id AS id, m.user_id AS group"
LIST = (
    "MATCH (m:MemoryVector) WHERE m.user_id IN $groups AND {where} RETURN m.id AS id, m{{.*, vector: null}} AS payload"
)
MEMORY_IDS = "MATCH (m:MemoryVector {user_id: $group}) RETURN m.memory_id AS memory_id"
LINEAGE = """MATCH (m:MemoryVector) WHERE m.transaction_id = $id
    RETURN m.memory_id AS id, m.domain AS domain, m.user_id AS group ORDER BY m.memory_id"""
COUNT = "MATCH (m:MemoryVector {user_id: $group}) RETURN count(m) AS vectors"
COUNT_ALL = "MATCH (m:MemoryVector) RETURN count(m) AS vectors"

_COLUMNS = "m.id AS id, m.memory_id AS memory_id, m.user_id AS user_id, m.data AS data"
_DISTANCE = "vec.cosineDistance(m.vector, vecf32($vector)) AS distance"
NEAREST = f"""CALL db.idx.vector.queryNodes('MemoryVector', 'vector', $ask, vecf32($vector))
    YIELD node AS m, score AS distance WHERE m.user_id IN $groups AND {{where}}
    RETURN {_COLUMNS}, distance ORDER BY distance LIMIT $limit"""
EACH = f"""MATCH (m:MemoryVector) WHERE m.user_id IN $groups AND {{where}}
    WITH m, {_DISTANCE} ORDER BY distance LIMIT $limit RETURN {_COLUMNS}, distance"""
WORDS = f"""CALL db.idx.fulltext.queryNodes('MemoryVector', $words)
    YIELD node AS m, score WHERE m.user_id IN $groups AND {{where}}
    WITH m, score ORDER BY score DESC LIMIT $limit RETURN {_COLUMNS}, score, {_DISTANCE}"""

OPERATORS = {"eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "in": "IN"}


def missing_statements(present: list[dict[str, Any]], dimensions: int) -> list[str]:
    """What has to be run, given the rows of PRESENT."""
    there = {(field, kind) for row in lasting(present) for field, kinds in row["types"].items() for kind in kinds}
    return [text.format(dimensions=dimensions) for key, text in INDEXES.items() if key not in there]


def dimensions(present: list[dict[str, Any]]) -> int | None:
    """Of the vectors that are indexed, given the rows of PRESENT."""
    sizes = [row["options"]["vector"]["dimension"] for row in lasting(present) if "vector" in row["options"]]
    return int(sizes[0]) if sizes else None


def condition(filters: Filters) -> tuple[str, dict[str, Any]]:
    """Mem0's filters as one condition. Raises ValueError."""
    given = conditions(filters)
    parts = ["true", *(f"m.{each.field} {OPERATORS[each.operator]} ${each.name}" for each in given)]
    return " AND ".join(parts), {each.name: each.value for each in given}
