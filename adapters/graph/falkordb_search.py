"""Searching one group's facts by meaning and by words on FalkorDB.

Its vector index knows no filter: it is asked for more than wanted, filtered in the same statement, asked for four
times as many while too few are left, and in the end every edge is compared. Small graphs are compared at once.
"""

from collections.abc import Sequence
from typing import Protocol

from adapters.graph.engines import Row
from adapters.graph.falkordb_connection import VectorParam
from adapters.graph.ranking import Wanted
from adapters.graph.words import words_query

EXACT_BELOW = 5_000
"""Facts up to which each one is compared: 5 ms, and nothing is missed."""
FIRST_ASK = 200
ASK_COSTS = 8
"""A hit of the vector index takes as long as comparing eight edges (7 us and 0.9 us, measured)."""

ENDS = "startNode(e) AS n, endNode(e) AS m"
NEAREST = f"""CALL db.idx.vector.queryRelationships('RELATES_TO', 'fact_embedding', $ask, vecf32($vector))
    YIELD relationship AS e, score AS distance WITH e, distance, {ENDS} WHERE"""
EACH = f"MATCH ()-[e:RELATES_TO]->() WITH e, {ENDS} WHERE"
WORDS = f"""CALL db.idx.fulltext.queryRelationships('RELATES_TO', $words)
    YIELD relationship AS e, score WITH e, score, {ENDS} WHERE"""
NODE_WORDS = "CALL db.idx.fulltext.queryNodes('Entity', $words) YIELD node AS n, score WITH n, score WHERE"
DISTANCE = "vec.cosineDistance(e.fact_embedding, vecf32($vector)) AS distance"

LIMITS = """WITH vecf32([x IN range(2, $dimensions) | 1e9]) AS shorter,
    vecf32([x IN range(0, $dimensions) | -1e9]) AS longer, vecf32([x IN range(1, $dimensions) | 0.0]) AS zero"""
"""FalkorDB tells no vector's size, but of two the longer is the greater, and nothing else is greater or less. Of one
size it compares whole numbers: all unit vectors are equal to it."""


def sound(vector: str) -> str:
    """Cypher, behind LIMITS: whether that is a vector of $dimensions, and not all zero."""
    fitting = f"CASE WHEN {vector} > shorter AND {vector} < longer THEN {vector} END"
    return f"coalesce(vec.euclideanDistance({fitting}, zero) > 0, false)"


class Reader(Protocol):
    """A group's graph, as far as a search needs it."""

    async def read(self, cypher: str, **params: object) -> list[Row]:
        """Rows; none for a group that has no graph yet."""


async def nearest(driver: Reader, vector: Sequence[float], wanted: Wanted) -> list[Row]:
    """Rows with `distance` (1 - cosine), nearest first."""
    values = {"vector": VectorParam(vector), **wanted.params}
    tail = f"RETURN {wanted.columns}, distance ORDER BY distance LIMIT {wanted.limit:d}"
    facts = await fact_count(driver)
    ask = max(FIRST_ASK, 4 * wanted.limit)
    while facts > max(EXACT_BELOW, ask * ASK_COSTS):
        rows = await driver.read(f"{NEAREST} {wanted.where} {tail}", ask=ask, **values)
        if len(rows) >= wanted.limit:
            return rows
        ask *= 4
    return await driver.read(f"{EACH} {wanted.where} WITH e, {DISTANCE} {tail}", **values)


async def with_words(driver: Reader, query: str, vector: Sequence[float], wanted: Wanted) -> list[Row]:
    """Rows with `score` (TF-IDF) and, given a vector, `distance`; best words first."""
    words = words_query("fact", query)
    if not words:
        return []
    best = f"{WORDS} {wanted.where} WITH e, score ORDER BY score DESC LIMIT {wanted.limit:d}"
    values = {"words": words, "vector": VectorParam(vector), **wanted.params}
    return await driver.read(f"{best} RETURN {wanted.columns}, score{f', {DISTANCE}' if vector else ''}", **values)


async def nodes_with_words(driver: Reader, query: str, wanted: Wanted) -> list[Row]:
    """Rows of nodes `n` with `score`, best first."""
    words = words_query("name", query)
    if not words:
        return []
    text = f"{NODE_WORDS} {wanted.where} RETURN {wanted.columns}, score ORDER BY score DESC LIMIT {wanted.limit:d}"
    return await driver.read(text, words=words, **wanted.params)


async def fact_count(driver: Reader) -> int:
    """The server keeps this number: no edge is touched."""
    rows = await driver.read("MATCH ()-[e:RELATES_TO]->() RETURN count(e) AS facts")
    return int(rows[0]["facts"]) if rows else 0
