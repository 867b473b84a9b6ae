"""What each worker's engines look like from there, kept in Redis for as long as that worker lives."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from redis.asyncio import Redis

from adapters.bus.errors import redis_failures

WORKERS = "frontier:workers"
SECONDS = 6
"""A worker that has told nothing for so long is gone."""

type Told = Mapping[str, tuple[bool, datetime, str | None]]
"""By engine: whether it is well, since when, and what ails it."""


class RedisWorkers:
    """Connects at its first use."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url, decode_responses=True, socket_connect_timeout=1.0, socket_timeout=2.0)
        self._own = f"{WORKERS}:{uuid4().hex}"

    async def tell(self, engines: Told) -> None:
        """Of this worker. Raises SyncFailed."""
        said = json.dumps({name: [well, since.isoformat(), why] for name, (well, since, why) in engines.items()})
        with redis_failures("telling how engines are"):
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(self._own, said, ex=SECONDS)
                pipe.sadd(WORKERS, self._own)
                await pipe.execute()

    async def told(self) -> list[Told]:
        """By each worker that lives. Raises SyncFailed."""
        with redis_failures("asking how engines are"):
            names = list(await self._redis.smembers(WORKERS))  # type: ignore[misc]  # its types know both clients
            said = await self._redis.mget(names) if names else []
            gone = [name for name, text in zip(names, said, strict=True) if text is None]
            if gone:
                await self._redis.srem(WORKERS, *gone)  # type: ignore[misc]  # as above
        return [read(text) for text in said if text is not None]

    async def aclose(self) -> None:
        await self._redis.aclose()


def read(text: str) -> Told:
    return {name: (well, datetime.fromisoformat(since), why) for name, (well, since, why) in json.loads(text).items()}
