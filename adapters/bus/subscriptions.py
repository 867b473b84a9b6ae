"""The Redis channels that one process hears, over one connection that one task owns."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Protocol, Self

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

JOIN_SECONDS = 1.0
PING_SECONDS = 5.0
FIRST_DELAY, LAST_DELAY = 0.02, 1.0


class Handler(Protocol):
    """Called in the order in which Redis sent; neither call may wait."""

    def joined(self) -> None:
        """The channel is heard from now on: what was published before may have been missed."""

    def heard(self, data: bytes) -> None: ...


class Channel:
    def __init__(self) -> None:
        self.handlers: Counter[Handler] = Counter()
        self.acknowledged = asyncio.Event()


class Subscriptions:
    """Joiners only say what they want; the owning task connects, subscribes, reads, and starts again for ever.

    (Joiners that send on a shared connection themselves reconnect it under the reader's feet: most then hear nothing.)
    """

    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool.from_url(url, socket_connect_timeout=JOIN_SECONDS, decode_responses=False)
        self._channels: dict[str, Channel] = {}
        self._subscribed: set[str] = set()
        self._unsettled: set[str] = set()
        self._changed = asyncio.Event()
        self._heard = False
        self._reachable = True
        self._owner: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._owner = asyncio.create_task(self._run(), name="redis-subscriptions")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._owner is not None:
            self._owner.cancel()
            with suppress(asyncio.CancelledError):
                await self._owner
            self._owner = None

    @asynccontextmanager
    async def hearing(self, name: str, handler: Handler) -> AsyncIterator[None]:
        """Enters once Redis has acknowledged, or after a second without it: `joined` then follows."""
        if self._owner is None:
            raise RuntimeError("Enter the subscriptions first: `async with`.")
        channel = self._channels.setdefault(name, Channel())
        channel.handlers[handler] += 1
        self._unsettle(name)
        try:
            if not channel.acknowledged.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(channel.acknowledged.wait(), JOIN_SECONDS)
            yield
        finally:
            self._leave(name, channel, handler)

    def _leave(self, name: str, channel: Channel, handler: Handler) -> None:
        channel.handlers[handler] -= 1
        if not channel.handlers[handler]:
            del channel.handlers[handler]
        self._unsettle(name)

    def _unsettle(self, name: str) -> None:
        """Only the owner settles channels, so that leaving and joining again in between costs nothing."""
        channel = self._channels[name]
        if not channel.handlers and name not in self._subscribed:
            del self._channels[name]
            self._unsettled.discard(name)
        elif bool(channel.handlers) != (name in self._subscribed):
            self._unsettled.add(name)
            self._changed.set()

    async def _run(self) -> None:
        delay = FIRST_DELAY
        while True:
            try:
                await self._session()
            except* (RedisError, OSError) as errors:
                if self._reachable:
                    log.warning("Redis is away, hints stop: %s", errors.exceptions[0])
                delay = FIRST_DELAY if self._reachable else min(delay * 2, LAST_DELAY)
                self._reachable = False
            await asyncio.sleep(delay)

    async def _session(self) -> None:
        """One connection's life. Raises a group of RedisError or OSError."""
        async with AsyncExitStack() as stack:
            connection = self._pool.make_connection()  # type: ignore[no-untyped-call]  # redis leaves it so
            stack.push_async_callback(connection.disconnect, nowait=True)
            stack.callback(self._forget)
            await connection.connect()
            self._welcome()
            async with asyncio.TaskGroup() as both:
                both.create_task(self._read(connection))
                both.create_task(self._write(connection))

    def _welcome(self) -> None:
        if not self._reachable:
            log.warning("Redis is back.")
        self._reachable = self._heard = True
        self._unsettled = set(self._channels)
        self._changed.set()

    def _forget(self) -> None:
        self._subscribed.clear()
        self._channels = {name: channel for name, channel in self._channels.items() if channel.handlers}
        for channel in self._channels.values():
            channel.acknowledged.clear()

    async def _write(self, connection: AbstractConnection) -> None:
        """Tell Redis what is wanted now and was not before; a ping shows whether a silent peer still lives."""
        while True:
            try:
                await asyncio.wait_for(self._changed.wait(), PING_SECONDS)
            except TimeoutError:
                await self._ping(connection)
                continue
            self._changed.clear()
            for command, names in self._settle():
                await connection.send_command(command, *names, check_health=False)

    def _settle(self) -> list[tuple[str, set[str]]]:
        """The commands that make Redis send what is wanted now."""
        names, self._unsettled = self._unsettled, set()
        gone = {name for name in names & self._subscribed if not self._channels[name].handlers}
        new = {name for name in names - self._subscribed if name in self._channels}
        self._subscribed -= gone
        self._subscribed |= new
        for name in gone:
            del self._channels[name]
        return [(command, names) for command, names in (("UNSUBSCRIBE", gone), ("SUBSCRIBE", new)) if names]

    async def _ping(self, connection: AbstractConnection) -> None:
        if not self._heard:
            raise RedisConnectionError(f"nothing heard for {PING_SECONDS} s")
        self._heard = False
        await connection.send_command("PING", check_health=False)

    async def _read(self, connection: AbstractConnection) -> None:
        while True:
            answer: Any = await connection.read_response(disconnect_on_error=False)
            self._heard = True
            if isinstance(answer, list):
                self._dispatch(answer[0], answer[1].decode(), answer[2] if len(answer) > 2 else b"")

    def _dispatch(self, kind: bytes, name: str, data: bytes) -> None:
        channel = self._channels.get(name)
        if channel is None:
            return
        if kind == b"message":
            for handler in tuple(channel.handlers):
                handler.heard(data)
        elif kind == b"subscribe":
            channel.acknowledged.set()
            for handler in tuple(channel.handlers):
                handler.joined()
        elif kind == b"unsubscribe" and name in self._subscribed:
            channel.acknowledged.clear()
