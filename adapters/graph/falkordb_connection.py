"""Connections to a FalkorDB that outlive its restarts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson
from falkordb.asyncio.falkordb import FalkorDB
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import BusyLoadingError, ResponseError
from redis.exceptions import ConnectionError as ConnectionLost

DEADLINE = 5.0
"""Seconds that one call may take in all."""
CONNECT_SECONDS = 2.0
RETRIED: list[type[Exception]] = [ConnectionLost, BusyLoadingError, ConnectionError]
"""Lost, still loading its file, refused: the last is Python's own."""
type Row = dict[str, Any]
NO_GRAPH = "Invalid graph operation on empty key"


def redis_address(url: str) -> str:
    """falkordb:// and falkordbs:// name the same protocol as redis:// and rediss://."""
    return url.replace("falkordb", "redis", 1) if url.startswith("falkordb") else url


class Reader(Protocol):
    """A group's graph, as far as a search needs it."""

    async def read(self, cypher: str, **params: object) -> list[Row]:
        """Rows; none for a group that has no graph yet."""


class FalkorConnection(FalkorDB):
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
            retry_on_error=RETRIED,
        )
        self.execute_command = self.connection.execute_command
        self.flushdb = self.connection.flushdb

    async def aclose(self) -> None:
        await self.connection.aclose()


@dataclass(frozen=True, slots=True)
class VectorParam:
    """A vector as a parameter: the client's own writing of 384 floats takes longer than the server's indexing."""

    values: Sequence[float]

    def __str__(self) -> str:
        return orjson.dumps(self.values).decode()


def plain_text(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def plain(value: object) -> object:
    """A parameter as the wire carries it: NUL ends a query, half a surrogate is no UTF-8, dates are ISO text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def no_such_graph(error: Exception) -> bool:
    """A read of a group that has nothing yet."""
    return isinstance(error, ResponseError) and NO_GRAPH in str(error)


def reason(error: BaseException) -> str:
    """One clear line; TimeoutError has no words of its own."""
    return (str(error) or f"no answer within {DEADLINE:g} s").splitlines()[0]
