"""Graphiti's own hybrid search of facts as it comes, on what our graph recorded: to measure beside ours."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from adapters.graph.graphiti import GraphitiGraph
from adapters.graph.neo4j_connection import Address
from domain.embeddings import Embedder
from domain.pages import Slice
from domain.periods import Window

LIMIT = 5
MIN_SCORE = 0.6
"""Graphiti's."""


class StockSearch:
    """Full-text and vector search at once, twice the limit each, joined by reciprocal ranks, as `search_` does it."""

    def __init__(self, graph: GraphitiGraph, embedder: Embedder, groups: Sequence[str], window: Window) -> None:
        """`graph` has been used: Graphiti is imported."""
        self._graph, self._embedder, self._groups, self._window = graph, embedder, groups, window
        self._drivers: list[tuple[Any, list[str]]] = []
        self._added: list[str] = []

    async def open(self, address: str) -> None:
        """Its indexes are built and filled."""
        if not urlsplit(address).scheme.startswith(("bolt", "neo4j")):
            await self._open_falkordb(address)
        else:
            await self._open_neo4j(Address.of(address))

    async def _open_neo4j(self, place: Address) -> None:
        """What it adds is dropped again at the end: each index makes every write slower."""
        await self._graph.about(self._groups, ["nobody"], Slice())
        from graphiti_core.driver.neo4j_driver import Neo4jDriver

        logging.getLogger("neo4j.notifications").setLevel(logging.ERROR)  # it asks for a property that nobody has yet
        rows = await self._graph.engine.read((), "SHOW INDEXES YIELD name RETURN name")
        driver = Neo4jDriver(place.url, place.user, place.password, place.database)
        assert driver._init_task is not None  # it builds its indexes by itself
        await driver._init_task
        await driver.execute_query("CALL db.awaitIndexes(300)")
        self._drivers.append((driver, list(self._groups)))
        there = {row["name"] for row in rows}
        found = await driver.execute_query("SHOW INDEXES YIELD name RETURN name")
        self._added = [record["name"] for record in found.records if record["name"] not in there]

    async def _open_falkordb(self, address: str) -> None:
        await self._graph.about(self._groups, ["nobody"], Slice())
        from graphiti_core.driver.falkordb_driver import FalkorDriver

        parts = urlsplit(address)
        for group in self._groups:
            driver = FalkorDriver(host=parts.hostname or "", port=parts.port or 6379, database=group)
            await driver.build_indices_and_constraints()  # type: ignore[no-untyped-call]  # Graphiti's
            self._drivers.append((driver, [group]))

    async def search(self, question: str) -> object:
        from graphiti_core.search.search_utils import edge_fulltext_search, edge_similarity_search, rrf

        [vector] = await self._embedder.embed([question])
        filters = self._filters()
        found = [
            search
            for driver, groups in self._drivers
            for search in (
                edge_fulltext_search(driver, question, filters, groups, 2 * LIMIT),
                edge_similarity_search(driver, vector, None, None, filters, groups, 2 * LIMIT, MIN_SCORE),
            )
        ]
        lists = [[edge.uuid for edge in edges] for edges in await asyncio.gather(*found)]
        return rrf(lists)[0][:LIMIT]

    async def close(self) -> None:
        for driver, _ in self._drivers:
            for name in self._added:
                await driver.execute_query(f"DROP INDEX {name} IF EXISTS")
            await driver.close()

    def _filters(self) -> Any:  # noqa: ANN401  # Graphiti's, imported late
        from graphiti_core.search.search_filters import ComparisonOperator, DateFilter, SearchFilters

        begun = DateFilter(date=self._window.end, comparison_operator=ComparisonOperator.less_than)
        running = DateFilter(comparison_operator=ComparisonOperator.is_null)
        ended = DateFilter(date=self._window.start, comparison_operator=ComparisonOperator.greater_than)
        return SearchFilters(valid_at=[[begun]], invalid_at=[[ended], [running]])
