"""What every stream of replies promises its followers and its writers."""

import asyncio
from contextlib import aclosing

import pytest
from redis.asyncio import Redis

from adapters.replies.redis import RedisReplies
from domain.replies import (
    ReplyContext,
    ReplyDone,
    ReplyFenced,
    ReplyToken,
    Sequenced,
)
from tests.contracts.replies.following import SOON, followed, new_id, tokens, write


async def test_a_late_follower_reads_it_all(replies: RedisReplies, other: RedisReplies) -> None:
    reply_id = new_id()
    written = await write(replies, reply_id, "a", "b", "c")
    assert written == [*tokens("a", "b", "c"), Sequenced(3, ReplyDone())]
    assert await followed(other, reply_id) == written


async def test_an_early_follower_reads_it_all(replies: RedisReplies, other: RedisReplies) -> None:
    reply_id = new_id()
    early = asyncio.create_task(followed(other, reply_id))
    await asyncio.sleep(0.05)
    assert await write(replies, reply_id, "a", "b") == await early


@pytest.mark.parametrize("after_seq", [-5, -1, 0, 1, 2, 3, 50])
async def test_following_resumes_after_a_seq(replies: RedisReplies, other: RedisReplies, after_seq: int) -> None:
    reply_id = new_id()
    written = await write(replies, reply_id, "a", "b", "c")
    assert await followed(other, reply_id, after_seq) == [each for each in written if each.seq > after_seq]


async def test_tokens_put_together_are_merged(replies: RedisReplies) -> None:
    writer, left = await replies.writer(new_id())
    for event in (ReplyContext((), degraded=False), ReplyToken("a"), ReplyToken("b"), ReplyToken("c"), ReplyDone()):
        writer.put(event)
    assert left == []
    assert await writer.flushed() == [
        Sequenced(0, ReplyContext((), degraded=False)),
        Sequenced(1, ReplyToken("abc")),
        Sequenced(2, ReplyDone()),
    ]


async def test_nothing_follows_the_end(replies: RedisReplies) -> None:
    reply_id = new_id()
    await write(replies, reply_id, "a")
    writer, left = await replies.writer(reply_id)
    assert left == [*tokens("a"), Sequenced(1, ReplyDone())]
    with pytest.raises(ValueError, match="last event"):
        writer.put(ReplyToken("b"))


async def test_a_second_attempt_continues_where_the_first_died(replies: RedisReplies, other: RedisReplies) -> None:
    reply_id = new_id()
    follower = asyncio.create_task(followed(replies, reply_id))
    await write(replies, reply_id, "a", "b", end=False)
    writer, left = await other.writer(reply_id)
    assert left == tokens("a", "b")
    writer.put(ReplyToken("c"))
    await writer.flushed()
    writer.put(ReplyDone())
    assert await writer.flushed() == await follower == [*tokens("a", "b", "c"), Sequenced(3, ReplyDone())]


async def test_of_two_writers_one_gets_through(replies: RedisReplies, other: RedisReplies) -> None:
    reply_id = new_id()
    follower = asyncio.create_task(followed(replies, reply_id))
    first, _ = await replies.writer(reply_id)
    first.put(ReplyToken("a"))
    await first.flushed()
    second, _ = await other.writer(reply_id)
    second.put(ReplyToken("b"))
    await second.flushed()
    first.put(ReplyToken("never seen"))
    with pytest.raises(ReplyFenced):
        await first.flushed()
    with pytest.raises(ReplyFenced):
        first.put(ReplyToken("never seen"))
    second.put(ReplyDone())
    assert await second.flushed() == await follower == [*tokens("a", "b"), Sequenced(2, ReplyDone())]


async def test_the_stream_is_kept_for_a_quarter_of_an_hour(replies: RedisReplies, admin: Redis) -> None:
    reply_id = new_id()
    await write(replies, reply_id, "a", end=False)
    assert 890 <= await admin.ttl(f"reply:{reply_id}") <= 900
    await admin.expire(f"reply:{reply_id}", 100)
    await write(replies, reply_id)
    assert 890 <= await admin.ttl(f"reply:{reply_id}") <= 900


async def test_asking_to_stop_reaches_the_worker(replies: RedisReplies, other: RedisReplies, admin: Redis) -> None:
    reply_id, unasked = new_id(), new_id()
    async with replies.stopped(reply_id) as stop, replies.stopped(unasked) as never:
        assert not await stop.wait(0.05)
        await other.stop(reply_id)
        assert [await stop.wait(SOON), await stop.wait(0)] == [True, True]
        await admin.client_kill_filter(_type="pubsub")
        assert not await never.wait(0.1)


async def test_asking_to_stop_is_not_lost_on_a_worker_that_comes_later(
    replies: RedisReplies, other: RedisReplies, admin: Redis
) -> None:
    reply_id = new_id()
    await other.stop(reply_id)
    async with replies.stopped(reply_id) as stop:
        assert await stop.wait(SOON)


async def test_followers_that_leave_leave_nothing(replies: RedisReplies, admin: Redis) -> None:
    async def peek(reply_id: int) -> None:
        async with aclosing(replies.follow(reply_id, after_seq=-1)) as events:
            async for _ in events:
                break

    ids = [new_id() for _ in range(40)]
    for reply_id in ids:
        await write(replies, reply_id, "a")
    await asyncio.gather(*(peek(reply_id) for reply_id in ids * 5))
    assert replies._feeds == {}
    for _ in range(50):  # the last UNSUBSCRIBE may still be on its way
        if not (left := await admin.pubsub_channels("reply:*")):
            break
        await asyncio.sleep(0.02)
    assert left == []
