"""The real API over real HTTP and WebSocket, on the embedded engines."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.auth.local import LocalTokens
from adapters.sql import migrations
from app.api import create_app
from app.http.server import config_of
from app.settings import Settings
from tests.api.client import Api
from tests.api.serving import serving_on


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
    with serving_on(config_of(create_app(settings), settings)) as port:
        client = Api(f"127.0.0.1:{port}", LocalTokens(settings.token_key))
        with client.http:
            yield client
