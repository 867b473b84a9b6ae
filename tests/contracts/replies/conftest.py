"""The same replies in two processes, on each Redis."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from adapters.replies.redis import RedisReplies
from tests.contracts.replies.following import IDLE, Record


@pytest.fixture
def record() -> Record:
    return Record()


@pytest.fixture
async def replies(any_redis: str, record: Record) -> AsyncIterator[RedisReplies]:
    async with RedisReplies(any_redis, record.ended, idle_seconds=IDLE) as replies:
        yield replies


@pytest.fixture
async def other(any_redis: str, record: Record) -> AsyncIterator[RedisReplies]:
    """The same replies, seen from another process."""
    async with RedisReplies(any_redis, record.ended, idle_seconds=IDLE) as replies:
        yield replies


@pytest.fixture
async def admin(any_redis: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(any_redis) as client:
        yield client
