"""Engines of the contract tests, each port's in one place."""

from collections.abc import Iterator

import pytest

from adapters.embedding.minilm import MiniLmEmbedder
from fakes.mem0 import FakeMem0
from fakes.serving import served
from tests.contracts.memories import Store, cloud_store, falkordb_store


@pytest.fixture(scope="session")
def minilm() -> MiniLmEmbedder:
    return MiniLmEmbedder()


@pytest.fixture(scope="session")
def mem0_cloud() -> Iterator[tuple[FakeMem0, str]]:
    """The fake and its URL."""
    fake = FakeMem0()
    with served(fake.app()) as url:
        yield fake, url


@pytest.fixture(params=["falkordb", "mem0 cloud"])
def memory_store(request: pytest.FixtureRequest) -> Store:
    """A store of the test's own on each engine: ids are global in one."""
    return opened_store(request)


@pytest.fixture(params=["falkordb"])
def vector_store(request: pytest.FixtureRequest) -> Store:
    """The same, on those that Mem0 open source keeps its vectors in."""
    return opened_store(request)


def opened_store(request: pytest.FixtureRequest) -> Store:
    if request.param == "mem0 cloud":
        return cloud_store(*request.getfixturevalue("mem0_cloud"))
    return falkordb_store(request.getfixturevalue("redis_url"))
