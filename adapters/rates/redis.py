"""How much each has asked in a minute, counted over all processes.

A sliding window of two counters: what was asked in this minute, and in the last one in the measure in which it still
overlaps (https://blog.cloudflare.com/counting-things-a-lot-of-different-things/). Each process counts in memory and
adds what it counted to Redis every PERIOD, for a round trip costs as much as a small operation (docs/adr/0004). So who
asks several processes at once gets as much more through as it asks in a PERIOD. While Redis is away each counts alone.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

WINDOW = 60
"""Seconds."""
PERIOD = 0.25
"""Seconds between two looks at what the other processes counted."""
ANSWER_SECONDS = 1.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Count:
    """Of one key: in this minute with what is not yet told (`untold`), and in the one before."""

    minute: int
    now: int = 0
    before: int = 0
    untold: int = 0

    def turn(self, minute: int) -> None:
        if minute > self.minute:
            self.before = self.now if minute == self.minute + 1 else 0
            self.minute, self.now, self.untold = minute, 0, 0

    def wait(self, most: int, into: float) -> float:
        """Seconds until one more fits; 0: it does. `into` is how far the minute has gone, in seconds."""
        room = most - 1 - self.now
        if self.before * (1 - into / WINDOW) <= room:
            return 0.0
        if room >= 0:
            return WINDOW * (1 - room / self.before) - into
        return WINDOW * (2 - (most - 1) / self.now) - into


class RedisRates:
    """Counts operations by key. `clock` gives seconds since the epoch."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self._redis = Redis.from_url(
            url, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS, decode_responses=True
        )
        self._clock = clock
        self._counts: dict[str, Count] = {}
        self._untold: set[str] = set()
        self._telling: asyncio.Task[None] | None = None
        self._away = False

    def take(self, key: str, most: int) -> int:
        """Count one more of at most `most` a minute, and return 0; or the whole seconds after which it will fit."""
        now = self._clock()
        minute, into = int(now // WINDOW), now % WINDOW
        count = self._counts.get(key)
        if count is None:
            count = self._counts[key] = Count(minute)
        count.turn(minute)
        if wait := count.wait(most, into):
            return math.ceil(wait)
        count.now += 1
        count.untold += 1
        self._untold.add(key)
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell_soon())
        return 0

    async def aclose(self) -> None:
        """What was counted last is told before the end."""
        if self._telling is not None:
            self._telling.cancel()
            with suppress(asyncio.CancelledError):
                await self._telling
            await self._try_to_tell()
        await self._redis.aclose()

    async def _tell_soon(self) -> None:
        """Until everything is told."""
        while self._untold:
            await asyncio.sleep(PERIOD)
            await self._try_to_tell()
        self._telling = None

    async def _try_to_tell(self) -> None:
        try:
            await self._tell(int(self._clock() // WINDOW))
        except (RedisError, OSError) as error:
            if not self._away:
                log.warning("Redis is away, each process limits rates alone: %s", error)
            self._away = True
        else:
            self._away = False

    async def _tell(self, minute: int) -> None:
        """Add to the minute's counts, and learn those of all processes."""
        self._forget(minute)
        told = {key: count.untold for key in self._untold if (count := self._counts[key]).minute == minute}
        self._untold.clear()
        if not told:
            return
        try:
            totals, before = await self._exchanged(minute, told)
        except BaseException:
            self._untold.update(told)
            raise
        for key, total, earlier in zip(told, totals, before, strict=True):
            count = self._counts[key]
            if count.minute == minute:
                count.untold -= told[key]
                count.now, count.before = total + count.untold, int(earlier or 0)

    async def _exchanged(self, minute: int, told: dict[str, int]) -> tuple[list[int], list[str | None]]:
        """The totals of this minute, and those of the last."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for key, times in told.items():
                pipeline.hincrby(name_of(minute), key, times)
            pipeline.expire(name_of(minute), 2 * WINDOW)
            pipeline.hmget(name_of(minute - 1), list(told))
            *totals, _, before = await pipeline.execute()
        return cast("list[int]", totals), cast("list[str | None]", before)

    def _forget(self, minute: int) -> None:
        """Keys that nobody used in this minute or the last; what they did not tell no longer counts."""
        old = [key for key, count in self._counts.items() if count.minute < minute - 1]
        for key in old:
            del self._counts[key]
            self._untold.discard(key)


def name_of(minute: int) -> str:
    return f"rates:{minute}"
