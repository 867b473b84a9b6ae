"""Mem0's vector store on FalkorDB: one graph of `(:MemoryVector)`, searched by meaning and by words.

Import through mem0_import only.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import batched
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from mem0.vector_stores.base import VectorStoreBase
from redis.exceptions import ResponseError

from adapters.graph.falkordb_connection import VectorParam
from adapters.graph.fusion import Relevance, fused
from adapters.memory import falkordb_statements as statements
from adapters.memory.falkordb_client import FalkorClient, Row, Rows
from adapters.memory.falkordb_search import MemorySearch, groups_of

NAMESPACE = uuid5(NAMESPACE_URL, "frontier:memory")
SLICE = 200
NO_PAYLOAD = frozenset({"text_lemmatized"})
"""Mem0's copy of the text for stores without a stemmer; ours has one."""

BATCH: ContextVar[Rows | None] = ContextVar("batch", default=None)


@dataclass(frozen=True, slots=True)
class Hit:
    """What Mem0 expects of a store's row."""

    id: str
    score: float
    payload: dict[str, Any]


type Hits = list[Hit]
type Names = list[str]


def vector_id(memory_id: int) -> str:
    """The same for one row of SQL, however often Mem0 mints an id of its own for it."""
    return str(uuid5(NAMESPACE, str(memory_id)))


class FalkorVectors(VectorStoreBase):
    """`filters["user_id"]` names the groups to search, joined by commas: Mem0 wants exactly one user_id."""

    def __init__(self, url: str, collection_name: str, dimensions: int) -> None:
        self.client = FalkorClient(url, collection_name)
        self._dimensions = dimensions
        self._indexed = False
        self._search = MemorySearch(self.client)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """What is inserted meanwhile is written at the end, in slices."""
        rows: Rows = []
        token = BATCH.set(rows)
        try:
            yield
        finally:
            BATCH.reset(token)
        self._write(rows)

    def insert(
        self,
        vectors: Sequence[Sequence[float]],
        payloads: Sequence[Mapping[str, Any]] | None = None,
        ids: Sequence[str] | None = None,
    ) -> None:
        """`ids` are Mem0's and not kept: the payload's memory_id makes ours."""
        rows = [_row(vector, payload) for vector, payload in zip(vectors, payloads or (), strict=True)]
        open_batch = BATCH.get()
        if open_batch is None:
            self._write(rows)
        else:
            open_batch.extend(rows)

    def search(
        self, query: str, vectors: Sequence[float], top_k: int = 5, filters: Mapping[str, Any] | None = None
    ) -> Hits:
        """Best first; the score is the fused one (fusion.py), the payload holds cosine and text."""
        rows = {row["id"]: row for row in self._search.candidates(query, vectors, top_k, filters or {})}
        hits = {id: Relevance(1 - row["distance"], row.get("score", 0.0)) for id, row in rows.items()}
        scores = fused(hits)
        best = sorted(hits, key=lambda id: (-scores[id], -hits[id].cosine, id))[:top_k]
        return [Hit(id, scores[id], _payload(rows[id], hits[id])) for id in best]

    def keyword_search(self, query: str, top_k: int = 5, filters: Mapping[str, Any] | None = None) -> None:
        """None to Mem0: words are in `search` already."""

    def held(self, memory_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """MD5 of the text and group of those that are stored."""
        by_id = {vector_id(memory_id): memory_id for memory_id in memory_ids}
        rows = [row for part in batched(by_id, SLICE) for row in self.client.read(statements.HELD, ids=[*part])]
        return {by_id[row["id"]]: (row["hash"], row["user_id"]) for row in rows}

    def memory_ids(self, group: str) -> set[int]:
        return {row["memory_id"] for row in self.client.read(statements.MEMORY_IDS, group=group)}

    def lineage(self, transaction_id: str) -> Rows:
        """Memory id, domain and group of what the transaction wrote."""
        return self.client.read(statements.LINEAGE, id=transaction_id)

    def delete_many(self, ids: Sequence[str]) -> None:
        """Nothing is there before the first insert."""
        if self.client.read("RETURN 1 AS there"):
            for part in batched(ids, SLICE):
                self.client.write(statements.DELETE, ids=[*part])

    def delete(self, vector_id: str) -> None:
        self.delete_many([vector_id])

    def update(
        self, vector_id: str, vector: Sequence[float] | None = None, payload: Mapping[str, Any] | None = None
    ) -> None:
        old = self.get(vector_id)
        if old is None:
            return
        properties = {**old.payload, **(payload or {})}
        if vector is None:
            self.client.write(statements.SET_PROPERTIES, id=vector_id, properties=properties)
        else:
            self._write([{"id": vector_id, "properties": properties, "vector": VectorParam(vector)}])

    def get(self, vector_id: str) -> Hit | None:
        rows = self.client.read(statements.GET, ids=[vector_id])
        return _stored(rows[0]) if rows else None

    def list(self, filters: Mapping[str, Any] | None = None, top_k: int | None = None) -> tuple[Hits]:
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

    def forget_indexes(self) -> None:
        """Look again: the server may have been replaced by an empty one."""
        self._indexed = False

    def _write(self, rows: Rows) -> None:
        if rows:
            self._ensure_indexes()
        for start in range(0, len(rows), SLICE):
            self.client.write(statements.MERGE, rows=rows[start : start + SLICE])

    def _ensure_indexes(self) -> None:
        if self._indexed:
            return
        for text in statements.missing_statements(self.client.read(statements.PRESENT), self._dimensions):
            try:
                self.client.write(text)
            except ResponseError as error:  # another process was faster
                if "already indexed" not in str(error):
                    raise
        self._indexed = True


def _row(vector: Sequence[float], payload: Mapping[str, Any]) -> Row:
    kept = {name: value for name, value in payload.items() if name not in NO_PAYLOAD and value is not None}
    return {"id": vector_id(payload["memory_id"]), "properties": kept, "vector": VectorParam(vector)}


def _payload(row: Row, relevance: Relevance) -> dict[str, Any]:
    payload = {name: row[name] for name in ("memory_id", "user_id", "data")}
    return {**payload, "cosine": relevance.score}


def _stored(row: Row) -> Hit:
    return Hit(row["id"], 1.0, {name: value for name, value in row["payload"].items() if name not in ("id", "vector")})
