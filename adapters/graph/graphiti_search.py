"""Graphiti's own search on our indexes, whatever the engine. Import through graphiti_import only."""

from collections.abc import Sequence
from typing import Any, Protocol

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

from adapters.graph.engines import Row
from adapters.graph.ranking import Wanted

EDGE_COLUMNS = """e.uuid AS uuid, startNode(e).uuid AS source_node_uuid, endNode(e).uuid AS target_node_uuid,
    e.group_id AS group_id, e.created_at AS created_at, e.name AS name, e.fact AS fact, e.episodes AS episodes,
    e.expired_at AS expired_at, e.valid_at AS valid_at, e.invalid_at AS invalid_at, null AS reference_time,
    e{.*, fact_embedding: null} AS attributes"""


class SearchingDriver(Protocol):
    """A driver of ours. `groups` None: all of its graph."""

    provider: GraphProvider

    async def nearest(self, groups: Sequence[str] | None, vector: Sequence[float], wanted: Wanted) -> list[Row]:
        """Edges with `distance` (1 - cosine), nearest first."""

    async def with_words(
        self, groups: Sequence[str] | None, query: str, vector: Sequence[float], wanted: Wanted
    ) -> list[Row]:
        """Edges with `score`, best words first; `distance` too where a vector is given."""

    async def nodes_with_words(self, groups: Sequence[str] | None, query: str, wanted: Wanted) -> list[Row]:
        """Nodes, best words first."""


class FactSearch(SearchInterface):
    """What Graphiti's `search_` calls. Our nodes have no vector of their name and we keep no episodes."""

    async def edge_fulltext_search(
        self,
        driver: SearchingDriver,
        query: str,
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
    ) -> list[EntityEdge]:
        wanted = _wanted_edges(driver, search_filter, group_ids, limit)
        return [entity_edge_from_record(row) for row in await driver.with_words(group_ids, query, (), wanted)]

    async def edge_similarity_search(
        self,
        driver: SearchingDriver,
        search_vector: list[float],
        source_node_uuid: str | None,
        target_node_uuid: str | None,
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
        min_score: float = 0.7,
    ) -> list[EntityEdge]:
        """`min_score` is (1 + cosine) / 2, as in Graphiti's stock search."""
        ends = {"n": source_node_uuid, "m": target_node_uuid}
        wanted = _wanted_edges(driver, search_filter, group_ids, limit, **ends)
        rows = await driver.nearest(group_ids, search_vector, wanted)
        return [entity_edge_from_record(row) for row in rows if 1 - row["distance"] / 2 >= min_score]

    async def node_fulltext_search(
        self,
        driver: SearchingDriver,
        query: str,
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
    ) -> list[EntityNode]:
        conditions, params = node_search_filter_query_constructor(search_filter, driver.provider)
        where, params = _condition("n", conditions, params, group_ids)
        wanted = Wanted(get_entity_node_return_query(driver.provider), where, params, limit)
        return [entity_node_from_record(row) for row in await driver.nodes_with_words(group_ids, query, wanted)]

    async def node_similarity_search(
        self,
        driver: SearchingDriver,
        search_vector: list[float],
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
        min_score: float = 0.7,
    ) -> list[EntityNode]:
        return []

    async def episode_fulltext_search(
        self,
        driver: SearchingDriver,
        query: str,
        search_filter: SearchFilters,
        group_ids: list[str] | None = None,
        limit: int = 100,
    ) -> list[EpisodicNode]:
        return []


def _wanted_edges(
    driver: SearchingDriver, search_filter: SearchFilters, groups: Sequence[str] | None, limit: int, **ends: str | None
) -> Wanted:
    """Graphiti's filter, and the nodes that an edge must begin (n) or end (m) at."""
    conditions, params = edge_search_filter_query_constructor(search_filter, driver.provider)
    for end, uuid in ends.items():
        if uuid is not None:
            conditions.append(f"{end}.uuid = ${end}_uuid")
            params[f"{end}_uuid"] = uuid
    return Wanted(EDGE_COLUMNS, *_condition("e", conditions, params, groups), limit)


def _condition(
    what: str, conditions: list[str], params: dict[str, Any], groups: Sequence[str] | None
) -> tuple[str, dict[str, Any]]:
    """One condition; where a graph is one group's, the group is asked all the same."""
    if groups is None:
        return " AND ".join(conditions) or "true", params
    return " AND ".join([*conditions, f"{what}.group_id IN $groups"]), {**params, "groups": list(groups)}
