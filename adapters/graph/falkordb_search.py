"""Searching facts by meaning and by words, for Graphiti's own search and for ours. Import through graphiti_import only.

FalkorDB's vector index knows no filter: it is asked for more than wanted, filtered in the same statement, asked for
four times as many while too few are left, and in the end every edge is compared. Small graphs are compared at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphiti_core.driver.driver import GraphProvider
from graphiti_core.driver.record_parsers import entity_edge_from_record, entity_node_from_record
from graphiti_core.driver.search_interface.search_interface import SearchInterface
from graphiti_core.edges import EntityEdge
from graphiti_core.models.nodes.node_db_queries import get_entity_node_return_query
from graphiti_core.nodes import EntityNode, EpisodicNode
from graphiti_core.search.search_filters import (
    SearchFilters,
    edge_search_filter_query_constructor,
    node_search_filter_query_constructor,
)

from adapters.graph.falkordb_connection import Reader, Row, VectorParam
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
EDGE_COLUMNS = """e.uuid AS uuid, startNode(e).uuid AS source_node_uuid, endNode(e).uuid AS target_node_uuid,
    e.group_id AS group_id, e.created_at AS created_at, e.name AS name, e.fact AS fact, e.episodes AS episodes,
    e.expired_at AS expired_at, e.valid_at AS valid_at, e.invalid_at AS invalid_at, null AS reference_time,
    e{.*, fact_embedding: null} AS attributes"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`columns` of the edges `e` (from `n` to `m`) that fit `where`, at most `limit`."""

    columns: str
    where: str
    params: Mapping[str, Any]
    limit: int


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
    """Rows with `score` (TF-IDF) and `distance`, best words first."""
    words = words_query("fact", query)
    if not words:
        return []
    best = f"{WORDS} {wanted.where} WITH e, score ORDER BY score DESC LIMIT {wanted.limit:d}"
    text = f"{best} RETURN {wanted.columns}, score, {DISTANCE}"
    return await driver.read(text, words=words, vector=VectorParam(vector), **wanted.params)


async def fact_count(driver: Reader) -> int:
    """The server keeps this number: no edge is touched."""
    rows = await driver.read("MATCH ()-[e:RELATES_TO]->() RETURN count(e) AS facts")
    return int(rows[0]["facts"]) if rows else 0


class FactSearch(SearchInterface):
    """What Graphiti's `search_` calls. Our nodes have no vector of their name and we keep no episodes."""

    async def edge_fulltext_search(
        self,
        driver: Reader,
        query: str,
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
    ) -> list[EntityEdge]:
        words = words_query("fact", query)
        if not words:
            return []
        where, params = _conditions(search_filter, group_ids)
        text = f"{WORDS} {where} RETURN {EDGE_COLUMNS}, score ORDER BY score DESC LIMIT {limit:d}"
        return [entity_edge_from_record(row) for row in await driver.read(text, words=words, **params)]

    async def edge_similarity_search(
        self,
        driver: Reader,
        search_vector: list[float],
        source_node_uuid: str | None,
        target_node_uuid: str | None,
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
        min_score: float = 0.7,
    ) -> list[EntityEdge]:
        """`min_score` is (1 + cosine) / 2, as in Graphiti's stock search."""
        where, params = _conditions(search_filter, group_ids)
        for end, uuid in (("n", source_node_uuid), ("m", target_node_uuid)):
            if uuid is not None:
                where, params = f"{where} AND {end}.uuid = ${end}_uuid", {**params, f"{end}_uuid": uuid}
        rows = await nearest(driver, search_vector, Wanted(EDGE_COLUMNS, where, params, limit))
        return [entity_edge_from_record(row) for row in rows if 1 - row["distance"] / 2 >= min_score]

    async def node_fulltext_search(
        self,
        driver: Reader,
        query: str,
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
    ) -> list[EntityNode]:
        words = words_query("name", query)
        if not words:
            return []
        conditions, params = node_search_filter_query_constructor(search_filter, GraphProvider.FALKORDB)
        where = " AND ".join(conditions) or "true"
        text = f"{NODE_WORDS} {where} RETURN {get_entity_node_return_query(GraphProvider.FALKORDB)}, score"
        rows = await driver.read(f"{text} ORDER BY score DESC LIMIT {limit:d}", words=words, **params)
        return [entity_node_from_record(row) for row in rows]

    async def node_similarity_search(
        self,
        driver: Reader,
        search_vector: list[float],
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
        min_score: float = 0.7,
    ) -> list[EntityNode]:
        return []

    async def episode_fulltext_search(
        self,
        driver: Reader,
        query: str,
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
    ) -> list[EpisodicNode]:
        return []


def _conditions(search_filter: SearchFilters, group_ids: Sequence[str] | None) -> tuple[str, dict[str, Any]]:
    """Graphiti's filter as one condition with its parameters; the graph is one group's, and is asked all the same."""
    conditions, params = edge_search_filter_query_constructor(search_filter, GraphProvider.FALKORDB)
    if group_ids is not None:
        conditions.append("e.group_id IN $group_ids")
        params["group_ids"] = list(group_ids)
    return " AND ".join(conditions) or "true", params
