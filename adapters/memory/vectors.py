"""What our vector stores of Mem0 share: ids of our own, batches, and a score of meaning and words together.

Import through mem0_import only.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from mem0.vector_stores.base import VectorStoreBase

from adapters.graph.fusion import Relevance, fused
from adapters.memory.search import Filters, MemorySearch, Row, Rows

NAMESPACE = uuid5(NAMESPACE_URL, "frontier:memory")
NO_PAYLOAD = frozenset({"text_lemmatized"})
"""Mem0's copy of the text for stores without a stemmer; ours have one."""

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


class MemoryVectors(VectorStoreBase):
    """`filters["user_id"]` names the groups to search, joined by commas: Mem0 wants exactly one user_id."""

    failures: tuple[type[Exception], ...] = (OSError,)
    """What its calls raise when the server is not well."""
    searching: MemorySearch

    @contextmanager
    def batch(self) -> Iterator[None]:
        """What is inserted meanwhile is written at the end, in slices."""
        rows: Rows = []
        token = BATCH.set(rows)
        try:
            yield
        finally:
            BATCH.reset(token)
        self.write(rows)

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
            self.write(rows)
        else:
            open_batch.extend(rows)

    def search(self, query: str, vectors: Sequence[float], top_k: int = 5, filters: Filters | None = None) -> Hits:
        """Best first; the score is the fused one (fusion.py), the payload holds cosine and text."""
        rows = {row["id"]: row for row in self.searching.candidates(query, vectors, top_k, filters or {})}
        hits = {id: Relevance(1 - row["distance"], row.get("score", 0.0)) for id, row in rows.items()}
        scores = fused(hits)
        best = sorted(hits, key=lambda id: (-scores[id], -hits[id].cosine, id))[:top_k]
        return [Hit(id, scores[id], _payload(rows[id], hits[id])) for id in best]

    def keyword_search(self, query: str, top_k: int = 5, filters: Filters | None = None) -> None:
        """None to Mem0: words are in `search` already."""

    def delete(self, vector_id: str) -> None:
        self.delete_many([vector_id])

    @abstractmethod
    def write(self, rows: Rows) -> None:
        """Rows of `id`, `properties` (the payload) and `vector`; what is there already is replaced."""

    @abstractmethod
    def delete_many(self, ids: Sequence[str]) -> None: ...

    @abstractmethod
    def stored(self, memory_ids: Sequence[int], fields: Sequence[str]) -> dict[int, Row]:
        """These fields of the payloads of those that are stored with a vector, of the right size and not all zero."""

    @abstractmethod
    def slice(self, after: str, limit: int) -> tuple[Rows, str]:
        """About `limit` entries (ref, memory id, group) by uuid, and where the next ones begin; "" after the last."""

    @abstractmethod
    def memory_ids(self, group: str) -> set[int]: ...

    @abstractmethod
    def lineage(self, transaction_id: str) -> Rows:
        """Memory id, domain and group of what the transaction wrote."""

    @abstractmethod
    def lacking(self) -> Names:
        """Indexes that are not there; none while there is no store."""

    @abstractmethod
    def make_indexes(self) -> None:
        """Those, and the store."""

    @abstractmethod
    def forget_indexes(self) -> None:
        """Look again: the server may have been replaced by an empty one."""

    @abstractmethod
    def close(self) -> None: ...


def _row(vector: Sequence[float], payload: Mapping[str, Any]) -> Row:
    kept = {name: value for name, value in payload.items() if name not in NO_PAYLOAD and value is not None}
    return {"id": vector_id(payload["memory_id"]), "properties": kept, "vector": vector}


def _payload(row: Row, relevance: Relevance) -> dict[str, Any]:
    payload = {name: row[name] for name in ("memory_id", "user_id", "data")}
    return {**payload, "cosine": relevance.score}
