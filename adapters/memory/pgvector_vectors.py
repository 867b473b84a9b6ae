"""Mem0's vector store on Postgres with pgvector: one table, searched by meaning and by words.

Import through mem0_import only.
"""

from collections.abc import Mapping, Sequence
from itertools import batched
from typing import Any

from psycopg import Error
from psycopg.types.json import Jsonb
from psycopg_pool import PoolTimeout

from adapters.graph.texts import iso, plain
from adapters.memory import pgvector_statements as statements
from adapters.memory.pgvector_client import PgClient
from adapters.memory.pgvector_search import PgSearch
from adapters.memory.search import Filters, OtherVectors, Row, Rows, check_dimensions, groups_of
from adapters.memory.vectors import Hit, Hits, MemoryVectors, Names, vector_id

SLICE = 200
NIL = "00000000-0000-0000-0000-000000000000"


class PgVectors(MemoryVectors):
    failures = (Error, PoolTimeout, OSError, OtherVectors)

    def __init__(self, url: str, collection_name: str, dimensions: int) -> None:
        self._client = PgClient(url, collection_name)
        self._dimensions = dimensions
        self._created = False
        self.searching = PgSearch(self._client)

    def stored(self, memory_ids: Sequence[int], fields: Sequence[str]) -> dict[int, Row]:
        """Whole payloads."""
        by_id = {vector_id(memory_id): memory_id for memory_id in memory_ids}
        return {by_id[row["id"]]: row["payload"] for row in self._client.read(statements.STORED, ids=[*by_id])}

    def slice(self, after: str, limit: int) -> tuple[Rows, str]:
        rows = self._client.read(statements.SLICE, after=after or NIL, limit=limit)
        return rows, rows[-1]["ref"] if len(rows) == limit else ""

    def memory_ids(self, group: str) -> set[int]:
        return {row["memory_id"] for row in self._client.read(statements.MEMORY_IDS, group=group)}

    def lineage(self, transaction_id: str) -> Rows:
        return self._client.read(statements.LINEAGE, id=transaction_id)

    def delete_many(self, ids: Sequence[str]) -> None:
        self._ensure_table()
        self._client.write(statements.DELETE, [{"ids": list(ids)}])

    def write(self, rows: Rows) -> None:
        if rows:
            self._ensure_table()
        for part in batched(rows, SLICE):
            self._client.write(statements.MERGE, [_stored_as(row) for row in part])

    def update(self, vector_id: str, vector: Sequence[float] | None = None, payload: Filters | None = None) -> None:
        old = self.get(vector_id)
        if old is None:
            return
        if vector is None:
            self._client.write(statements.SET_PAYLOAD, [{"id": vector_id, "properties": _json(payload or {})}])
        else:
            self.write([{"id": vector_id, "properties": {**old.payload, **(payload or {})}, "vector": vector}])

    def get(self, vector_id: str) -> Hit | None:
        rows = self._client.read(statements.GET, ids=[vector_id])
        return Hit(rows[0]["id"], 1.0, rows[0]["payload"]) if rows else None

    def list(self, filters: Filters | None = None, top_k: int | None = None) -> tuple[Hits]:
        """Mem0 expects the rows as the first of a pair."""
        where, params = statements.condition(filters or {})
        statement = statements.complete(statements.LIST, where) + ("" if top_k is None else f" LIMIT {top_k:d}")
        rows = self._client.read(statement, groups=groups_of(filters or {}), **params)
        return ([Hit(row["id"], 1.0, row["payload"]) for row in rows],)

    def create_col(self, name: str, vector_size: int, distance: str) -> None:
        self.forget_indexes()
        self._ensure_table()

    def list_cols(self) -> Names:
        return [self._client.name]

    def delete_col(self) -> None:
        self._client.drop()
        self.forget_indexes()

    def col_info(self) -> dict[str, Any]:
        rows = self._client.read(statements.COUNT_ALL)
        return {"name": self._client.name, "vectors": rows[0]["vectors"] if rows else 0}

    def reset(self) -> None:
        self.delete_col()
        self._ensure_table()

    def lacking(self) -> Names:
        return self._client.lacking()

    def make_indexes(self) -> None:
        self.forget_indexes()
        if self.lacking():
            self._client.index(self._dimensions)
        self._ensure_table()

    def forget_indexes(self) -> None:
        self._created = False

    def close(self) -> None:
        self._client.close()

    def _ensure_table(self) -> None:
        if not self._created:
            self._client.create(self._dimensions)
            check_dimensions(self._client.dimensions(), self._dimensions)
            self._created = True


def _stored_as(row: Row) -> Row:
    return {
        "id": row["id"],
        "properties": _json(row["properties"]),
        "vector": str(list(row["vector"])),
    }


def _json(properties: Mapping[str, Any]) -> Jsonb:
    return Jsonb(plain(properties, moment=iso))
