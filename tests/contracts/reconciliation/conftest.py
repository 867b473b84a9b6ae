"""A house for each test, as it was when everything in it had been shown."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis

from adapters.embedded.falkordb import free_port
from tests.contracts.indexes import serving
from tests.contracts.reconciliation.world import KEPT, House, founded, opened


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A FalkorDB of these tests' own: they wipe it."""
    port = free_port()
    with serving(tmp_path_factory.mktemp("reconciled"), port):
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture(scope="session")
def template(server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The house's folder; its graphs are kept beside on the server."""
    folder = tmp_path_factory.mktemp("house") / "data"
    folder.mkdir()
    asyncio.run(founded(server, folder))
    with redis.Redis.from_url(server) as client:
        for graph in client.execute_command("GRAPH.LIST"):
            client.execute_command("GRAPH.COPY", graph, KEPT + graph)
    return folder


@pytest.fixture
async def house(server: str, template: Path, tmp_path: Path) -> AsyncIterator[House]:
    shutil.copytree(template, tmp_path / "data")
    restore(server)
    async with opened(server, tmp_path / "data") as house:
        yield house


def restore(server: str) -> None:
    """Whatever an earlier test left."""
    with redis.Redis.from_url(server) as client:
        if others := [key for key in client.keys("*") if not key.startswith(KEPT)]:
            client.delete(*others)
        for graph in client.keys(KEPT + b"*"):
            client.execute_command("GRAPH.COPY", graph, graph.removeprefix(KEPT))
