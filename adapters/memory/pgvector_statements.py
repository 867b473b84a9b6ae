"""The statements of the memory vectors' table, and filters as conditions. {table} is its name, checked."""

from typing import Any

from adapters.memory.search import Filters, conditions

LOCK = "SELECT pg_advisory_xact_lock(hashtext('mem0'))"
"""Two processes that create what IF NOT EXISTS names would fail."""
CREATE = """
CREATE EXTENSION IF NOT EXISTS vector;
CREATE SCHEMA IF NOT EXISTS mem0;
CREATE TABLE IF NOT EXISTS {table} (
  id uuid PRIMARY KEY,
  payload jsonb NOT NULL,
  vector vector({dimensions}) NOT NULL,
  memory_id bigint NOT NULL GENERATED ALWAYS AS ((payload->>'memory_id')::bigint) STORED,
  user_id text NOT NULL GENERATED ALWAYS AS (payload->>'user_id') STORED,
  domain text GENERATED ALWAYS AS (payload->>'domain') STORED,
  kind text GENERATED ALWAYS AS (payload->>'kind') STORED,
  source text GENERATED ALWAYS AS (payload->>'source') STORED,
  importance float8 GENERATED ALWAYS AS ((payload->>'importance')::float8) STORED,
  session_id bigint GENERATED ALWAYS AS ((payload->>'session_id')::bigint) STORED,
  created bigint GENERATED ALWAYS AS ((payload->>'created')::bigint) STORED,
  expires bigint GENERATED ALWAYS AS ((payload->>'expires')::bigint) STORED,
  transaction_id text GENERATED ALWAYS AS (payload->>'transaction_id') STORED,
  words tsvector GENERATED ALWAYS AS (to_tsvector('english', payload->>'data')) STORED
);
ALTER TABLE {table} ALTER COLUMN vector SET STORAGE MAIN; -- fetched apart from the row: ten times as slow
CREATE INDEX IF NOT EXISTS {name}_user ON {table} (user_id);
CREATE INDEX IF NOT EXISTS {name}_transaction ON {table} (transaction_id);
CREATE INDEX IF NOT EXISTS {name}_words ON {table} USING gin (words);
CREATE INDEX IF NOT EXISTS {name}_vector ON {table} USING hnsw (vector vector_cosine_ops);
"""
INDEXED = ("user", "transaction", "words", "vector")
INDEXES = "SELECT indexname AS name FROM pg_indexes WHERE schemaname = 'mem0' AND tablename = %(name)s"
NO_TIMEOUT = "SET LOCAL statement_timeout = 0"
THERE = "SELECT to_regclass(%(table)s) IS NOT NULL AS there"
DIMENSIONS = """SELECT atttypmod AS dimensions FROM pg_attribute
    WHERE attrelid = to_regclass(%(table)s) AND attname = 'vector'"""
DROP = "DROP TABLE IF EXISTS {table}"
MERGE = """INSERT INTO {table} (id, payload, vector) VALUES (%(id)s, %(properties)s, %(vector)s::vector)
    ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, vector = excluded.vector"""
SET_PAYLOAD = "UPDATE {table} SET payload = payload || %(properties)s WHERE id = %(id)s"
DELETE = "DELETE FROM {table} WHERE id = ANY(%(ids)s::uuid[])"
GET = "SELECT id::text, payload FROM {table} WHERE id = ANY(%(ids)s::uuid[])"
STORED = f"{GET} AND vector_norm(vector) > 0"
SLICE = """SELECT id::text AS ref, memory_id AS id, user_id AS group FROM {table}
    WHERE id > %(after)s::uuid ORDER BY {table}.id LIMIT %(limit)s"""
LIST = "SELECT id::text, payload FROM {table} WHERE user_id = ANY(%(groups)s) AND {where}"
MEMORY_IDS = "SELECT memory_id FROM {table} WHERE user_id = %(group)s"
LINEAGE = """SELECT memory_id AS id, domain, user_id AS group FROM {table} WHERE transaction_id = %(id)s
    ORDER BY memory_id"""
COUNT = "SELECT count(*) AS vectors FROM {table} WHERE user_id = %(group)s"
COUNT_ALL = "SELECT count(*) AS vectors FROM {table}"

EACH = """WITH best AS MATERIALIZED (
      SELECT id, {distance} AS distance FROM {table} WHERE user_id = ANY(%(groups)s) AND {where}
      ORDER BY ({distance}) + 0 LIMIT %(limit)s)
    SELECT {columns}, distance FROM best JOIN {table} USING (id)"""
"""By a sum, which no index serves: the nearest of all, filtered afterwards, may hold none of a small group."""
WIDEN = "SELECT set_config('hnsw.ef_search', %(ask)s::text, true)"
NEAREST = """SELECT {columns}, distance FROM
    (SELECT *, {distance} AS distance FROM {table} ORDER BY {distance} LIMIT %(ask)s) AS near
    WHERE user_id = ANY(%(groups)s) AND {where} ORDER BY distance LIMIT %(limit)s"""
WORDS = """WITH asked AS (
      SELECT DISTINCT plainto_tsquery('english', word) AS query FROM unnest(%(words)s::text[]) AS word),
    matched AS MATERIALIZED (
      SELECT query, id FROM asked JOIN {table} ON words @@ query WHERE user_id = ANY(%(groups)s) AND {where}),
    weighed AS (SELECT query, ln(1 + %(size)s::float8 / count(*)) AS weight FROM matched GROUP BY query),
    best AS MATERIALIZED (
      SELECT id, sum(weight) AS score FROM matched JOIN weighed USING (query)
      GROUP BY id ORDER BY score DESC, id LIMIT %(limit)s)
    SELECT {columns}, score, {distance} AS distance FROM best JOIN {table} USING (id)"""
"""Each of the words is worth the more the fewer of these groups' memories have it."""
PARTS = {
    "{columns}": "id::text, memory_id, user_id, payload->>'data' AS data",
    "{distance}": "vector <=> %(vector)s::vector",
}

OPERATORS = {"eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def condition(filters: Filters) -> tuple[str, dict[str, Any]]:
    """Mem0's filters as one condition. Raises ValueError."""
    given = conditions(filters)
    parts = [
        f"{each.field} = ANY(%({each.name})s)"
        if each.operator == "in"
        else f"{each.field} {OPERATORS[each.operator]} %({each.name})s"
        for each in given
    ]
    return " AND ".join(["true", *parts]), {each.name: each.value for each in given}


def complete(statement: str, where: str) -> str:
    """A search's statement without its placeholders, but for the table's."""
    for name, part in {**PARTS, "{where}": where}.items():
        statement = statement.replace(name, part)
    return statement
