"""Candidates of a memory search: by meaning from each group, by words from all."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.graph.falkordb_connection import VectorParam
from adapters.graph.words import words_query
from adapters.memory.falkordb_client import FalkorClient, Row, Rows
from adapters.memory.falkordb_statements import COUNT, EACH, NEAREST, WORDS, condition

EXACT_BELOW = 5_000
"""Vectors of a group up to which each one is compared: 5 ms, and a small group is not lost among large ones."""
FIRST_ASK, ASK_COSTS = 200, 8
"""How many hits the vector index is asked for; one takes as long as comparing eight vectors."""
MIN_CANDIDATES = 40
COUNTS_KEPT = 60.0
"""Seconds that a group's size is believed: it only chooses the way."""


def groups_of(filters: Mapping[str, Any]) -> list[str]:
    """Mem0 wants one user_id: it names the groups, joined by commas."""
    return str(filters["user_id"]).split(",")


class MemorySearch:
    """Rows with `distance` (1 - cosine), those found by words with `score` (TF-IDF) too; an id may come twice."""

    def __init__(self, client: FalkorClient) -> None:
        self._client = client
        self._sizes: dict[str, tuple[float, int]] = {}

    def candidates(self, query: str, vector: Sequence[float], top_k: int, filters: Mapping[str, Any]) -> Rows:
        """Every statement names the groups itself: none trusts another's filter."""
        where, params = condition(filters)
        asked = {**params, "vector": VectorParam(vector), "limit": max(MIN_CANDIDATES, top_k)}
        groups = groups_of(filters)
        small = [group for group in groups if self._size(group) <= EXACT_BELOW]
        rows = self._client.read(EACH.format(where=where), groups=small, **asked) if small else []
        for group in groups:
            if group not in small:
                rows += self._nearest(group, where, asked)
        return rows + self._with_words(query, groups, where, asked)

    def _nearest(self, group: str, where: str, asked: Row) -> Rows:
        """The index knows no filter: ask for more than wanted, four times as many while too few fit, then compare."""
        ask = max(FIRST_ASK, 4 * asked["limit"])
        while self._size(group) > ask * ASK_COSTS:
            rows = self._client.read(NEAREST.format(where=where), ask=ask, groups=[group], **asked)
            if len(rows) >= asked["limit"]:
                return rows
            ask *= 4
        return self._client.read(EACH.format(where=where), groups=[group], **asked)

    def _with_words(self, query: str, groups: list[str], where: str, asked: Row) -> Rows:
        """The groups narrow the text index too, at weight 0: a rare group's name is not worth more."""
        words = words_query("data", query)
        if not words:
            return []
        text = f"(@user_id:({'|'.join(groups)}) => {{$weight: 0.0;}}) {words}"
        return self._client.read(WORDS.format(where=where), words=text, groups=groups, **asked)

    def _size(self, group: str) -> int:
        now = time.monotonic()
        known = self._sizes.get(group)
        if known is None or now - known[0] > COUNTS_KEPT:
            rows = self._client.read(COUNT, group=group)
            known = self._sizes[group] = (now, rows[0]["vectors"] if rows else 0)
        return known[1]
