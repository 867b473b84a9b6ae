"""Connections to a Neo4j that outlive its restarts."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from neo4j import AsyncDriver, AsyncGraphDatabase
from neo4j.exceptions import DriverError, Neo4jError

from adapters.graph.texts import reason

WRITE_SECONDS = 20.0
"""What a transaction may take in all: retries of deadlocks, and the cold start of a server, are in it."""
OPTIONS: dict[str, Any] = {
    "connection_timeout": 3,
    "connection_acquisition_timeout": 5,
    "max_transaction_retry_time": WRITE_SECONDS,
    "initial_retry_delay": 0.1,
    "retry_delay_multiplier": 1.3,  # with the usual 2 it sleeps for 15 s while the server has long come back
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


async def server_version(url: str) -> str:
    """Such as `Neo4j/5.26.25`. Raises OSError."""
    address = Address.of(url)
    try:
        async with address.driver() as driver:
            info = await driver.get_server_info(database=address.database)
    except (DriverError, Neo4jError) as error:
        raise OSError(reason(error)) from error
    return info.agent
