"""What the operations of a socket send: on the spot while its connection takes it, in order whatever happens."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import orjson
from starlette.types import Scope, Send

from app.graphql.responses import encoded
from app.http.frames import WRITE


def busy(_: bytes) -> bool:
    """Of a server that can only be waited for."""
    return False


@dataclass(frozen=True, slots=True)
class Wire:
    """`send` is ASGI's and may wait; `write` puts a text on the connection at once, or says that it cannot now."""

    send: Send
    write: Callable[[bytes], bool] = busy

    @classmethod
    def of(cls, scope: Scope, send: Send) -> Self:
        return cls(send, scope.get("extensions", {}).get(WRITE, {}).get("text", busy))


class Outlet:
    """What one operation sends, in order. Nobody need wait for it while its socket takes it."""

    def __init__(self, id: str, wire: Wire) -> None:
        self._head = b'{"id":%b,"type":"next","payload":' % orjson.dumps(id)
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self._sending: asyncio.Task[None] | None = None

    async def send(self, payload: Mapping[str, Any]) -> None:
        if self._sending is not None:
            await asyncio.wait([self._sending])
        message = self._message(encoded(payload))
        if not self._wire.write(message):
            await self._put(message)

    def deliver(self, payload: Mapping[str, Any]) -> bool:
        """False while the socket is full."""
        if self._sending is not None:
            return False
        self._begin(encoded(payload))
        return True

    def _message(self, payload: bytes) -> bytes:
        return b"%b%b}" % (self._head, payload)

    def _begin(self, payload: bytes) -> None:
        message = self._message(payload)
        if self._wire.write(message):
            return
        task = asyncio.Task(self._put(message), loop=self._loop, eager_start=True)
        if not task.done():
            self._sending = task
            task.add_done_callback(self._sent)

    async def _put(self, message: bytes) -> None:
        with suppress(OSError):  # gone: its socket is ending
            await self._wire.send({"type": "websocket.send", "text": message.decode()})

    def _sent(self, _: asyncio.Task[None]) -> None:
        self._sending = None


class Subscriber(Outlet):
    """One subscription to a shared run. While its socket is full, only the newest state waits."""

    def __init__(self, id: str, wire: Wire) -> None:
        super().__init__(id, wire)
        self._last: int | None = None
        self._waiting: tuple[bytes, int] | None = None

    def hear(self, body: bytes, number: int) -> None:
        if self._sending is not None:
            self._waiting = (body, number)
            return
        skipped = 0 if self._last is None else number - self._last - 1
        self._last = number
        tail = b',"extensions":{"skipped":%d}' % skipped if skipped else b""
        self._begin(b'{"data":%b%b}' % (body, tail))

    def _sent(self, task: asyncio.Task[None]) -> None:
        super()._sent(task)
        if self._waiting:
            (body, number), self._waiting = self._waiting, None
            self.hear(body, number)
