"""Hints over Redis pub/sub. What they are about stands in SQL: a lost hint costs time, never truth."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Self

from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.bus.subscriptions import Subscriptions
from domain.crashes import passing

log = logging.getLogger(__name__)

PREFIX = "hint:"
ANSWER_SECONDS = 2.0
GATHER_SECONDS = 0.005
"""Between two publications: under load many commits are told at once."""


class Hint:
    """Port `Listener`: any number of hints are one until they are waited for."""

    def __init__(self) -> None:
        self._given = asyncio.Event()

    def joined(self) -> None:
        self._given.set()

    def heard(self, data: bytes) -> None:
        self._given.set()

    def forget(self) -> None:
        self._given.clear()

    async def wait(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._given.wait(), seconds)
        given = self._given.is_set()
        self._given.clear()
        return given


class RedisBus:
    """Port `Bus`, one connection to hear and a pool to speak. Use as `async with RedisBus(url) as bus:`."""

    def __init__(self, url: str) -> None:
        self._subscriptions = Subscriptions(url)
        self._redis = Redis.from_url(url, socket_connect_timeout=1.0, socket_timeout=ANSWER_SECONDS)
        self._announced: dict[str, None] = {}
        self._announcing = asyncio.Event()
        self._announcer: asyncio.Task[None] | None = None
        self._reachable = True

    async def __aenter__(self) -> Self:
        await self._subscriptions.__aenter__()
        self._announcer = asyncio.create_task(self._announce(), name="redis-announcer")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._announcer is not None:
            self._announcer.cancel()
            with suppress(asyncio.CancelledError):
                await self._announcer
            await self.publish(list(self._announced))
        await self._subscriptions.__aexit__()
        await self._redis.aclose()

    async def publish(self, topics: list[str]) -> None:
        """Never raises for a Redis that is away: listeners read again on their own clock."""
        if not topics:
            return
        try:
            await self._send(topics)
        except (RedisError, OSError) as error:
            if self._reachable:
                log.warning("Hints are not sent while Redis is away: %s", error)
            self._reachable = False
        else:
            self._reachable = True
            passing("hint.published")

    def announce(self, topics: Iterable[str]) -> None:
        """Publish soon, from a task of the bus: neither waits nor raises, same topics in a row are sent once."""
        self._announced.update(dict.fromkeys(topics))
        self._announcing.set()

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[Hint]:
        hint = Hint()
        async with self._subscriptions.hearing(PREFIX + topic, hint):
            hint.forget()  # what came before entering is read after entering
            yield hint

    async def _send(self, topics: list[str]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for topic in topics:
                pipe.publish(PREFIX + topic, b"")
            await pipe.execute()

    async def _announce(self) -> None:
        while True:
            await self._announcing.wait()
            self._announcing.clear()
            topics, self._announced = list(self._announced), {}
            await self.publish(topics)
            await asyncio.sleep(GATHER_SECONDS)
