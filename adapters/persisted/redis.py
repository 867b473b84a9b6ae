"""GraphQL documents that clients registered, for all processes."""

import logging

from redis.asyncio import Redis

from adapters.bus.errors import redis_failures
from domain.errors import SyncFailed

KEPT_SECONDS = 7 * 24 * 3600
"""Since the last time that somebody sent or asked for it."""
ANSWER_SECONDS = 1.0

log = logging.getLogger(__name__)


class RedisPersisted:
    """Texts by the SHA-256 of them. Without Redis nothing is found and nothing kept: clients then send the text."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS, decode_responses=True
        )

    async def get(self, digest: str) -> str | None:
        try:
            with redis_failures("looking for a persisted document"):
                text: str | None = await self._redis.getex(name_of(digest), ex=KEPT_SECONDS)
                return text
        except SyncFailed as error:
            log.warning("%s", error)
            return None

    async def put(self, digest: str, text: str) -> None:
        try:
            with redis_failures("keeping a persisted document"):
                await self._redis.set(name_of(digest), text, ex=KEPT_SECONDS)
        except SyncFailed as error:
            log.warning("%s", error)

    async def aclose(self) -> None:
        await self._redis.aclose()


def name_of(digest: str) -> str:
    return f"persisted:{digest}"
