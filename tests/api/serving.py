"""A server in a thread of the tests' process."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn


@contextmanager
def serving_on(config: uvicorn.Config) -> Iterator[int]:
    """The port on which it listens, while it does."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            wait_until_started(server)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)


def wait_until_started(server: uvicorn.Server) -> None:
    for _ in range(1_000):
        if server.started:
            return
        time.sleep(0.02)
    raise AssertionError("The API did not start within 20 s.")
