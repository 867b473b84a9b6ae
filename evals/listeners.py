"""Load clients written by hand, so that measuring leaves the cores to what is measured."""

import asyncio
import base64
import gc
import json
import secrets
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self, cast

from evals.system import NotMeasured

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
HEAD = 60
"""Bytes of a message in which its type stands."""
OPEN_AT_ONCE = 50
BEGIN_SECONDS = 10.0

type Hear = Callable[[bytes, float], None]
"""Takes a `next` message as the wire has it, and when it came, by the performance counter."""


class Listener(asyncio.Protocol):
    """One socket with one subscription. `began` is set by its first event, and `ended` when the socket is gone;
    `refusal` then says why, if the server did."""

    def __init__(self, token: str, operation: bytes, hear: Hear) -> None:
        self._token = token
        self._operation = operation
        self._hear = hear
        self._buffer = bytearray()
        self._open = False
        self.began, self.ended = asyncio.Event(), asyncio.Event()
        self.refusal = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        host, port = transport.get_extra_info("peername")[:2]
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.transport.write(
            f"GET /graphql HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()
        self.began.set()

    def data_received(self, data: bytes) -> None:
        at, used = time.perf_counter(), 0
        self._buffer += data
        if not self._open and not self._opens():
            return
        while (frame := frame_in(self._buffer, used)) is not None:
            opcode, start, used = frame
            self._take(opcode, bytes(self._buffer[start:used]), at)
        del self._buffer[:used]

    def _opens(self) -> bool:
        """Whether the server's answer to the handshake is here, and is yes."""
        head, whole, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if whole and not head.startswith(b"HTTP/1.1 101"):
            self.refusal = head
            self.transport.abort()
        elif whole:
            self._open, self._buffer = True, bytearray(rest)
            hello = {"type": "connection_init", "payload": {"authorization": f"Bearer {self._token}"}}
            self.transport.write(framed(TEXT, json.dumps(hello).encode()))
        return self._open

    def _take(self, opcode: int, payload: bytes, at: float) -> None:
        head = payload[:HEAD]
        if opcode == PING:
            self.transport.write(framed(PONG, payload))
        elif opcode == TEXT and b'"next"' in head:
            self._hear(payload, at)
            self.began.set()
        elif opcode == TEXT and b'"connection_ack"' in head:
            self.transport.write(framed(TEXT, self._operation))
        elif opcode == CLOSE or b'"error"' in head:
            self.refusal = payload
            self.transport.abort()

    async def first(self) -> Self:
        """Waits for the first event. Raises NotMeasured with what the server said instead."""
        await asyncio.wait_for(self.began.wait(), BEGIN_SECONDS)
        if self.ended.is_set():
            raise NotMeasured(f"A subscription was refused: {self.refusal.decode(errors='replace')}")
        return self


class Caller:
    """One keep-alive HTTP connection."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._head = (
            f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        )

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    def request(self, query: str, **variables: Any) -> bytes:  # noqa: ANN401  # any JSON
        body = json.dumps({"query": query, "variables": variables})
        return f"{self._head}{len(body)}\r\n\r\n{body}".encode()

    async def send(self, request: bytes) -> bytes:
        """The answer's body."""
        if self._reader.at_eof():  # the server has ended a connection that was idle
            await self.__aexit__()
            await self.__aenter__()
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        return await self._reader.readexactly(length)

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON
        """The data. Raises NotMeasured with the errors."""
        answer = json.loads(await self.send(self.request(query, **variables)))
        if answer.get("errors"):
            raise NotMeasured(f"An operation failed: {answer['errors']}")
        data: dict[str, Any] = answer["data"]
        return data


@asynccontextmanager
async def audience(port: int, operations: Sequence[tuple[str, bytes, Hear]]) -> AsyncIterator[list[Listener]]:
    """A listener for each token and operation, all of which have heard their first event; dropped at the end.

    Raises NotMeasured.
    """
    opening = asyncio.Semaphore(OPEN_AT_ONCE)

    async def opened(token: str, operation: bytes, hear: Hear) -> Listener:
        async with opening:
            return await (await listening(port, token, operation, hear)).first()

    listeners = await asyncio.gather(*(opened(*each) for each in operations))
    try:
        yield listeners
    finally:
        for listener in listeners:
            listener.transport.abort()


async def listening(port: int, token: str, operation: bytes, hear: Hear) -> Listener:
    """Connected; the rest is under way."""
    loop = asyncio.get_running_loop()
    _, listener = await loop.create_connection(lambda: Listener(token, operation, hear), "127.0.0.1", port)
    return listener


@contextmanager
def undisturbed() -> Iterator[None]:
    """The measuring process looks for no rings of dead objects meanwhile: it stands still for a tenth of a second when
    it does, and all that arrives then seems late."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def subscription(query: str, **variables: Any) -> bytes:  # noqa: ANN401  # any JSON
    return json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables}}).encode()


def frame_in(buffer: bytearray, at: int) -> tuple[int, int, int] | None:
    """Opcode, start and end of the payload of the server's frame that begins at `at`; None until it is whole."""
    if len(buffer) < at + 2:
        return None
    length, start = buffer[at + 1], at + 2
    if length >= 126:
        start += 2 if length == 126 else 8
        length = int.from_bytes(buffer[at + 2 : start])
    return (buffer[at] & 15, start, start + length) if len(buffer) >= start + length else None


def framed(opcode: int, payload: bytes) -> bytes:
    """A client's frame of less than 64 kB; its mask of zeros leaves the payload as it is."""
    length = len(payload)
    size = bytes([0x80 | length]) if length < 126 else struct.pack("!BH", 0x80 | 126, length)
    return bytes([0x80 | opcode]) + size + bytes(4) + payload
