"""What every stream of replies promises, also when processes, connections and Redis' memory are lost."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from adapters.embedded.falkordb import free_port
from adapters.replies.redis import RedisReplies
from adapters.replies.writer import merged
from domain.chats import Citation, SourceKind
from domain.errors import StoreFailed, SyncFailed
from domain.replies import (
    ReplyContext,
    ReplyDone,
    ReplyEvent,
    ReplyFailed,
    ReplyFenced,
    ReplyToken,
    Sequenced,
    decode,
    dump,
    encode,
    load,
)

SOON = 20.0
IDLE = 0.3

new_id = count(1_000_000 + random.randrange(10**9)).__next__  # noqa: S311  # runs share no stream

citations = st.builds(Citation, st.sampled_from(SourceKind), st.text(), st.text(), st.floats(0, 1))
events = st.one_of(
    st.builds(ReplyToken, st.text()),
    st.builds(ReplyContext, st.lists(citations, max_size=3).map(tuple), st.booleans()),
    st.just(ReplyDone()),
    st.builds(ReplyFailed, st.text(), st.text(), st.booleans()),
)


class Record:
    """The column in SQL that holds the event list of an ended reply."""

    def __init__(self) -> None:
        self.lists: dict[int, str] = {}

    async def ended(self, reply_id: int) -> str | None:
        return self.lists.get(reply_id)

    def keep(self, reply_id: int, events: list[Sequenced]) -> None:
        self.lists[reply_id] = dump([*events, Sequenced(len(events), ReplyDone())])


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


async def followed(replies: RedisReplies, reply_id: int, after_seq: int = -1) -> list[Sequenced]:
    async with asyncio.timeout(SOON):
        return [each async for each in replies.follow(reply_id, after_seq=after_seq)]


async def write(replies: RedisReplies, reply_id: int, *texts: str, end: bool = True) -> list[Sequenced]:
    """Each text flushed by itself, so that it has a seq of its own."""
    writer, _ = await replies.writer(reply_id)
    for text in texts:
        writer.put(ReplyToken(text))
        await writer.flushed()
    if end:
        writer.put(ReplyDone())
    return await writer.flushed()


def tokens(*texts: str) -> list[Sequenced]:
    return [Sequenced(seq, ReplyToken(text)) for seq, text in enumerate(texts)]


def text_of(events: list[Sequenced]) -> str:
    return "".join(each.event.text for each in events if isinstance(each.event, ReplyToken))


@given(events)
def test_an_event_survives_its_json(event: ReplyEvent) -> None:
    assert decode(encode(event)) == event


@given(st.lists(events))
def test_a_list_survives_its_json(events: list[ReplyEvent]) -> None:
    whole = [Sequenced(seq, event) for seq, event in enumerate(events)]
    assert load(dump(whole)) == whole


def test_a_list_with_a_hole_is_not_stored() -> None:
    with pytest.raises(ValueError, match="whole"):
        dump([Sequenced(0, ReplyToken("a")), Sequenced(2, ReplyDone())])


def test_half_a_surrogate_pair_is_carried() -> None:
    assert decode(encode(ReplyToken("\ud83d")).encode()) == ReplyToken("\ud83d")


@given(st.lists(events))
def test_merging_keeps_text_and_order(events: list[ReplyEvent]) -> None:
    after = merged(events)
    assert [e for e in after if not isinstance(e, ReplyToken)] == [e for e in events if not isinstance(e, ReplyToken)]
    assert "".join(e.text for e in after if isinstance(e, ReplyToken)) == "".join(
        e.text for e in events if isinstance(e, ReplyToken)
    )
    assert not any(isinstance(a, ReplyToken) and isinstance(b, ReplyToken) for a, b in pairwise(after))


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


async def test_the_stream_is_kept_for_a_quarter_of_an_hour(replies: RedisReplies, admin: Redis) -> None:
    reply_id = new_id()
    await write(replies, reply_id, "a", end=False)
    assert 890 <= await admin.ttl(f"reply:{reply_id}") <= 900
    await admin.expire(f"reply:{reply_id}", 100)
    await write(replies, reply_id)
    assert 890 <= await admin.ttl(f"reply:{reply_id}") <= 900


async def test_a_flushed_script_is_loaded_again(replies: RedisReplies, admin: Redis) -> None:
    reply_id = new_id()
    writer, _ = await replies.writer(reply_id)
    for text in "abc":
        writer.put(ReplyToken(text))
        await writer.flushed()
        await admin.script_flush()
    writer.put(ReplyDone())
    assert text_of(await writer.flushed()) == "abc"


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


async def test_nothing_is_lost_or_repeated_in_chaos(any_redis: str, record: Record, admin: Redis) -> None:
    """100 followers on 20 replies and three processes, who drop off and resume elsewhere, join early, late and after
    the end, while connections are killed, streams deleted, and writers die before and after their commit."""
    chance = random.Random(7)  # noqa: S311  # a test's dice
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(RedisReplies(any_redis, record.ended, idle_seconds=IDLE)) for _ in range(3)
        ]
        chaos = Chaos(processes, record, admin, chance)
        ids = [new_id() for _ in range(20)]
        async with asyncio.timeout(60):
            vandal = asyncio.create_task(chaos.vandalise(ids))
            seen = await asyncio.gather(
                *(chaos.follower(reply_id) for reply_id in ids for _ in range(5)),
                *(chaos.author(reply_id, number) for number, reply_id in enumerate(ids)),
            )
            vandal.cancel()
    for number, reply_id in enumerate(ids):
        whole = load(record.lists[reply_id])
        assert text_of(whole) == "".join(f"{n} " for n in range(40))
        assert seen[number * 5 : number * 5 + 5] == [whole] * 5


class Chaos:
    def __init__(self, processes: list[RedisReplies], record: Record, admin: Redis, chance: random.Random) -> None:
        self.processes = processes
        self.record = record
        self.admin = admin
        self.chance = chance

    async def follower(self, reply_id: int) -> list[Sequenced]:
        """Joins at any time and drops off at random; what it has is what a client would have."""
        await asyncio.sleep(self.chance.choice([0, self.chance.random(), 3]))
        have: list[Sequenced] = []
        while not have or not isinstance(have[-1].event, ReplyDone):
            process = self.chance.choice(self.processes)
            async with aclosing(process.follow(reply_id, after_seq=len(have) - 1)) as events:
                async for each in events:
                    have.append(each)
                    if self.chance.random() < 0.05:
                        break
        return have

    async def author(self, reply_id: int, number: int) -> list[Sequenced]:
        """Attempts, each in another process, until one has committed; a third of them dies right after that."""
        await asyncio.sleep(self.chance.random())
        while True:
            writer, left = await self.chance.choice(self.processes).writer(reply_id)
            written = text_of(left)
            for n in range(len(written.split()), 40):
                if self.chance.random() < 0.02:
                    break  # this attempt is dead; what it had put may or may not have gone out
                writer.put(ReplyToken(f"{n} "))
                await asyncio.sleep(self.chance.random() * 0.04)
            else:
                self.record.keep(reply_id, await writer.flushed())
                if number % 3:
                    writer.put(ReplyDone())
                    await writer.flushed()
                return []
            await writer.flushed()

    async def vandalise(self, ids: list[int]) -> None:
        while True:
            await asyncio.sleep(0.15)
            await self.admin.client_kill_filter(_type="pubsub")
            done = [reply_id for reply_id in ids if reply_id in self.record.lists]
            if done and self.chance.random() < 0.7:
                await self.admin.delete(f"reply:{self.chance.choice(done)}")
