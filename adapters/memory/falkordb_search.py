"""Candidates of a memory search in FalkorDB."""

from adapters.graph.falkordb_connection import VectorParam
from adapters.graph.words import words_query
from adapters.memory.falkordb_client import FalkorClient
from adapters.memory.falkordb_statements import COUNT, EACH, NEAREST, WORDS, condition
from adapters.memory.search import Asked, MemorySearch, Rows


class FalkorSearch(MemorySearch):
    def __init__(self, client: FalkorClient) -> None:
        super().__init__()
        self._client = client

    def each(self, groups: list[str], asked: Asked) -> Rows:
        return self._rows(EACH, groups, asked)

    def nearest(self, group: str, ask: int, asked: Asked) -> Rows:
        return self._rows(NEAREST, [group], asked, ask=ask)

    def with_words(self, query: str, groups: list[str], asked: Asked) -> Rows:
        """The groups narrow the text index too, at weight 0: a rare group's name is not worth more."""
        words = words_query("data", query)
        if not words:
            return []
        text = f"(@user_id:({'|'.join(groups)}) => {{$weight: 0.0;}}) {words}"
        return self._rows(WORDS, groups, asked, words=text)

    def count(self, group: str) -> int:
        rows = self._client.read(COUNT, group=group)
        return rows[0]["vectors"] if rows else 0

    def _rows(self, statement: str, groups: list[str], asked: Asked, **more: object) -> Rows:
        where, params = condition(asked.filters)
        params |= {"groups": groups, "vector": VectorParam(asked.vector), "limit": asked.limit, **more}
        return self._client.read(statement.format(where=where), **params)
