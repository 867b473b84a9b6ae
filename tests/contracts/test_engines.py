"""The servers of evals.engines: what was acknowledged outlives kill -9, a pause is no end, and none outlives us."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import asyncpg
import pytest
import redis
from neo4j import GraphDatabase

from evals.engines.neo4j import PASSWORD, Neo4j
from evals.engines.postgres import Postgres
from evals.engines.redis import Redis
from evals.engines.servers import NotStarted, Server, Unavailable, wait_for

ENGINES = ["postgres_server", "redis_server", "neo4j_server"]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    given: Server = request.getfixturevalue(request.param)
    return given


def write(server: Server, value: str) -> None:
    match server:
        case Postgres():
            postgres(server, f"CREATE TABLE {value} AS SELECT 1")
        case Redis():
            with redis.Redis.from_url(server.url) as client:
                client.set(value, "1")
        case Neo4j():
            neo4j(server, f"CREATE (:{value})")


def written(server: Server, value: str) -> bool:
    match server:
        case Postgres():
            return postgres(server, f"SELECT to_regclass('{value}') IS NOT NULL") is True
        case Redis():
            with redis.Redis.from_url(server.url) as client:
                return bool(client.exists(value))
        case Neo4j():
            return neo4j(server, f"MATCH (n:{value}) RETURN count(n)") == 1
    raise AssertionError(f"Nothing is known of {server.name}.")


def postgres(server: Postgres, statement: str) -> object:
    async def asked() -> object:
        connection = await asyncpg.connect(server.url.replace("+asyncpg", ""))  # type: ignore[no-untyped-call]  # asyncpg has no types
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(asked())


def neo4j(server: Neo4j, query: str) -> object:
    with GraphDatabase.driver(f"bolt://127.0.0.1:{server.port}", auth=("neo4j", PASSWORD)) as driver:
        records = driver.execute_query(query).records
        return records[0][0] if records else None


@pytest.mark.parametrize("server", ENGINES, indirect=True)
def test_acknowledged_write_outlives_kill_on_the_same_port(server: Server) -> None:
    port, killed = server.port, server.pid
    write(server, "kept")
    server.kill()
    assert not server.running
    assert not server.answers()
    server.restart()
    assert server.pid != killed
    assert server.port == port
    assert written(server, "kept")


@pytest.mark.parametrize("server", ENGINES, indirect=True)
def test_paused_server_is_silent_until_it_goes_on(server: Server) -> None:
    pid = server.pid
    write(server, "before")
    server.pause()
    assert server.running
    assert not server.answers()
    server.resume()
    server.wait()
    assert server.pid == pid
    assert written(server, "before")


def test_clean_stop_and_start_keep_what_was_written(redis_server: Redis) -> None:
    write(redis_server, "stopped")
    redis_server.stop()
    with pytest.raises(NotStarted, match="redis does not run"):
        redis_server.pause()
    redis_server.start()
    assert written(redis_server, "stopped")


def test_server_outlives_the_thread_that_started_it(redis_server: Redis) -> None:
    starting = threading.Thread(target=redis_server.restart)
    starting.start()
    starting.join()
    write(redis_server, "alive")
    assert written(redis_server, "alive")


def test_server_started_by_another_process_is_found_again(tmp_path: Path) -> None:
    made = "from pathlib import Path; from evals.engines.redis import Redis; "
    code = made + f"server = Redis(Path({str(tmp_path)!r}), tied=False); server.start(); print(server.port, server.pid)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    server = Redis(tmp_path)
    try:
        assert shown.stdout.split() == [str(server.port), str(server.pid)]
    finally:
        server.stop()
    assert not server.running


def test_tied_server_dies_with_a_killed_process(tmp_path: Path) -> None:
    made = "import os; from pathlib import Path; from evals.engines.redis import Redis; "
    code = made + f"Redis(Path({str(tmp_path)!r})).start(); os.kill(os.getpid(), 9)"
    died = subprocess.run([sys.executable, "-c", code], check=False)
    assert died.returncode == -9
    wait_for(lambda: not Redis(tmp_path).running, 10)


def test_taken_port_is_refused_by_its_number(redis_server: Redis, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=f"redis: port {redis_server.port} is taken"):
        Redis(tmp_path, port=redis_server.port).start()


def test_server_that_will_not_start_shows_its_log(tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match="appendfsync"):
        Redis(tmp_path, options={"appendfsync": "never"}).start()
