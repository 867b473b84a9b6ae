"""Engines of the contract tests, each port's in one place."""

import os
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from adapters.embedding.minilm import MiniLmEmbedder
from adapters.graph.graphiti import GraphitiGraph
from evals.engines.pgvector import PgVector
from fakes.mem0 import FakeMem0
from fakes.serving import served
from tests.conftest import own
from tests.contracts.graph_engines import FalkorSeen, Seen, neo4j_seen
from tests.contracts.indexes import CountingEmbedder
from tests.contracts.memories import Store, cloud_store, falkordb_store, pgvector_store

NEO4J = os.environ.get("TEST_GRAPH_URL", "")


@pytest.fixture(scope="session")
def minilm() -> MiniLmEmbedder:
    return MiniLmEmbedder()


@pytest.fixture(scope="session")
def mem0_cloud() -> Iterator[tuple[FakeMem0, str]]:
    """The fake and its URL."""
    fake = FakeMem0()
    with served(fake.app()) as url:
        yield fake, url


@pytest.fixture(scope="session")
def own_pgvector() -> Iterator[PgVector]:
    yield from own(PgVector)


@pytest.fixture
def pgvector_server(own_pgvector: PgVector) -> Iterator[PgVector]:
    """A test may kill, pause and restart it."""
    yield own_pgvector
    own_pgvector.revive()


@pytest.fixture(params=["falkordb", "mem0 cloud", "pgvector"])
def memory_store(request: pytest.FixtureRequest) -> Store:
    """A store of the test's own on each engine: ids are global in one."""
    return opened_store(request)


@pytest.fixture(params=["falkordb", "pgvector"])
def vector_store(request: pytest.FixtureRequest) -> Store:
    """The same, on those that Mem0 open source keeps its vectors in."""
    return opened_store(request)


def opened_store(request: pytest.FixtureRequest) -> Store:
    if request.param == "mem0 cloud":
        return cloud_store(*request.getfixturevalue("mem0_cloud"))
    if request.param == "pgvector":
        return pgvector_store(request.getfixturevalue("pgvector_server").url)
    return falkordb_store(request.getfixturevalue("redis_url"))


@pytest.fixture
def embedder(minilm: MiniLmEmbedder) -> CountingEmbedder:
    return CountingEmbedder(minilm)


@pytest.fixture(
    params=[
        "falkordb",
        pytest.param("neo4j", marks=pytest.mark.skipif(not NEO4J, reason="Neo4j: TEST_GRAPH_URL is not set")),
    ]
)
def engine(request: pytest.FixtureRequest, redis_url: str) -> Iterator[Seen]:
    if request.param == "falkordb":
        yield FalkorSeen(redis_url)
    else:
        with neo4j_seen(NEO4J) as seen:
            yield seen


@pytest.fixture
async def graph(engine: Seen, embedder: CountingEmbedder) -> AsyncIterator[GraphitiGraph]:
    graph = engine.graph(embedder)
    yield graph
    await graph.close()


@pytest.fixture
def group(engine: Seen) -> Iterator[str]:
    """A group of the test's own; it and all whose names begin with it are dropped afterwards."""
    name = f"member_{uuid4().hex}"
    yield name
    engine.drop(name)
