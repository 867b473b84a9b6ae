"""A fake server on loopback, on a thread of its own, so that it answers while the loop under test is blocked."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

START_SECONDS = 10.0


@contextmanager
def served(app: Starlette, *, port: int = 0) -> Iterator[str]:
    """The server's URL without a slash at its end; a free port unless one is given. Raises TimeoutError."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            wait_until_started(server)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(START_SECONDS)


def wait_until_started(server: uvicorn.Server) -> None:
    ends_at = time.monotonic() + START_SECONDS
    while not server.started:
        if time.monotonic() > ends_at:
            raise TimeoutError(f"The fake server did not start within {START_SECONDS:.0f} s.")
        time.sleep(0.01)
