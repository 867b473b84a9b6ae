"""A blocking FalkorDB client, for Mem0's threads."""

from collections.abc import Callable
from typing import Any

from falkordb.graph import Graph
from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ResponseError
from redis.retry import Retry

from adapters.graph.falkordb_connection import CONNECT_SECONDS, RETRIED, no_such_graph, redis_address, sendable
from adapters.graph.texts import DEADLINE
from adapters.memory.search import Rows


class FalkorClient:
    """One graph; every statement is tried again when the connection was lost, and each of ours is idempotent."""

    def __init__(self, url: str, graph: str) -> None:
        self._redis = Redis.from_url(
            redis_address(url),
            decode_responses=True,
            socket_timeout=DEADLINE,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 4),
            retry_on_error=RETRIED,
        )
        self.execute_command = self._redis.execute_command
        self.graph = graph

    def read(self, cypher: str, **params: object) -> Rows:
        """Rows; none while there is no graph."""
        try:
            return self._rows(Graph(self, self.graph).ro_query, cypher, params, timeout=int(DEADLINE * 1000))
        except ResponseError as error:
            if no_such_graph(error):
                return []
            raise

    def write(self, cypher: str, **params: object) -> Rows:
        return self._rows(Graph(self, self.graph).query, cypher, params)

    def drop(self) -> None:
        """The whole graph; none there is no error."""
        self._redis.delete(self.graph)

    def close(self) -> None:
        self._redis.close()

    @staticmethod
    def _rows(run: Callable[..., Any], cypher: str, params: dict[str, object], **options: object) -> Rows:
        result = run(cypher, sendable(params), **options)
        names = [name for _, name in result.header]
        return [dict(zip(names, row, strict=True)) for row in result.result_set]
