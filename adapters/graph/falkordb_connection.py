"""Connections to a FalkorDB that outlive its restarts."""

from collections.abc import Mapping

from falkordb.asyncio import FalkorDB
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, ResponseError

DEADLINE = 5.0
"""Seconds that one call may take in all."""
CONNECT_SECONDS = 2.0
NO_GRAPH = "Invalid graph operation on empty key"


def redis_address(url: str) -> str:
    """falkor:// and falkors:// name the same protocol as redis:// and rediss://."""
    return url.replace("falkor", "redis", 1) if url.startswith("falkor") else url


class FalkorConnection(FalkorDB):  # type: ignore[misc]  # ships no types
    """A client that Graphiti's driver takes; every statement is tried again when the connection was lost.

    The stock constructor asks the server, blocking, whether it is a cluster, before any URL is read; this one does not.
    All our writes are idempotent, so that a retry is safe.
    """

    def __init__(self, url: str) -> None:
        self.connection = Redis.from_url(
            redis_address(url),
            decode_responses=True,
            socket_timeout=DEADLINE,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 4),
            retry_on_error=[ConnectionError, BusyLoadingError],
        )
        self.execute_command = self.connection.execute_command
        self.flushdb = self.connection.flushdb

    async def aclose(self) -> None:
        await self.connection.aclose()


def plain(value: object) -> object:
    """A parameter without what the wire cannot carry: NUL ends a query, half a surrogate is no UTF-8."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return value if value and isinstance(value[0], float) else [plain(item) for item in value]
    return value


def no_such_graph(error: Exception) -> bool:
    """A read of a group that has nothing yet."""
    return isinstance(error, ResponseError) and NO_GRAPH in str(error)
