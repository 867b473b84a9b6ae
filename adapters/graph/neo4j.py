"""Neo4j behind Graphiti's driver: all groups in one graph, told apart by `group_id` and by the ids of their nodes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from adapters.graph.engines import Row, Statement
from adapters.graph.graphiti_import import imported
from adapters.graph.lineage import MEMBERS, is_group
from adapters.graph.ranking import FactKey, FactQuery, Hit, hits_by_key
from adapters.graph.texts import DEADLINE, reason
from domain.embeddings import Vector
from domain.errors import Failure, SyncFailed
from domain.members import DAO_GROUP

if TYPE_CHECKING:
    from adapters.graph.neo4j_driver import FactDriver

NEXT_GROUP = f"""MATCH (n:Entity) WHERE n.group_id > $after
    AND (n.group_id = '{DAO_GROUP}' OR n.group_id STARTS WITH '{MEMBERS}')
    RETURN n.group_id AS group ORDER BY n.group_id LIMIT 1"""


class Neo4jEngine:
    """`Engine` on the Neo4j at `url` (bolt:// or neo4j://, with user and password).

    Each read ends within 5 s, each transaction within 20 s.
    """

    shared = True
    labels_in_rows = True
    driver_module = "neo4j_driver"
    rows_at_once = 500
    vector_limits = ""
    vector_sound = """CASE WHEN e.fact_embedding IS :: LIST<FLOAT NOT NULL> NOT NULL
        THEN size(e.fact_embedding) = $dimensions AND any(x IN e.fact_embedding WHERE x <> 0) ELSE false END"""
    set_vector = " WITH e, r CALL db.create.setRelationshipVectorProperty(e, 'fact_embedding', r.vector)"

    def __init__(self, url: str) -> None:
        self._url = url
        self._driver: FactDriver | None = None

    async def open(self, *, dimensions: int) -> None:
        if self._driver is None:
            module = await asyncio.to_thread(imported, self.driver_module)
            self._driver = module.FactDriver(self._url, dimensions=dimensions)

    async def close(self) -> None:
        if self._driver is not None:
            await self._driver.close()

    def vector(self, values: Vector) -> Vector:
        return values

    @asynccontextmanager
    async def failing_as(self, failure: type[Failure], done: str) -> AsyncIterator[None]:
        """The indexes are looked up again afterwards: the server may be another one."""
        from neo4j.exceptions import DriverError, Neo4jError

        from adapters.graph.neo4j_connection import WRITE_SECONDS

        seconds = WRITE_SECONDS if failure is SyncFailed else DEADLINE
        try:
            async with asyncio.timeout(seconds):
                yield
        except (DriverError, Neo4jError, OSError) as error:
            if self._driver is not None:
                self._driver.forget_indexes()
            raise failure(f"The graph could not be {done}: {reason(error, seconds=seconds)}") from error

    async def read(self, groups: Sequence[str], cypher: str, **params: object) -> list[Row]:
        return await self.driver().read(cypher, groups=list(groups), **params)

    async def next_group(self, after: str) -> str | None:
        rows = await self.read((), NEXT_GROUP, after=after)
        return rows[0]["group"] if rows else None

    async def lacking(self, group: str) -> list[str]:
        return await self.driver().lacking()

    async def index(self, group: str) -> None:
        await self.driver().make_indexes()

    async def read_all(self, cypher: str, **params: object) -> list[Row]:
        return [row for row in await self.read((), cypher, **params) if is_group(row["group"])]

    async def write(self, statements: Sequence[Statement]) -> None:
        await self.driver().write(statements)

    async def hits(self, groups: Sequence[str], query: FactQuery) -> dict[FactKey, Hit]:
        driver, wanted = self.driver(), query.wanted
        parts = await driver.split(groups)
        by_meaning = (driver.nearest(part, query.vector, wanted) for part in parts)
        words = driver.with_words(groups, query.text, query.vector, wanted)
        return hits_by_key(*await asyncio.gather(*by_meaning, words))

    def driver(self, _group: str = "") -> "FactDriver":
        """The same for every group."""
        assert self._driver is not None, "open() comes first"  # noqa: S101  # a fault of ours
        return self._driver
