"""How a WebSocket's texts are framed: at once, as most of what a subscription costs is its frames."""

import struct
from collections.abc import Mapping
from http.client import SWITCHING_PROTOCOLS
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import OPEN

TEXT = 0x81
"""A whole message of text: RFC 6455, section 5.2."""
WRITE = "frontier.write"
"""The extension of a WebSocket's scope whose `text` puts one, in UTF-8, on the connection at once; False: not now."""


class Frames(WebSocketsSansIOProtocol):
    """uvicorn's own, but for a text on an open connection whose peer reads. Its frame is what the library makes of it
    too, in a third of the time; with an extension such as compression it would be another one, and none is offered."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == SWITCHING_PROTOCOLS:  # the application begins at the loop's next turn
            self.scope["extensions"][WRITE] = {"text": self.write}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Raises OSError for a text behind the close, as for one whose peer is gone: the operations of a socket that is
        being closed end a moment later."""
        text = message.get("text")
        if text is not None and self.write(text.encode()):
            return
        await self.writable.wait()
        if text is not None and self.close_sent:
            raise ConnectionResetError("The socket is closed.")
        await super().send(cast("Any", message))

    def write(self, text: bytes) -> bool:
        if self.conn.state is not OPEN or not self.handshake_complete or not self.writable.is_set():
            return False
        self.transport.write(framed(text))
        return True


def framed(payload: bytes) -> bytes:
    """A server's frame, which has no mask."""
    length = len(payload)
    if length < 126:
        return bytes((TEXT, length)) + payload
    if length < 65_536:
        return struct.pack("!BBH", TEXT, 126, length) + payload
    return struct.pack("!BBQ", TEXT, 127, length) + payload
