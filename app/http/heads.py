"""How large the head of a request and the trailers of its chunked body may be, and how long they may take: uvicorn
bounds neither."""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 64 * 1024
"""Bytes of the request line and the headers, or of trailers."""
PIECE = 256 * 1024
"""What asyncio reads at once: so much of the body may stand before trailers in one piece."""
HEAD_SECONDS = 30.0
"""From the connection, or from the first byte of a further request, to the end of the head."""
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Heads(HttpToolsProtocol):
    """uvicorn's own. What arrives in one piece with the end of its head, of at most PIECE, is let pass."""

    _begun = False
    _trailing = False
    _size = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._begun:
            self._size += len(data)
            if self._size > MAX_HEAD:
                self._end(TOO_LARGE)
            elif self._timer is None:
                self._wait()

    def on_message_begin(self) -> None:
        self._begun = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._trailing:  # nobody reads trailers, and uvicorn would keep each
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._arrived()
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        """Behind the last chunk's come trailers, behind any other's its bytes."""
        self._begun = self._trailing = True
        self._size = -PIECE

    def on_body(self, body: bytes) -> None:
        self._arrived()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._arrived()
        super().on_message_complete()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self._end, TOO_SLOW)

    def _arrived(self) -> None:
        self._begun = self._trailing = False
        self._size = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self, answer: bytes) -> None:
        self._arrived()
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(answer)  # in the midst of another answer it would be taken for a part of that
        self.transport.close()
