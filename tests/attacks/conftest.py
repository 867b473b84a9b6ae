"""Houses for the attacks on governance: a DAO of its own each, on SQLite and, with TEST_DATABASE_URL, on Postgres."""

import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from adapters.embedded.falkordb import free_port, server_command
from app.settings import Settings
from domain.rules import Rules
from tests.attacks.databases import Databases, postgres_databases, sqlite_databases
from tests.attacks.houses import House, house_of
from tests.conftest import real, wait_for_ping

type Found = Callable[..., Awaitable[House]]
"""`await found(Rules(...), admission=...)`: a house with these rules and settings."""


ON_POSTGRES = ("closing_early", "delegates", "freeze", "races")
"""What clocks, locks and frozen rows decide runs on Postgres too. The rest would cost CI a minute: ATTACKS=all."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "databases" in metafunc.fixturenames:
        both = metafunc.module.__name__.endswith(ON_POSTGRES) or os.environ.get("ATTACKS") == "all"
        metafunc.parametrize(
            "databases", ["sqlite", "postgres"] if both else ["sqlite"], indirect=True, scope="session"
        )


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    if request.param == "sqlite":
        made = sqlite_databases(tmp_path_factory.mktemp("migrated"))
    else:
        made = postgres_databases(real("TEST_DATABASE_URL", "postgres"))
    with made as ready:
        yield ready


@pytest.fixture
async def url(databases: Databases, tmp_path: Path) -> AsyncIterator[str]:
    """A migrated database of its own."""
    async with databases(tmp_path) as made:
        yield made


@pytest.fixture
async def found(redis_url: str, databases: Databases, tmp_path: Path) -> AsyncIterator[Found]:
    server = redis_url.removeprefix("redis://").split("/")[0]
    async with AsyncExitStack() as lifetime:

        async def make(rules: Rules | None = None, **settings: Any) -> House:  # noqa: ANN401  # any setting
            folder = tmp_path / uuid4().hex[:8]
            folder.mkdir()
            url = await lifetime.enter_async_context(databases(folder))
            graph = f"falkordb://{server}"
            given = {
                "data_dir": folder,
                "database_url": url,
                "redis_url": redis_url,
                "graph_url": graph,
                "memory_url": graph,
                **settings,
            }
            made = Settings(_env_file=None, **given)  # type: ignore[call-arg]  # pydantic-settings takes it
            return await lifetime.enter_async_context(house_of(made, rules or Rules()))

        yield make


@pytest.fixture
def graph_url(tmp_path: Path) -> Iterator[str]:
    """A FalkorDB of its own: every house has the same names in the graph."""
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(server_command(tmp_path, port), stdout=log, stderr=log)
    try:
        wait_for_ping(port)
        yield f"falkordb://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
async def house(found: Found) -> House:
    """With the demo's rules: 60 % quorum, 66 % majority, 72 hours, ON_QUORUM."""
    return await found()
