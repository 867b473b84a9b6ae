"""Replies over Redis streams and pub/sub, healed from SQL (design: one feed a reply and process)."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Self

from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.bus.errors import redis_failures
from adapters.bus.subscriptions import Subscriptions
from adapters.replies.feed import Feed, Follower
from adapters.replies.stop import Stop, ask_to_stop
from adapters.replies.stream import entry_id, events_from, stop_key, stream_key
from adapters.replies.writer import Flusher, RedisWriter
from domain.errors import SyncFailed
from domain.replies import ReplyEvent, Sequenced, Tap, load

log = logging.getLogger(__name__)

ANSWER_SECONDS = 2.0
TICKS = 4
"""In which the time of silence is counted, for all feeds together."""


class RedisReplies:
    """Port `Replies`. `ended` gives the stored event list (`dump`) of a reply that has ended, else None.

    Use as `async with RedisReplies(url, ended) as replies:`; a feed is read again after `idle_seconds` of silence.
    """

    def __init__(self, url: str, ended: Callable[[int], Awaitable[str | None]], *, idle_seconds: float = 2.0) -> None:
        self._redis = Redis.from_url(url, socket_connect_timeout=1.0, socket_timeout=ANSWER_SECONDS)
        self._subscriptions = Subscriptions(url)
        self._flusher = Flusher(self._redis)
        self._stored = ended
        self._idle_seconds = idle_seconds
        self._feeds: dict[int, Feed] = {}
        self._lifetime = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._lifetime.push_async_callback(self._redis.aclose)
        await self._lifetime.enter_async_context(self._subscriptions)
        await self._lifetime.enter_async_context(self._flusher)
        await self._lifetime.enter_async_context(running(self._tick(), name="reply-clock"))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._lifetime.aclose()

    async def writer(self, reply_id: int) -> tuple[RedisWriter, list[Sequenced]]:
        with redis_failures("opening a reply"):
            entries = await self._entries(reply_id, 0)
            left = events_from(0, entries)
            if len(left) < len(entries):  # its beginning is gone, so it cannot be continued
                await self._redis.delete(stream_key(reply_id))
        writer = RedisWriter(reply_id, left, self._flusher.notify)
        return writer, [Sequenced(seq, event) for seq, event in enumerate(left)]

    async def restart(self, reply_id: int) -> None:
        with redis_failures("beginning a reply anew"):
            await self._redis.delete(stream_key(reply_id), stop_key(reply_id))

    async def follow(self, reply_id: int, *, after_seq: int, tap: Tap | None = None) -> AsyncGenerator[Sequenced]:
        follower = Follower(max(after_seq, -1) + 1, tap)
        async with self._feed(reply_id, follower) as feed:
            while (seq := follower.position) < len(feed.log) or not feed.ended:
                if seq < len(feed.log):
                    follower.position += 1
                    yield Sequenced(seq, feed.log[seq])
                else:
                    await self._advance(reply_id, feed, follower)

    async def stop(self, reply_id: int) -> None:
        with redis_failures("stopping a reply"):
            await ask_to_stop(self._redis, reply_id)

    @asynccontextmanager
    async def stopped(self, reply_id: int) -> AsyncIterator[Stop]:
        stop = Stop(self._redis, reply_id)
        async with self._subscriptions.hearing(stop.key, stop):
            yield stop

    @asynccontextmanager
    async def _feed(self, reply_id: int, follower: Follower) -> AsyncIterator[Feed]:
        feed = self._feeds.setdefault(reply_id, Feed())
        feed.followers.add(follower)
        try:
            async with self._subscriptions.hearing(stream_key(reply_id), feed):
                yield feed
        finally:
            feed.followers.discard(follower)
            if not feed.followers:
                del self._feeds[reply_id]

    async def _advance(self, reply_id: int, feed: Feed, follower: Follower) -> None:
        """Wait for more, or read what may have been missed."""
        if feed.stale:
            async with feed.reading:
                if feed.stale:
                    await self._refill(reply_id, feed)
        else:
            await follower.moved()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._idle_seconds / TICKS)
            for feed in self._feeds.values():
                feed.tick(TICKS)

    async def _refill(self, reply_id: int, feed: Feed) -> None:
        feed.stale = False
        try:
            stored = None if feed.log else await self._stored(reply_id)  # a stream that a late writer made never counts
            if not stored:
                feed.extend(await self._streamed(reply_id, feed))
                stored = None if feed.ended else await self._stored(reply_id)
            if stored:
                feed.extend([each.event for each in load(stored)[len(feed.log) :]])
        except SyncFailed as error:  # the database is away: the clock asks again
            log.warning("Reply %s waits: %s", reply_id, error)
        except BaseException:
            feed.spoil()  # whoever follows beside the one that was cancelled reads in its place
            raise

    async def _streamed(self, reply_id: int, feed: Feed) -> list[ReplyEvent]:
        try:
            start = len(feed.log)
            entries = await self._entries(reply_id, start)
        except (RedisError, OSError):  # away: the subscription says so and spoils the feed when it is back
            return []
        events = events_from(start, entries)
        if len(events) < len(entries):
            feed.tear()
        return events[len(feed.log) - start :]  # less what was heard meanwhile

    async def _entries(self, reply_id: int, start: int) -> list[Any]:
        entries: list[Any] = await self._redis.xrange(stream_key(reply_id), min=entry_id(start))
        return entries


@asynccontextmanager
async def running(work: Coroutine[None, None, None], *, name: str) -> AsyncIterator[None]:
    """Beside what is done inside; cancelled at its end."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
