"""What a socket's application is told when it sends behind its own close."""

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect

from app.http.frames import Frames
from tests.api.conftest import wait_until_started

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
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(talks_on, ws=Frames, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            wait_until_started(server)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)


def test_a_text_behind_the_close_is_as_one_to_a_peer_that_is_gone(port: int) -> None:
    met.clear()
    with connect(f"ws://127.0.0.1:{port}/") as connection, pytest.raises(ConnectionClosedOK):
        connection.recv(10)
    assert [type(error) for error in met] == [ConnectionResetError]
