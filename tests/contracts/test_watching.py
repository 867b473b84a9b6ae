"""What a watched state promises while the database that it is read from is away."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.bus.redis import RedisBus
from domain.errors import StoreFailed
from services.watching import Watched, watch

SOON = 10.0


class Count:
    """A state with a seq, in a database that fails when it is told to."""

    def __init__(self) -> None:
        self.seq = 0
        self.failures = 0

    async def read(self) -> int:
        if self.failures:
            self.failures -= 1
            raise StoreFailed("The database does not answer.")
        return self.seq


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[RedisBus]:
    async with RedisBus(redis_url) as bus:
        yield bus


async def test_a_watch_goes_on_when_the_database_comes_back(bus: RedisBus) -> None:
    count = Count()
    states = watch(bus, "count", count.read, lambda seq: seq)
    async with asyncio.timeout(SOON):
        assert await anext(states) == Watched(0, skipped=0)
        count.seq, count.failures = 1, 3
        await bus.publish(["count"])
        assert await anext(states) == Watched(1, skipped=0)
    assert count.failures == 0


async def test_a_watch_that_cannot_begin_says_so(bus: RedisBus) -> None:
    count = Count()
    count.failures = 1
    with pytest.raises(StoreFailed, match="does not answer"):
        await anext(watch(bus, "count", count.read, lambda seq: seq))
