"""The real API over real HTTP and WebSocket, on the embedded engines."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from adapters.auth.local import LocalTokens
from adapters.sql import migrations
from app.api import create_app
from app.http.frames import Frames
from app.settings import Settings
from tests.api.client import Api


@pytest.fixture(scope="session")
def settings(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A Redis database of its own: replies of other tests have the same ids."""
    server = redis_url.removeprefix("redis://").split("/")[0]
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings takes it, its plugin does not know
        data_dir=tmp_path_factory.mktemp("api"),
        redis_url=f"redis://{server}/1",
        graph_url=f"falkordb://{server}",
        memory_url=f"falkordb://{server}",
    )


@pytest.fixture(scope="session")
def api(settings: Settings) -> Iterator[Api]:
    """One server for all tests: each brings members of its own."""
    Path(settings.data_dir).mkdir(exist_ok=True)
    asyncio.run(migrations.upgrade(settings.database))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(settings), ws=Frames, log_config=None, lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            wait_until_started(server)
            client = Api(f"127.0.0.1:{listening.getsockname()[1]}", LocalTokens(settings.token_key))
            with client.http:
                yield client
        finally:
            server.should_exit = True
            thread.join(20)


def wait_until_started(server: uvicorn.Server) -> None:
    for _ in range(1_000):
        if server.started:
            return
        time.sleep(0.02)
    raise AssertionError("The API did not start within 20 s.")
