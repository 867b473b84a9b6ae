"""Engines shared by the tests: the embedded ones, real, on free ports and in temporary folders.

`postgres_server`, `redis_server` and `neo4j_server` are a session's own servers: a test may kill, pause and restart
them (evals/engines/servers.py). Where one is not installed its tests are skipped by name; in CI that is a failure.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
import redis
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from adapters.embedded.falkordb import free_port, server_command
from evals.engines.neo4j import Neo4j
from evals.engines.postgres import Postgres
from evals.engines.redis import Redis
from evals.engines.servers import Server, Unavailable, private

# How long an example takes is no property of what is tested: other processes run beside it.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

SYSTEMS = ("attacks", "jobs", "journeys")
"""Their tests start many processes and wait for them: on few cores one at a time."""


class Scheduling(LoadFileScheduling):
    """Which tests run in one process, one after another: a file's, as they share what they start, and all SYSTEMS'."""

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.split("/")[1]
        return "systems" if folder in SYSTEMS else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An embedded Redis with FalkorDB, for the whole session."""
    folder: Path = tmp_path_factory.mktemp("falkordb")
    port = free_port()
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(server_command(folder, port), stdout=log, stderr=log)
    try:
        wait_for_ping(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


def wait_for_ping(port: int) -> None:
    with redis.Redis(port=port) as client:
        for _ in range(200):
            try:
                client.ping()
                return
            except redis.ConnectionError:
                time.sleep(0.02)
    raise AssertionError("The embedded Redis did not answer within 4 s.")


def absent(reason: str) -> NoReturn:
    """Skip for want of an engine, saying which; where ENGINES=required, as in CI, fail."""
    if os.environ.get("ENGINES") == "required":
        pytest.fail(f"ENGINES=required, but {reason}", pytrace=False)
    pytest.skip(reason)


def real(variable: str, engine: str) -> str:
    """The URL of a shared real engine, which nobody kills: its own databases and keys are for each test to make."""
    return os.environ.get(variable) or absent(f"{engine}: {variable} is not set")


def own[S: Server](kind: type[S], **options: str) -> Iterator[S]:
    try:
        with private(kind, **options) as server:
            yield server
    except Unavailable as lack:
        absent(str(lack))


@pytest.fixture(scope="session")
def own_postgres() -> Iterator[Postgres]:
    yield from own(Postgres)


@pytest.fixture(scope="session")
def own_redis() -> Iterator[Redis]:
    yield from own(Redis)


@pytest.fixture(scope="session")
def own_neo4j() -> Iterator[Neo4j]:
    yield from own(Neo4j)


@pytest.fixture(scope="session", params=["embedded", "redis"])
def any_redis(request: pytest.FixtureRequest) -> str:
    """What every Redis must do: the embedded one, and the machine's. Both are the session's own."""
    if request.param == "embedded":
        return str(request.getfixturevalue("redis_url"))
    return str(request.getfixturevalue("own_redis").url)


@pytest.fixture
def postgres_server(own_postgres: Postgres) -> Iterator[Postgres]:
    yield own_postgres
    own_postgres.revive()


@pytest.fixture
def redis_server(own_redis: Redis) -> Iterator[Redis]:
    yield own_redis
    own_redis.revive()


@pytest.fixture
def neo4j_server(own_neo4j: Neo4j) -> Iterator[Neo4j]:
    yield own_neo4j
    own_neo4j.revive()
