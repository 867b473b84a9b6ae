"""What followers of replies read when processes, connections and Redis' memory are lost."""

import asyncio
from itertools import count

import pytest
from redis.asyncio import Redis

from adapters.embedded.falkordb import free_port
from adapters.replies.redis import RedisReplies
from domain.errors import StoreFailed, SyncFailed
from domain.replies import (
    ReplyContext,
    ReplyDone,
    ReplyToken,
    Sequenced,
    dump,
)
from tests.contracts.replies.following import IDLE, Record, followed, new_id, text_of, tokens, write


async def test_a_follower_is_served_from_sql_when_the_stream_is_gone(
    replies: RedisReplies, record: Record, admin: Redis
) -> None:
    reply_id = new_id()
    record.keep(reply_id, await write(replies, reply_id, "a", "b", end=False))
    await admin.delete(f"reply:{reply_id}")
    assert await followed(replies, reply_id) == [*tokens("a", "b"), Sequenced(2, ReplyDone())]


async def test_a_writer_that_dies_after_its_commit_is_healed_from_sql(
    replies: RedisReplies, other: RedisReplies, record: Record
) -> None:
    reply_id = new_id()
    follower = asyncio.create_task(followed(other, reply_id))
    events = await write(replies, reply_id, "a", "b", end=False)
    await asyncio.sleep(0.05)
    record.keep(reply_id, events)  # and ReplyDone never reaches the stream
    whole = [*tokens("a", "b"), Sequenced(2, ReplyDone())]
    assert await follower == whole
    assert await followed(replies, reply_id, 0) == whole[1:]


async def test_a_stream_deleted_while_it_is_written_is_written_again(
    replies: RedisReplies, other: RedisReplies, admin: Redis
) -> None:
    reply_id = new_id()
    writer, _ = await replies.writer(reply_id)
    follower = asyncio.create_task(followed(replies, reply_id))
    for text in "abcdef":
        writer.put(ReplyToken(text))
        await writer.flushed()
        await admin.delete(f"reply:{reply_id}")
    writer.put(ReplyDone())
    written = await writer.flushed()
    assert await follower == written == await followed(other, reply_id)
    assert text_of(written) == "abcdef"


async def test_a_stream_too_long_to_keep_is_followed_to_its_end(
    replies: RedisReplies, other: RedisReplies, record: Record
) -> None:
    reply_id = new_id()
    live = asyncio.create_task(followed(replies, reply_id))
    writer, _ = await replies.writer(reply_id)
    for number in range(5_000):  # contexts are not merged
        writer.put(ReplyContext((), degraded=bool(number % 2)))
    written = await writer.flushed()
    late = asyncio.create_task(followed(other, reply_id))
    record.keep(reply_id, written)
    writer.put(ReplyDone())
    assert await writer.flushed() == await live == await late


async def test_a_flushed_script_is_loaded_again(replies: RedisReplies, admin: Redis) -> None:
    reply_id = new_id()
    writer, _ = await replies.writer(reply_id)
    for text in "abc":
        writer.put(ReplyToken(text))
        await writer.flushed()
        await admin.script_flush()
    writer.put(ReplyDone())
    assert text_of(await writer.flushed()) == "abc"


async def test_a_lost_connection_is_made_good_by_reading_again(any_redis: str, record: Record, admin: Redis) -> None:
    async with (
        RedisReplies(any_redis, record.ended, idle_seconds=60) as patient,
        RedisReplies(any_redis, record.ended) as author,
    ):
        reply_id = new_id()
        follower = asyncio.create_task(followed(patient, reply_id))
        for text in "abc":
            await write(author, reply_id, text, end=False)
            await asyncio.sleep(0.02)
            await admin.client_kill_filter(_type="pubsub")
        assert await write(author, reply_id) == await follower


async def test_without_redis_an_ended_reply_is_served_from_sql(record: Record) -> None:
    record.lists[1] = dump([*tokens("a"), Sequenced(1, ReplyDone())])
    async with RedisReplies(f"redis://127.0.0.1:{free_port()}/0", record.ended, idle_seconds=IDLE) as replies:
        assert await followed(replies, 1) == [*tokens("a"), Sequenced(1, ReplyDone())]
        with pytest.raises(SyncFailed, match="opening a reply"):
            await replies.writer(2)
        with pytest.raises(SyncFailed, match="stopping a reply"):
            await replies.stop(2)


async def test_a_follower_outlives_a_database_that_is_away(any_redis: str) -> None:
    asked = count()

    async def away(reply_id: int) -> str | None:
        if next(asked) < 3:
            raise StoreFailed("The database does not answer.")
        return dump([*tokens("a"), Sequenced(1, ReplyDone())])

    async with RedisReplies(any_redis, away, idle_seconds=IDLE) as replies:
        assert await followed(replies, new_id()) == [*tokens("a"), Sequenced(1, ReplyDone())]
