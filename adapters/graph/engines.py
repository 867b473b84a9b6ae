"""What a graph database must offer for `GraphitiGraph` to be a `Graph` on it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from adapters.graph.ranking import FactKey, FactQuery, Hit
from domain.embeddings import Vector
from domain.errors import Failure

type Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """A write in one group's graph. Run again it changes nothing, so that any of them may be tried again."""

    group: str
    text: str
    params: Mapping[str, Any]
    relation: str = ""
    """The type of the edges that it merges."""

    @property
    def size(self) -> int:
        return len(self.params.get("rows", ()))


class Overtaken(Exception):
    """Another writer created the same facts meanwhile: compare with what is stored and plan again."""


class Engine(Protocol):
    """One database. `failing_as` turns its errors into ours and ends what takes too long; the rest raises its own."""

    shared: bool
    """Whether all groups lie in one graph, so that ids of nodes have to tell groups apart."""
    labels_in_rows: bool
    """Whether a statement takes labels from its rows, so that nodes of all kinds need one plan. (Types of edges stay in
    the text: from rows, Neo4j 5.26 walks all edges between two nodes.)"""
    driver_module: str
    """For `graphiti_import.imported`, which takes seconds the first time."""
    rows_at_once: int
    """Rows whose statements may share a transaction; each statement stands alone when it is 0."""
    vector_limits: str
    """Cypher before a MATCH that `vector_sound` needs. Both may ask for $dimensions."""
    vector_sound: str
    """Cypher that tells whether the embedding of e is a vector of $dimensions, and not all zero."""
    set_vector: str
    """Cypher that sets r.vector as the embedding of e, behind a SET of other things."""

    async def open(self, *, dimensions: int) -> None: ...

    async def close(self) -> None: ...

    def vector(self, values: Vector) -> object:
        """A vector as a parameter."""

    def failing_as(self, failure: type[Failure], done: str) -> AbstractAsyncContextManager[None]: ...

    async def read(self, groups: Sequence[str], cypher: str, **params: object) -> list[Row]:
        """Rows of these groups; the statement filters by $groups."""

    async def next_group(self, after: str) -> str | None:
        """The first group behind that name that has a node."""

    async def lacking(self, group: str) -> list[str]:
        """Indexes that the group's graph should have and has not, each under the same words whatever group asks."""

    async def index(self, group: str) -> None:
        """Make them, without waiting for them to fill."""

    async def read_all(self, cypher: str, **params: object) -> list[Row]:
        """Rows of all groups, each with its `group`, and of no other graph on that server. It may walk everything."""

    async def write(self, statements: Sequence[Statement]) -> None:
        """In one transaction where `rows_at_once` allows several. Raises Overtaken."""

    async def hits(self, groups: Sequence[str], query: FactQuery) -> dict[FactKey, Hit]:
        """Candidates by meaning and by words."""
