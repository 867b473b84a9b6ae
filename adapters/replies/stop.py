"""Asking a reply's worker to stop: a key that stays and a message that is quick."""

import asyncio
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.replies.stream import KEPT_SECONDS, stop_key

RETRY_SECONDS = 0.2


async def ask_to_stop(redis: Redis, reply_id: int) -> None:
    async with redis.pipeline(transaction=True) as pipe:
        pipe.set(stop_key(reply_id), b"1", ex=KEPT_SECONDS)
        pipe.publish(stop_key(reply_id), b"")
        await pipe.execute()


class Stop:
    """Port `Listener`: the key covers what was asked before joining and while the connection was lost."""

    def __init__(self, redis: Redis, reply_id: int) -> None:
        self._redis = redis
        self.key = stop_key(reply_id)
        self._asked = False
        self._news = asyncio.Event()
        self._news.set()

    def joined(self) -> None:
        self._news.set()

    def heard(self, data: bytes) -> None:
        self._asked = True
        self._news.set()

    async def wait(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._asked:
                    await self._news.wait()
                    await self._look()
        return self._asked

    async def _look(self) -> None:
        try:
            asked = bool(await self._redis.exists(self.key))
        except (RedisError, OSError):  # away: the subscription says so, here we only ask again
            await asyncio.sleep(RETRY_SECONDS)
        else:
            self._asked = self._asked or asked
            self._news.clear()
