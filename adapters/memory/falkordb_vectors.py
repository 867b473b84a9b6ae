"""Mem0's vector store on FalkorDB: one graph of `(:MemoryVector)`, searched by meaning and by words.

Import through mem0_import only.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import batched
from typing import Any

from redis.exceptions import RedisError, ResponseError

from adapters.graph.falkordb_connection import VectorParam
from adapters.graph.slices import FIRST, bounds, within
from adapters.memory import falkordb_statements as statements
from adapters.memory.falkordb_client import FalkorClient
from adapters.memory.falkordb_search import FalkorSearch
from adapters.memory.search import Filters, OtherVectors, Row, Rows, check_dimensions, groups_of
from adapters.memory.vectors import Hit, Hits, MemoryVectors, Names, vector_id

SLICE = 200
NAMELESS = "?"
"""Before the engine's own id of an entry that has none of ours: all of these are deleted together."""


class FalkorVectors(MemoryVectors):
    failures = (RedisError, OSError, OtherVectors)

    def __init__(self, url: str, collection_name: str, dimensions: int) -> None:
        self.client = FalkorClient(url, collection_name)
        self._dimensions = dimensions
        self._indexed = False
        self.searching = FalkorSearch(self.client)

    def stored(self, memory_ids: Sequence[int], fields: Sequence[str]) -> dict[int, dict[str, Any]]:
        by_id = {vector_id(memory_id): memory_id for memory_id in memory_ids}
        text = statements.STORED.format(columns=", ".join(f"m.{name} AS {name}" for name in ("id", *fields)))
        parts = [self.client.read(text, ids=[*ids], dimensions=self._dimensions) for ids in batched(by_id, SLICE)]
        rows = [row for part in parts for row in part]
        times = Counter(row["id"] for row in rows)
        return {by_id[row["id"]]: row for row in rows if times[row["id"]] == 1}

    def slice(self, after: str, limit: int) -> tuple[Rows, str]:
        counted = self.client.read(statements.COUNT_ALL)
        start, until = bounds(after, count=counted[0]["vectors"] if counted else 0, limit=limit)
        range_ = "m.id >= $start" + (" AND m.id < $until" if until else "")
        rows = self.client.read(statements.SLICE.format(range=range_), start=start or FIRST, until=until)
        nameless = [] if after else self.client.read(f"{statements.NAMELESS} RETURN id(m) AS ref")
        strays = [{"ref": f"{NAMELESS}{row['ref']}", "id": None, "group": None} for row in nameless]
        return strays + within(rows, "ref", start, until), until or ""

    def memory_ids(self, group: str) -> set[int]:
        return {row["memory_id"] for row in self.client.read(statements.MEMORY_IDS, group=group)}

    def lineage(self, transaction_id: str) -> Rows:
        return self.client.read(statements.LINEAGE, id=transaction_id)

    def delete_many(self, ids: Sequence[str]) -> None:
        """Nothing is there before the first insert."""
        if self.client.read("RETURN 1 AS there"):
            for part in batched(ids, SLICE):
                self.client.write(statements.DELETE, ids=[*part])
            if any(id.startswith(NAMELESS) for id in ids):
                self.client.write(f"{statements.NAMELESS} DELETE m")

    def update(self, vector_id: str, vector: Sequence[float] | None = None, payload: Filters | None = None) -> None:
        old = self.get(vector_id)
        if old is None:
            return
        properties = {**old.payload, **(payload or {})}
        if vector is None:
            self.client.write(statements.SET_PROPERTIES, id=vector_id, properties=properties)
        else:
            self.write([{"id": vector_id, "properties": properties, "vector": vector}])

    def get(self, vector_id: str) -> Hit | None:
        rows = self.client.read(statements.GET, ids=[vector_id])
        return _stored(rows[0]) if rows else None

    def list(self, filters: Filters | None = None, top_k: int | None = None) -> tuple[Hits]:
        """Mem0 expects the rows as the first of a pair."""
        where, params = statements.condition(filters or {})
        limit = "" if top_k is None else f" LIMIT {top_k:d}"
        rows = self.client.read(statements.LIST.format(where=where) + limit, groups=groups_of(filters or {}), **params)
        return ([_stored(row) for row in rows],)

    def create_col(self, name: str, vector_size: int, distance: str) -> None:
        self._indexed = False
        self._ensure_indexes()

    def list_cols(self) -> Names:
        return [self.client.graph]

    def delete_col(self) -> None:
        self.client.drop()
        self._indexed = False

    def col_info(self) -> dict[str, Any]:
        rows = self.client.read(statements.COUNT_ALL)
        return {"name": self.client.graph, "vectors": rows[0]["vectors"] if rows else 0}

    def reset(self) -> None:
        self.delete_col()
        self._ensure_indexes()

    def lacking(self) -> Names:
        if not self.client.read("RETURN 1 AS there"):
            return []
        return statements.missing_statements(self.client.read(statements.PRESENT), self._dimensions)

    def make_indexes(self) -> None:
        self.forget_indexes()
        self._ensure_indexes()

    def forget_indexes(self) -> None:
        self._indexed = False

    def close(self) -> None:
        self.client.close()

    def write(self, rows: Rows) -> None:
        if rows:
            self._ensure_indexes()
        for part in batched(rows, SLICE):
            self.client.write(statements.MERGE, rows=[{**row, "vector": VectorParam(row["vector"])} for row in part])

    def _ensure_indexes(self) -> None:
        if self._indexed:
            return
        present = self.client.read(statements.PRESENT)
        check_dimensions(statements.dimensions(present), self._dimensions)
        for text in statements.missing_statements(present, self._dimensions):
            try:
                self.client.write(text)
            except ResponseError as error:  # another process was faster
                if "already indexed" not in str(error):
                    raise
        self._indexed = True


def _stored(row: Row) -> Hit:
    return Hit(row["id"], 1.0, {name: value for name, value in row["payload"].items() if name not in ("id", "vector")})
