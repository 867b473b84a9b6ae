"""FalkorDB behind Graphiti's driver: each group is a graph of its own that has the group's name."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import batched, chain
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from adapters.graph.engines import Row, Statement
from adapters.graph.falkordb_connection import FalkorConnection, VectorParam
from adapters.graph.falkordb_search import LIMITS, nearest, sound, with_words
from adapters.graph.graphiti_import import imported
from adapters.graph.lineage import is_group
from adapters.graph.ranking import FactKey, FactQuery, Hit, hits_by_key
from adapters.graph.texts import DEADLINE, reason
from domain.embeddings import Vector
from domain.errors import Failure

if TYPE_CHECKING:
    from adapters.graph.falkordb_driver import GroupDriver


GROUPS_AT_ONCE = 20
ANY_NODE = "MATCH (n) RETURN 1 AS there LIMIT 1"


class FalkorEngine:
    """`Engine` on the FalkorDB at `url` (falkordb:// or redis://). Each read and each written slice ends within 5 s."""

    shared = False
    labels_in_rows = False
    driver_module = "falkordb_driver"
    rows_at_once = 0
    vector_limits = LIMITS
    vector_sound = sound("e.fact_embedding")
    set_vector = ", e.fact_embedding = vecf32(r.vector)"

    def __init__(self, url: str) -> None:
        self._connection = FalkorConnection(url)
        self._driver: GroupDriver | None = None

    async def open(self, *, dimensions: int) -> None:
        if self._driver is None:
            module = await asyncio.to_thread(imported, self.driver_module)
            self._driver = module.GroupDriver(self._connection, dimensions=dimensions)

    async def close(self) -> None:
        await self._connection.aclose()

    def vector(self, values: Vector) -> VectorParam:
        return VectorParam(values)

    @asynccontextmanager
    async def failing_as(self, failure: type[Failure], done: str) -> AsyncIterator[None]:
        """Indexes and types are looked after again afterwards: the server may be another one."""
        try:
            async with asyncio.timeout(DEADLINE):
                yield
        except (RedisError, OSError) as error:
            if self._driver is not None:
                self._driver.forget_schema()
            raise failure(f"The graph could not be {done}: {reason(error)}") from error

    async def read(self, groups: Sequence[str], cypher: str, **params: object) -> list[Row]:
        each = (self.driver(group).read(cypher, groups=[group], **params) for group in groups)
        return list(chain.from_iterable(await asyncio.gather(*each)))

    async def next_group(self, after: str) -> str | None:
        for name in sorted(name for name in await self._connection.list_graphs() if is_group(name) and name > after):
            if await self.driver(name).read(ANY_NODE):
                return name
        return None

    async def lacking(self, group: str) -> list[str]:
        return [f"{group}: {statement}" for statement in await self.driver(group).lacking()]

    async def index(self, group: str) -> None:
        await self.driver(group).make_indexes()

    async def read_all(self, cypher: str, **params: object) -> list[Row]:
        groups = [name for name in await self._connection.list_graphs() if is_group(name)]
        found = [await self.read(part, cypher, **params) for part in batched(groups, GROUPS_AT_ONCE)]
        return list(chain.from_iterable(found))

    async def write(self, statements: Sequence[Statement]) -> None:
        for statement in statements:
            driver = self.driver(statement.group)
            await driver.ensure_indexes()
            await driver.ensure_type(statement.relation)
            await driver.write(statement.text, **statement.params)

    async def hits(self, groups: Sequence[str], query: FactQuery) -> dict[FactKey, Hit]:
        found = await asyncio.gather(*(self._hits(self.driver(group), query) for group in groups))
        return {key: hit for part in found for key, hit in part.items()}

    def driver(self, group: str) -> "GroupDriver":
        assert self._driver is not None, "open() comes first"  # noqa: S101  # a fault of ours
        return self._driver.clone(group)

    @staticmethod
    async def _hits(driver: "GroupDriver", query: FactQuery) -> dict[FactKey, Hit]:
        wanted = query.wanted
        searches = nearest(driver, query.vector, wanted), with_words(driver, query.text, query.vector, wanted)
        return hits_by_key(*await asyncio.gather(*searches))
