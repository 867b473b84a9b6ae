"""Connections to a FalkorDB that outlive its restarts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from falkordb.asyncio.falkordb import FalkorDB
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import BusyLoadingError, ResponseError
from redis.exceptions import ConnectionError as ConnectionLost

from adapters.graph.texts import DEADLINE, iso, plain

CONNECT_SECONDS = 2.0
RETRIED: list[type[Exception]] = [ConnectionLost, BusyLoadingError, ConnectionError]
"""Lost, still loading its file, refused: the last is Python's own."""
type Row = dict[str, Any]
NO_GRAPH = "Invalid graph operation on empty key"


def redis_address(url: str) -> str:
    """falkordb:// and falkordbs:// name the same protocol as redis:// and rediss://."""
    return url.replace("falkordb", "redis", 1) if url.startswith("falkordb") else url


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


def sendable(params: Mapping[str, object]) -> dict[str, object]:
    """Parameters as the wire carries them: moments are ISO text."""
    return {name: plain(value, moment=iso) for name, value in params.items()}


def no_such_graph(error: Exception) -> bool:
    """A read of a group that has nothing yet."""
    return isinstance(error, ResponseError) and NO_GRAPH in str(error)
