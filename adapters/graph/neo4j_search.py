"""Searching the facts of some groups by meaning and by words on Neo4j, where all groups lie in one graph.

Its vector index knows no filter: it is asked for more than wanted, filtered in the same statement, asked for four
times as many while too few are left. Groups that are small, or a small share of all, are compared fact by fact:
an index on group and end finds theirs.
"""

import time
from collections.abc import Sequence
from typing import Protocol

from adapters.graph.engines import Row
from adapters.graph.ranking import Wanted
from adapters.graph.words import words_of

EXACT_BELOW = 3_000
"""Facts up to which each one is compared: 10 us each (measured), so 30 ms."""
FIRST_ASK, LAST_ASK = 200, 3_200
WORD_HITS = 400
"""How many hits the text index gives before they are filtered."""
COUNTS_KEPT = 60.0
"""Seconds that a group's size is believed: it only chooses the way."""
NO_TIME = -(2**62)

NEAREST = """CALL db.index.vector.queryRelationships($index, $ask, $vector) YIELD relationship AS e, score
    WITH e, 2 - 2 * score AS distance, startNode(e) AS n, endNode(e) AS m
    WHERE e.group_id IN $groups AND"""
EACH = "MATCH (n)-[e:RELATES_TO]->(m) WHERE e.group_id IN $groups AND"
WORDS = """CALL db.index.fulltext.queryRelationships('fact_words', $words, {limit: $most})
    YIELD relationship AS e, score WITH e, score, startNode(e) AS n, endNode(e) AS m
    WHERE e.group_id IN $groups AND"""
NODE_WORDS = """CALL db.index.fulltext.queryNodes('entity_words', $words) YIELD node AS n, score
    WITH n, score WHERE n.group_id IN $groups AND"""
DISTANCE = "2 - 2 * vector.similarity.cosine(e.fact_embedding, $vector) AS distance"
COUNT = "MATCH ()-[e:RELATES_TO]->() WHERE e.group_id = $group AND e.ends > $no_time RETURN count(e) AS facts"
COUNT_ALL = "MATCH ()-[e:RELATES_TO]->() RETURN count(e) AS facts"


class Reader(Protocol):
    vector_index: str

    async def read(self, cypher: str, **params: object) -> list[Row]: ...


class GraphSearch:
    """Rows with `distance` (1 - cosine) or, by words, `score` (BM25). No groups, no rows."""

    def __init__(self, driver: Reader) -> None:
        self._driver = driver
        self._sizes: dict[str | None, tuple[float, int]] = {}

    async def nearest(self, groups: Sequence[str], vector: Sequence[float], wanted: Wanted) -> list[Row]:
        """Of groups that are searched in the same way."""
        values = {**wanted.params, "groups": list(groups), "vector": list(vector)}
        tail = f"RETURN {wanted.columns}, distance ORDER BY distance LIMIT {wanted.limit:d}"
        ask = await self._first_ask(groups, wanted.limit)
        while ask <= LAST_ASK:
            text = f"{NEAREST} {wanted.where} {tail}"
            rows = await self._driver.read(text, index=self._driver.vector_index, ask=ask, **values)
            if len(rows) >= wanted.limit:
                return rows
            ask *= 4
        return await self._driver.read(f"{EACH} {wanted.where} WITH e, {DISTANCE} {tail}", **values)

    async def with_words(self, groups: Sequence[str], query: str, vector: Sequence[float], wanted: Wanted) -> list[Row]:
        """Asked for all hits when the best ones leave too few."""
        words = words_query("fact", query, groups)
        if not words:
            return []
        values = {**wanted.params, "groups": list(groups), "words": words, "vector": list(vector)}
        best = f"{WORDS} {wanted.where} WITH e, score ORDER BY score DESC LIMIT {wanted.limit:d}"
        distance = f", {DISTANCE}" if vector else ""
        text = f"{best} RETURN {wanted.columns}, score{distance}"
        rows = await self._driver.read(text, most=WORD_HITS, **values)
        if len(rows) < wanted.limit:
            rows = await self._driver.read(text, most=2**31 - 1, **values)
        return rows

    async def nodes_with_words(self, groups: Sequence[str], query: str, wanted: Wanted) -> list[Row]:
        words = words_query("name", query, groups)
        if not words:
            return []
        text = f"{NODE_WORDS} {wanted.where} RETURN {wanted.columns}, score ORDER BY score DESC LIMIT {wanted.limit:d}"
        return await self._driver.read(text, **{**wanted.params, "words": words, "groups": list(groups)})

    async def split(self, groups: Sequence[str]) -> list[list[str]]:
        """Small groups, which are compared, and the others; none of them empty."""
        sizes = {group: await self._size(group) for group in groups}
        small = [group for group in groups if sizes[group] <= EXACT_BELOW]
        return [part for part in (small, [group for group in groups if group not in small]) if part]

    async def _first_ask(self, groups: Sequence[str], limit: int) -> int:
        """So many that twice the limit may be expected of these groups; beyond LAST_ASK each is compared."""
        mine = sum([await self._size(group) for group in groups])
        if mine <= EXACT_BELOW:
            return LAST_ASK + 1
        return max(FIRST_ASK, 2 * limit * await self._size(None) // mine)

    async def _size(self, group: str | None) -> int:
        """Facts of a group, or of all."""
        now = time.monotonic()
        known = self._sizes.get(group)
        if known is None or now - known[0] > COUNTS_KEPT:
            rows = await self._driver.read(COUNT if group else COUNT_ALL, group=group, no_time=NO_TIME)
            known = self._sizes[group] = (now, rows[0]["facts"])
        return known[1]


def words_query(field: str, text: str, groups: Sequence[str]) -> str:
    """Any of the words in `field` of these groups, in Lucene's language; empty when there is none.

    Only lower-case letters, digits and inner underscores are left of the text, so none can be an operator. The groups
    weigh nothing.
    """
    words = words_of(text)
    if not words:
        return ""
    mine = " OR ".join(f'"{group}"' for group in groups)
    return f"+group_id:({mine})^0 +{field}:({' '.join(words)})"
