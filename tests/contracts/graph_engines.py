"""The engines that the contract tests of the graph run on, and each as another client of it sees it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

import neo4j
import redis
from falkordb.falkordb import FalkorDB

from adapters.graph.falkordb import FalkorEngine
from adapters.graph.graphiti import GraphitiGraph
from adapters.graph.neo4j import Neo4jEngine
from domain.embeddings import Embedder

type Rows = list[list[Any]]


class Seen(Protocol):
    """An engine with a client that is not ours."""

    url: str

    def graph(self, embedder: Embedder) -> GraphitiGraph: ...

    def cypher(self, group: str, query: str) -> Rows:
        """The query filters by $group."""

    def change(self, group: str, query: str) -> None:
        """The same, to write."""

    def exists(self, group: str) -> bool:
        """Whether anything was made for this group."""

    def driver(self, graph: GraphitiGraph, group: str) -> Any:  # noqa: ANN401  # Graphiti's, imported lazily
        """What Graphiti's own functions take; the graph was used before."""

    def drop(self, prefix: str) -> None:
        """Every group whose name begins so."""


def snapshot(engine: Seen, group: str) -> list[Rows]:
    """Everything in the group's graph, without the vectors."""
    edges = "RETURN a.uuid, type(e), e{.*, fact_embedding: null}, b.uuid ORDER BY a.uuid, type(e), e.uuid"
    return [
        engine.cypher(
            group,
            "MATCH (n {group_id: $group}) RETURN labels(n), n{.*, created_at: toString(n.created_at)} ORDER BY n.uuid",
        ),
        engine.cypher(group, f"MATCH (a {{group_id: $group}})-[e]->(b) {edges}"),
    ]


class FalkorSeen:
    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self._client = FalkorDB(parts.hostname or "", parts.port or 0)  # type: ignore[no-untyped-call]  # ships no types

    def graph(self, embedder: Embedder) -> GraphitiGraph:
        return GraphitiGraph(FalkorEngine(self.url), embedder)

    def cypher(self, group: str, query: str) -> Rows:
        rows: Rows = self._client.select_graph(group).ro_query(query, {"group": group}).result_set
        return rows

    def change(self, group: str, query: str) -> None:
        self._client.select_graph(group).query(query, {"group": group})

    def exists(self, group: str) -> bool:
        with redis.Redis.from_url(self.url) as client:
            return bool(client.exists(group))

    def driver(self, graph: GraphitiGraph, group: str) -> Any:  # noqa: ANN401  # the engine's own
        assert isinstance(graph.engine, FalkorEngine)
        return graph.engine.driver(group)

    def drop(self, prefix: str) -> None:
        with redis.Redis.from_url(self.url) as client:
            for key in client.scan_iter(f"{prefix}*"):
                client.delete(key)


class Neo4jSeen:
    def __init__(self, url: str, driver: neo4j.Driver) -> None:
        self.url, self._driver = url, driver

    def graph(self, embedder: Embedder) -> GraphitiGraph:
        return GraphitiGraph(Neo4jEngine(self.url), embedder)

    def cypher(self, group: str, query: str) -> Rows:
        found = self._driver.execute_query(query, {"group": group})
        return [list(record.values()) for record in found.records]

    def change(self, group: str, query: str) -> None:
        self.cypher(group, query)

    def exists(self, group: str) -> bool:
        return bool(self.cypher(group, "MATCH (n {group_id: $group}) RETURN n LIMIT 1"))

    def driver(self, graph: GraphitiGraph, group: str) -> Any:  # noqa: ANN401  # the engine's own
        assert isinstance(graph.engine, Neo4jEngine)
        return graph.engine.driver()

    def drop(self, prefix: str) -> None:
        self._driver.execute_query(
            "MATCH (n:Entity) WHERE n.group_id STARTS WITH $prefix DETACH DELETE n", prefix=prefix
        )


@contextmanager
def neo4j_seen(url: str) -> Iterator[Neo4jSeen]:
    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.hostname}:{parts.port}"
    with neo4j.GraphDatabase.driver(address, auth=(parts.username or "", parts.password or "")) as driver:
        yield Neo4jSeen(url, driver)
