"""uvicorn as the API runs on it."""

import sys
from contextlib import suppress
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE

from app.ending import end_within
from app.http.frames import Frames
from app.http.heads import Heads
from app.settings import Settings

MAX_MESSAGE = 1024 * 1024
"""Bytes of one WebSocket message."""


class Server(uvicorn.Server):
    """Ends in time."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.should_exit:
            end_within()
        super().handle_exit(sig, frame)


def config_of(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        http=Heads,
        ws=Frames,
        ws_max_size=MAX_MESSAGE,
        ws_per_message_deflate=False,  # the proxy's: here each subscriber's every frame would cost it
        timeout_keep_alive=75,  # as proxies do: a client's pooled connection must not end under it
        timeout_graceful_shutdown=5,
    )


def serve(app: ASGIApp, settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Raises SystemExit when it could not start."""
    server = Server(config_of(app, settings))
    with suppress(KeyboardInterrupt):  # uvicorn raises each signal again that it has heard
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)
