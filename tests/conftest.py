"""Engines shared by the tests: the embedded ones, real, on free ports and in temporary folders."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from adapters.embedded.falkordb import free_port, server_command


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An embedded Redis with FalkorDB, for the whole session."""
    folder: Path = tmp_path_factory.mktemp("falkordb")
    port = free_port()
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(server_command(folder, port), stdout=log, stderr=log)  # noqa: S603  # our own command
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
