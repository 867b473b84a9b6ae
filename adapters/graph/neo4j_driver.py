"""Graphiti's Neo4j driver with our search. Import it through graphiti_import only."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from graphiti_core.driver.neo4j_driver import Neo4jDriver
from neo4j import AsyncManagedTransaction, Query, RoutingControl, unit_of_work
from neo4j.exceptions import ClientError, ConstraintError

from adapters.graph import neo4j_indexes as indexes
from adapters.graph.engines import Overtaken, Row, Statement
from adapters.graph.graphiti_search import FactSearch
from adapters.graph.neo4j_connection import WRITE_SECONDS, Address, persistent
from adapters.graph.neo4j_search import GraphSearch
from adapters.graph.ranking import Wanted
from adapters.graph.texts import plain
from domain.errors import SyncFailed

INDEX_SECONDS = 300
EQUIVALENT = "Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists"


class FactDriver(Neo4jDriver):
    """Speaks to one database, where all groups lie.

    The stock driver builds every index of Graphiti with each driver made, and logs whole statements when one fails.
    This one makes constraints and what we search, once, and logs nothing.
    """

    def __init__(self, url: str, *, dimensions: int) -> None:
        address = Address.of(url)
        super().__init__(address.url, address.user, address.password, address.database)
        self._stock, self.client = self.client, address.driver()
        self.dimensions = dimensions
        self.vector_index = indexes.FACT_VECTORS
        self.search_interface = FactSearch()
        self._search = GraphSearch(self)
        self._indexing: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    async def close(self) -> None:
        await super().close()
        await self._stock.close()

    async def build_indices_and_constraints(self, delete_existing: bool = False) -> None:
        """Nothing: Graphiti calls this for every driver made, `ensure_indexes` does the work."""

    async def ensure_indexes(self) -> None:
        """Once a process, however many wait for it. Raises SyncFailed."""
        if self._indexing is None or (self._indexing.done() and self._indexing.exception()):
            self._indexing = asyncio.ensure_future(self._index())
        await asyncio.shield(self._indexing)

    def forget_indexes(self) -> None:
        """Look again: the server may have been replaced by an empty one."""
        if self._indexing is not None and self._indexing.done():
            self._indexing = None

    async def read(self, cypher: str, **params: object) -> list[Row]:
        """Rows; it makes no index either. The server ends it too when nobody waits any more."""
        return await self._run(Query(cypher, timeout=WRITE_SECONDS), params, routing=RoutingControl.READ)

    async def write(self, statements: Sequence[Statement]) -> None:
        """All or nothing. A commit whose answer was lost is sent again: none of ours changes anything twice.

        One at a time: a second writer gains nothing, and on a server that has just started each plans what the other
        plans, for seconds.
        """
        await self.ensure_indexes()
        sent = [(statement.text, _sendable(statement.params)) for statement in statements]

        @unit_of_work(timeout=WRITE_SECONDS)
        async def work(transaction: AsyncManagedTransaction) -> None:
            for text, params in sent:
                await (await transaction.run(text, params)).consume()

        try:
            async with self._writing, self.client.session(database=self._database) as session:
                await persistent(partial(session.execute_write, work))
        except ConstraintError as error:
            raise Overtaken from error

    async def execute_query(self, cypher_query_: str, **kwargs: Any) -> Any:  # noqa: ANN401  # as Graphiti's
        """What Graphiti's own code calls."""
        params = kwargs.pop("params", None) or {}
        call = partial(self.client.execute_query, cypher_query_, params, database_=self._database, **kwargs)
        return await persistent(call)

    # what graphiti_search.py asks

    async def nearest(self, groups: Sequence[str] | None, vector: Sequence[float], wanted: Wanted) -> list[Row]:
        await self.ensure_indexes()
        return await self._search.nearest(groups or (), vector, wanted)

    async def with_words(
        self, groups: Sequence[str] | None, query: str, vector: Sequence[float], wanted: Wanted
    ) -> list[Row]:
        await self.ensure_indexes()
        return await self._search.with_words(groups or (), query, vector, wanted)

    async def nodes_with_words(self, groups: Sequence[str] | None, query: str, wanted: Wanted) -> list[Row]:
        await self.ensure_indexes()
        return await self._search.nodes_with_words(groups or (), query, wanted)

    async def split(self, groups: Sequence[str]) -> list[list[str]]:
        return await self._search.split(groups)

    async def lacking(self) -> list[str]:
        return self._missing(await self._run(indexes.SHOW, {}))

    async def make_indexes(self) -> bool:
        """Whether or not they were there when this process looked. True when some were not. Raises SyncFailed."""
        present = await self._run(indexes.SHOW, {})
        missing = self._missing(present)
        for text in missing:
            with suppress_equivalent():
                await self._run(text, {})
        if missing:
            present = await self._run(indexes.SHOW, {})
        self.vector_index = self._vector_index(present)
        return bool(missing)

    async def _index(self) -> None:
        if await self.make_indexes():
            await self._run(indexes.AWAIT, {"seconds": INDEX_SECONDS})

    def _missing(self, present: list[Row]) -> list[str]:
        return list(indexes.missing_statements(present, self.dimensions))

    def _vector_index(self, present: list[Row]) -> str:
        """Its name. Raises SyncFailed."""
        found = indexes.vector_index(present) or {}
        size = found.get("options", {}).get("indexConfig", {}).get("vector.dimensions")
        if size != self.dimensions:
            raise SyncFailed(f"The graph's vectors have {size} dimensions, the embedder's {self.dimensions}.")
        return str(found["name"])

    async def _run(
        self, query: str | Query, params: dict[str, object], *, routing: RoutingControl = RoutingControl.WRITE
    ) -> list[Row]:
        sent, database = _sendable(params), self._database
        execute = partial(self.client.execute_query, query, sent, database_=database, routing_=routing)
        result = await persistent(execute)
        return [dict(record) for record in result.records]


@contextmanager
def suppress_equivalent() -> Iterator[None]:
    """`IF NOT EXISTS` looks before it makes: of processes that start together one finds that another was faster."""
    try:
        yield
    except ClientError as error:
        if error.code != EQUIVALENT:
            raise


def _sendable(params: Mapping[str, object]) -> dict[str, Any]:
    return {name: plain(value) for name, value in params.items()}
