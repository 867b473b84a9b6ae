"""Connections to a Neo4j that outlive its restarts."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import random
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from neo4j import AsyncDriver, AsyncGraphDatabase
from neo4j.exceptions import DatabaseUnavailable, DriverError, Neo4jError, ServiceUnavailable, SessionExpired

from adapters.graph.texts import reason

WRITE_SECONDS = 20.0
"""What a transaction may take in all: retries of deadlocks, and the cold start of a server, are in it."""
FIRST_DELAY, LAST_DELAY, FACTOR = 0.1, 1.0, 1.3
OPTIONS: dict[str, Any] = {
    "connection_timeout": 3,
    "connection_acquisition_timeout": 5,
    "max_transaction_retry_time": 0,  # it would try a server that refuses connections for as long: see persistent()
    "liveness_check_timeout": 30,
    "telemetry_disabled": True,
    "notifications_min_severity": "OFF",
}


@dataclass(frozen=True, slots=True)
class Address:
    """What GRAPH_URL says: user and password stand in it, and the database as its path if it is not `neo4j`."""

    url: str
    user: str
    password: str
    database: str

    @classmethod
    def of(cls, url: str) -> "Address":
        parts = urlsplit(url)
        bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", parts.query, ""))
        database = unquote(parts.path.strip("/")) or "neo4j"
        return cls(bare, unquote(parts.username or ""), unquote(parts.password or ""), database)

    def driver(self) -> AsyncDriver:
        """Connects with its first use."""
        return AsyncGraphDatabase.driver(self.url, auth=(self.user, self.password), **OPTIONS)


async def persistent[T](call: Callable[[], Awaitable[T]]) -> T:
    """The result of a transaction that may run twice, until the caller's deadline ends it.

    Another transaction in its way: tried again and again. A broken connection, as each is after a restart: once more at
    once, on a fresh one; a server that is away so fails in a moment, and the breaker hears of it.
    """
    delay, fresh = FIRST_DELAY, False
    while True:
        try:
            return await call()
        except (ServiceUnavailable, SessionExpired, DatabaseUnavailable):
            if fresh:
                raise
            fresh = True
        except Neo4jError as error:
            if not error.is_retryable():
                raise
            await asyncio.sleep(delay * (0.5 + random()))  # noqa: S311  # jitter
            delay = min(delay * FACTOR, LAST_DELAY)


async def server_version(url: str) -> str:
    """Such as `Neo4j/5.26.25`. Raises OSError."""
    address = Address.of(url)
    try:
        async with address.driver() as driver:
            info = await driver.get_server_info(database=address.database)
    except (DriverError, Neo4jError) as error:
        raise OSError(reason(error)) from error
    return info.agent
