"""Graphiti's FalkorDB driver, one graph a group. Import it through graphiti_import only."""

import asyncio
from collections.abc import Sequence

from falkordb.asyncio.graph import AsyncGraph
from falkordb.asyncio.query_result import QueryResult
from graphiti_core.driver.falkordb_driver import FalkorDriver
from redis.exceptions import ResponseError

from adapters.graph import falkordb_search as searching
from adapters.graph.engines import Row
from adapters.graph.falkordb_connection import FalkorConnection, no_such_graph, sendable
from adapters.graph.falkordb_indexes import OPERATIONAL, SHOW, missing_statements
from adapters.graph.graphiti_search import FactSearch
from adapters.graph.ranking import Wanted
from adapters.graph.records import checked_name
from adapters.graph.texts import DEADLINE


class GroupDriver(FalkorDriver):
    """Speaks to the graph that has the group's name.

    The stock driver builds every index of Graphiti in every graph that is looked at, and logs whole statements with
    their texts when one fails. This one builds what we search, with a group's first record, and logs nothing.
    """

    def __init__(self, connection: FalkorConnection, *, dimensions: int, group: str = "dao") -> None:
        super().__init__(falkor_db=connection, database=group)
        self._connection = connection
        self.dimensions = dimensions
        self.search_interface = FactSearch()
        self._indexed: set[str] = set()
        self._typed: set[tuple[str, str]] = set()

    def clone(self, database: str) -> "GroupDriver":
        """The same connection, another group."""
        cloned = self.with_database(database)
        assert isinstance(cloned, GroupDriver)  # noqa: S101  # with_database copies self
        return cloned

    async def build_indices_and_constraints(self, delete_existing: bool = False) -> None:
        """Nothing: Graphiti calls this for every driver made, `ensure_indexes` does the work."""

    async def ensure_indexes(self) -> None:
        """Make what this group's graph lacks; looked up once a process and group.

        An index fills itself beside us and finds nothing until it has: wait for it.
        """
        if self._database in self._indexed:
            return
        await self.make_indexes()
        while any(row["status"] != OPERATIONAL for row in await self.read(SHOW)):  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.01)
        self._indexed.add(self._database)

    async def lacking(self) -> list[str]:
        return missing_statements(await self.read(SHOW), self.dimensions)

    async def make_indexes(self) -> None:
        """Whether or not they were there when this process looked."""
        for statement in await self.lacking():
            await self.execute_query(statement)

    async def ensure_type(self, relation: str) -> None:
        """Make the type before the first edge of it is merged: a MERGE that was planned before its type existed
        overlooks what another writer creates meanwhile, and makes it twice."""
        if relation and (self._database, relation) not in self._typed:
            await self.write(f"CREATE (a)-[x:{checked_name(relation)}]->(b) DELETE a, b")
            self._typed.add((self._database, relation))

    def forget_schema(self) -> None:
        """Look again: the server may have been replaced by an empty one."""
        self._indexed.clear()
        self._typed.clear()

    async def read(self, cypher: str, **params: object) -> list[Row]:
        """Rows; none for a group that has no graph yet, which a stock query would create."""
        try:
            return _rows(await self._graph().ro_query(cypher, sendable(params), timeout=int(DEADLINE * 1000)))
        except ResponseError as error:
            if no_such_graph(error):
                return []
            raise

    async def write(self, cypher: str, **params: object) -> list[Row]:
        return _rows(await self._graph().query(cypher, sendable(params)))

    async def execute_query(self, cypher_query_: str, **kwargs: object) -> tuple[list[Row], list[str], None] | None:
        """What Graphiti's own code calls: rows and their columns; None for an index that is there already."""
        try:
            rows = await self.write(cypher_query_, **kwargs)
        except ResponseError as error:
            if "already indexed" in str(error):
                return None
            raise
        return rows, list(rows[0]) if rows else [], None

    # what graphiti_search.py asks; the graph is one group's already

    async def nearest(self, _groups: Sequence[str] | None, vector: Sequence[float], wanted: Wanted) -> list[Row]:
        return await searching.nearest(self, vector, wanted)

    async def with_words(
        self, _groups: Sequence[str] | None, query: str, vector: Sequence[float], wanted: Wanted
    ) -> list[Row]:
        return await searching.with_words(self, query, vector, wanted)

    async def nodes_with_words(self, _groups: Sequence[str] | None, query: str, wanted: Wanted) -> list[Row]:
        return await searching.nodes_with_words(self, query, wanted)

    def _graph(self) -> AsyncGraph:
        return self._connection.select_graph(self._database)


def _rows(result: QueryResult) -> list[Row]:
    names = [name for _, name in result.header]
    return [dict(zip(names, row, strict=True)) for row in result.result_set]
