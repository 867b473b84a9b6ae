"""Rates: a minute that slides, the same for all processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from adapters.rates.redis import WINDOW, RedisRates

NOWHERE = "redis://127.0.0.1:1/0"
MOST = 10


class Clock:
    """Seconds since the epoch, at the beginning of a minute that no other test uses."""

    minute = 1_000_000

    def __init__(self) -> None:
        Clock.minute += 100
        self.now = float(Clock.minute * WINDOW)

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def rates(url: str, clock: Clock) -> AsyncIterator[RedisRates]:
    counts = RedisRates(url, clock=clock)
    try:
        yield counts
    finally:
        await counts.aclose()


async def test_so_many_a_minute_and_no_more() -> None:
    async with rates(NOWHERE, Clock()) as counts:
        assert [counts.take("ana", MOST) for _ in range(MOST + 2)] == [0] * MOST + [66, 66]
        assert counts.take("bo", MOST) == 0


async def test_the_wait_that_is_told_is_enough_and_no_second_too_long() -> None:
    clock = Clock()
    async with rates(NOWHERE, clock) as counts:
        for _ in range(MOST):
            clock.now += 5
            counts.take("ana", MOST)
        wait = counts.take("ana", MOST)
        assert wait == 16
        clock.now += wait - 1
        assert counts.take("ana", MOST) == 1
        clock.now += 1.001
        assert counts.take("ana", MOST) == 0


async def test_the_last_minute_counts_as_far_as_it_overlaps() -> None:
    clock = Clock()
    async with rates(NOWHERE, clock) as counts:
        for _ in range(MOST):
            counts.take("ana", MOST)
        clock.now += 1.5 * WINDOW
        assert [counts.take("ana", MOST) for _ in range(MOST // 2 + 1)] == [0] * (MOST // 2) + [6]


@pytest.mark.parametrize("minutes", [2, 5])
async def test_what_is_two_minutes_ago_is_forgotten(minutes: int) -> None:
    clock = Clock()
    async with rates(NOWHERE, clock) as counts:
        for _ in range(MOST):
            counts.take("ana", MOST)
        clock.now += minutes * WINDOW
        assert [counts.take("ana", MOST) for _ in range(MOST)] == [0] * MOST


async def test_processes_count_together(any_redis: str) -> None:
    clock = Clock()
    async with rates(any_redis, clock) as one:
        for _ in range(MOST - 1):
            one.take("ana", MOST)
    async with rates(any_redis, clock) as other:
        assert other.take("ana", MOST) == 0
    async with rates(any_redis, clock) as third, rates(any_redis, clock) as fourth:
        assert third.take("ana", MOST + 1) == 0
        await third.aclose()
        fourth.take("ana", MOST)
        await fourth._try_to_tell()  # as it does every PERIOD
        assert fourth.take("ana", MOST) == 75


async def test_another_process_learns_of_the_last_minute(any_redis: str) -> None:
    clock = Clock()
    async with rates(any_redis, clock) as one:
        for _ in range(MOST):
            one.take("ana", MOST)
    clock.now += WINDOW
    async with rates(any_redis, clock) as other:
        other.take("ana", MOST)
        await other._try_to_tell()
        assert other.take("ana", MOST) > 0


async def test_counts_are_gone_from_redis_after_two_minutes(any_redis: str) -> None:
    clock = Clock()
    async with rates(any_redis, clock) as counts:
        counts.take("ana", MOST)
    async with Redis.from_url(any_redis) as redis:
        assert 0 < await redis.ttl(f"rates:{Clock.minute}") <= 2 * WINDOW


async def test_without_redis_a_process_counts_alone(caplog: pytest.LogCaptureFixture) -> None:
    async with rates(NOWHERE, Clock()) as counts:
        for _ in range(MOST):
            counts.take("ana", MOST)
        await counts._try_to_tell()
        await counts._try_to_tell()
        assert counts.take("ana", MOST) == 66
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "Redis is away, each process limits rates alone"
    ]
