"""Writing replies: writers never wait, one flusher sends for all of them at once."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import groupby
from secrets import token_hex
from typing import Self

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from adapters.replies.stream import APPEND, append_arguments, stream_key
from domain.crashes import passing
from domain.replies import ReplyEvent, ReplyFenced, ReplyToken, Sequenced, encode, ends

log = logging.getLogger(__name__)

FENCED = -1
FIRST_DELAY, LAST_DELAY = 0.05, 1.0
CLOSING_SECONDS = 1.0


class RedisWriter:
    """Port `ReplyWriter`. An event gets its seq when it is placed, just before it is sent."""

    def __init__(self, reply_id: int, left: list[ReplyEvent], notify: Callable[["RedisWriter"], None]) -> None:
        self.reply_id = reply_id
        self._events = list(left)
        self._encoded = [encode(event) for event in left]
        self._sent = len(left)
        self._pending: list[ReplyEvent] = []
        self._ended = any(map(ends, left))
        self._fenced = False
        self._writer = token_hex(4)
        self._notify = notify
        self._moved = asyncio.Event()

    def put(self, event: ReplyEvent) -> None:
        if self._fenced:
            raise ReplyFenced
        if self._ended:
            raise ValueError("Nothing follows the last event of a reply.")
        self._ended = ends(event)
        self._pending.append(event)
        self._notify(self)

    async def flushed(self) -> list[Sequenced]:
        while not self._fenced and (self._pending or self.unsent):
            await self._moved.wait()
        if self._fenced:
            raise ReplyFenced
        return [Sequenced(seq, event) for seq, event in enumerate(self._events)]

    @property
    def unsent(self) -> bool:
        return not self._fenced and self._sent < len(self._events)

    def place(self) -> list[str]:
        """Give what is pending its seq; the script's arguments for all that Redis has not confirmed."""
        for event in merged(self._pending):
            self._events.append(event)
            self._encoded.append(encode(event))
        self._pending.clear()
        events = self._encoded[self._sent :]
        return append_arguments(self._writer, first=self._sent, events=events, ended=self._ended)

    def answered(self, have: int) -> None:
        self._fenced = have == FENCED
        if not self._fenced:
            self._sent = have
        self._moved.set()
        self._moved.clear()


def merged(events: Iterable[ReplyEvent]) -> list[ReplyEvent]:
    """Neighbouring tokens as one."""
    result: list[ReplyEvent] = []
    for is_token, run in groupby(events, key=lambda event: isinstance(event, ReplyToken)):
        if is_token:
            result.append(ReplyToken("".join(event.text for event in run if isinstance(event, ReplyToken))))
        else:
            result.extend(run)
    return result


class Flusher:
    """Sends again as soon as the last call has answered, so that it batches by itself under load."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = ""
        self._dirty: dict[RedisWriter, None] = {}
        self._flying: list[RedisWriter] = []
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._delay = FIRST_DELAY

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="reply-flusher")
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                waiting = [writer.flushed() for writer in (*self._dirty, *self._flying)]
                await asyncio.gather(*waiting, return_exceptions=True)
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def notify(self, writer: RedisWriter) -> None:
        self._dirty[writer] = None
        self._wanted.set()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self._flying, self._dirty = list(self._dirty), {}
            try:
                await self._flush(self._flying)
            except (RedisError, OSError) as error:
                await self._again(error)

    async def _flush(self, writers: list[RedisWriter]) -> None:
        if not self._script:
            self._script = await self._redis.script_load(APPEND)
        given = [argument for writer in writers for argument in writer.place()]
        keys = [stream_key(writer.reply_id) for writer in writers]
        answers: list[int] = await self._redis.evalsha(self._script, len(keys), *keys, *given)  # type: ignore[misc]  # its hint is for both clients
        passing("reply.appended")
        for writer, answer in zip(writers, answers, strict=True):
            writer.answered(answer)
        self._delay = FIRST_DELAY
        self._land()

    def _land(self) -> None:
        for writer in self._flying:
            if writer.unsent:
                self.notify(writer)
        self._flying = []

    async def _again(self, error: Exception) -> None:
        """Nothing is lost while Redis is away: what is unconfirmed is sent again."""
        self._land()
        if isinstance(error, NoScriptError):
            self._script = ""
            return
        if self._delay == FIRST_DELAY:
            log.warning("Replies wait for Redis: %s", error)
        await asyncio.sleep(self._delay)
        self._delay = min(self._delay * 2, LAST_DELAY)
