"""Candidates of a memory search in Postgres with pgvector."""

from adapters.graph.words import words_of
from adapters.memory import pgvector_statements as statements
from adapters.memory.pgvector_client import PgClient
from adapters.memory.search import Asked, MemorySearch, Rows


class PgSearch(MemorySearch):
    most_ask = 1_000
    """hnsw.ef_search takes no more."""

    def __init__(self, client: PgClient) -> None:
        super().__init__()
        self._client = client

    def each(self, groups: list[str], asked: Asked) -> Rows:
        return self._rows(statements.EACH, groups, asked)

    def nearest(self, group: str, ask: int, asked: Asked) -> Rows:
        return self._rows(statements.NEAREST, [group], asked, statements.WIDEN, ask=ask)

    def with_words(self, query: str, groups: list[str], asked: Asked) -> Rows:
        words = words_of(query)
        size = sum(map(self.size, groups))
        return self._rows(statements.WORDS, groups, asked, words=words, size=size) if words else []

    def count(self, group: str) -> int:
        rows = self._client.read(statements.COUNT, group=group)
        return int(rows[0]["vectors"]) if rows else 0

    def _rows(self, statement: str, groups: list[str], asked: Asked, *before: str, **more: object) -> Rows:
        where, params = statements.condition(asked.filters)
        params |= {"groups": groups, "vector": str(list(asked.vector)), "limit": asked.limit, **more}
        return self._client.read(statements.complete(statement, where), *before, **params)
