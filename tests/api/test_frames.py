"""What a socket's application is told when it sends behind its own close."""

from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect

from app.http.frames import Frames
from tests.api.serving import serving_on

met: list[BaseException] = []


async def talks_on(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 1000})
    try:
        await send({"type": "websocket.send", "text": "One thing more."})
    except Exception as error:  # noqa: BLE001  # which it is, is what is tested
        met.append(error)


@pytest.fixture
def port() -> Iterator[int]:
    with serving_on(uvicorn.Config(talks_on, ws=Frames, log_config=None, lifespan="off")) as port:
        yield port


def test_a_text_behind_the_close_is_as_one_to_a_peer_that_is_gone(port: int) -> None:
    met.clear()
    with connect(f"ws://127.0.0.1:{port}/") as connection, pytest.raises(ConnectionClosedOK):
        connection.recv(10)
    assert [type(error) for error in met] == [ConnectionResetError]
