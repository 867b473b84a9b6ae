"""A follower's tap: what it takes is not told again, what it refuses is, and all of it in order."""

import asyncio
import random
from collections.abc import AsyncIterator
from itertools import count

import pytest

from adapters.replies.redis import RedisReplies
from domain.replies import ReplyDone, ReplyToken, Sequenced

SOON = 10.0
TOKENS = 200
IDS = count(random.SystemRandom().randrange(10**9, 10**12))


async def unstored(_reply_id: int) -> str | None:
    return None


@pytest.fixture
async def replies(redis_url: str) -> AsyncIterator[RedisReplies]:
    async with RedisReplies(redis_url, unstored) as replies:
        yield replies


async def written(replies: RedisReplies, reply_id: int) -> list[Sequenced]:
    """Tokens one by one, as a model says them."""
    writer, _ = await replies.writer(reply_id)
    for number in range(TOKENS):
        writer.put(ReplyToken(f"{number} "))
        await writer.flushed()
    writer.put(ReplyDone())
    return await writer.flushed()


class Listening:
    """A follower with a tap that takes an event when `takes` says so."""

    def __init__(self, takes: float) -> None:
        self._takes = takes
        self._dice = random.Random(5)  # noqa: S311  # a test's dice
        self.heard: list[Sequenced] = []
        self.tapped = 0

    def tap(self, event: Sequenced) -> bool:
        if self._dice.random() >= self._takes:
            return False
        self.heard.append(event)
        self.tapped += 1
        return True

    async def follow(self, replies: RedisReplies, reply_id: int) -> None:
        async with asyncio.timeout(SOON):
            async for event in replies.follow(reply_id, after_seq=-1, tap=self.tap):
                self.heard.append(event)


@pytest.mark.parametrize("takes", [0.0, 0.5, 1.0])
async def test_every_event_is_heard_once_and_in_order(replies: RedisReplies, takes: float) -> None:
    reply_id, listening = next(IDS), Listening(takes)
    following = asyncio.create_task(listening.follow(replies, reply_id))
    events = await written(replies, reply_id)
    await following
    assert listening.heard == events
    assert (listening.tapped > 0) is (takes > 0)


async def test_the_last_event_is_never_offered(replies: RedisReplies) -> None:
    reply_id, listening = next(IDS), Listening(1.0)
    following = asyncio.create_task(listening.follow(replies, reply_id))
    *_, last = await written(replies, reply_id)
    await following
    assert listening.heard[-1] == last
    assert listening.tapped < len(listening.heard)


async def test_what_was_there_before_is_told_without_the_tap(replies: RedisReplies) -> None:
    reply_id, listening = next(IDS), Listening(1.0)
    events = await written(replies, reply_id)
    await listening.follow(replies, reply_id)
    assert (listening.heard, listening.tapped) == (events, 0)


async def test_a_tap_that_refuses_holds_up_nobody_else(replies: RedisReplies) -> None:
    reply_id, willing, unwilling = next(IDS), Listening(1.0), Listening(0.0)
    following = asyncio.gather(willing.follow(replies, reply_id), unwilling.follow(replies, reply_id))
    events = await written(replies, reply_id)
    await following
    assert willing.heard == unwilling.heard == events
