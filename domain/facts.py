"""The shared temporal graph: who said, proposed, voted and decided what, and when."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from domain.lineage import Trace
from domain.pages import Page, Slice
from domain.periods import Window

type Property = str | int | float | bool

OWNED_BY_TARGET = frozenset(
    {"HAS_TWIN", "CHATTED", "AUTHORED", "HOLDS", "SAID", "PROPOSED", "VOTED", "RESOLVED_BY", "ENACTED"}
)
"""Native edges that come and go with the row at their target; all others do with the one at their source."""


@dataclass(frozen=True, slots=True)
class GraphEntity:
    """A node of the graph; `key` names its row, such as `member:12`, and is unique within a group."""

    key: str
    name: str
    labels: tuple[str, ...]
    properties: dict[str, Property] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """A native edge of the product description, such as `[:VOTED {ts}]`, between two keys."""

    source: str
    target: str
    relation: str
    properties: dict[str, Property] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """Key of the end whose row brings the edge: the one of the two that has few edges of its kind."""
        return self.target if self.relation in OWNED_BY_TARGET else self.source


@dataclass(frozen=True, slots=True)
class Fact:
    """One temporal edge, in words. `id` is a uuid5 of its source row; in force in [valid_from, valid_to)."""

    id: str
    group: str
    relation: str
    text: str
    subject: GraphEntity
    object: GraphEntity
    valid_from: datetime | None
    valid_to: datetime | None
    created_at: datetime
    transaction_id: str
    source: str = ""
    """Key of the row it was derived from, such as `document:3`: what `Graph.forget` takes."""


@dataclass(frozen=True, slots=True)
class GraphBatch:
    """What one source row puts into a group's graph. Recording it again changes nothing."""

    group: str
    nodes: tuple[GraphEntity, ...] = ()
    edges: tuple[GraphEdge, ...] = ()
    facts: tuple[Fact, ...] = ()
    removed_edges: tuple[GraphEdge, ...] = ()
    removed_facts: tuple[str, ...] = ()
    """Ids."""
    removed_copies: tuple[tuple[str, str], ...] = ()
    """Ids and sources: a fact of the same id and another source stays."""
    doubled: tuple[str, ...] = ()
    """Keys of nodes that stand there more than once: the one with most edges stays, before anything else is done."""


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key that something in a group's graph stands under. `linked`: it is more than a node without any edge."""

    key: str
    linked: bool


class Graph(Protocol):
    """The temporal graph, one graph a group."""

    async def record(self, batches: Sequence[GraphBatch]) -> None:
        """Idempotent. A node that is there takes the new name, labels and properties. Raises SyncFailed."""

    async def search(
        self, groups: Sequence[str], query: str, *, window: Window | None, at: datetime, limit: int
    ) -> list[tuple[Fact, float]]:
        """Best first with their score 0..1; facts in force at `at` stand before closed ones.

        window: facts that were in force at some time within it; None for all time. Raises RetrievalFailed.
        """

    async def by_ids(self, groups: Sequence[str], ids: Sequence[str]) -> dict[str, Fact]: ...

    async def about(self, groups: Sequence[str], keys: Sequence[str], wanted: Slice) -> dict[str, Page[Fact]]:
        """The same slice for each of these entities: facts with it at either end, newest first.

        A page's keys are microseconds since 1970 and the fact's id. Raises BadInput for a cursor of another list,
        RetrievalFailed.
        """

    async def forget(self, group: str, keys: Sequence[str]) -> None:
        """Remove the nodes of these keys, their edges, and the facts derived from them.

        Names and topics that nothing is linked to any more go with them; with no keys, only these.
        """

    async def lineage(self, transaction_id: str) -> list[Trace]:
        """Every node, native edge and fact, of whatever group, that carries this `transaction_id`; store "graph".

        A node's kind is its labels without Entity, joined by ":", and its key its own; a native edge's kind is its
        relation and its key `source->target`; a fact's kind is `RELATES_TO:<relation>` and its key its id. Sorted by
        group, kind, key; no names, no texts. For an operator: it may walk everything. Raises RetrievalFailed.
        """

    async def next_group(self, after: str) -> str | None:
        """The first group behind that name that has a graph; None behind the last. Raises RetrievalFailed."""

    async def lacking(self, group: str) -> list[str]:
        """What searches of a group's graph go by and is not there, in the engine's words. Raises RetrievalFailed."""

    async def index(self, group: str) -> None:
        """Make what is lacking; it fills itself afterwards. Raises SyncFailed."""

    async def keys(self, group: str, after: str, *, limit: int) -> tuple[list[HeldKey], str]:
        """A slice of the keys of the group's nodes and of the sources of its facts, and where the next slice begins.

        Start with ""; "" comes back with the last slice. About `limit` keys in the store's own order, some in more than
        one slice; what is there from the first slice to the last is in one. A node that does not stand under its own
        key, a fact of another group or of no source, and what has no id at all are told by names that only `forget`
        understands. Raises RetrievalFailed.
        """

    async def held(self, group: str, owners: Sequence[str], nodes: Sequence[str] = ()) -> GraphBatch:
        """What stands under these keys, at most 500 of each, to be compared with what should.

        The nodes of both; of `owners` also the native edges that are theirs (`GraphEdge.owner`), and the facts derived
        from them (`Fact.source`), whose two entities need no more than their keys. What `record` would not have written
        so is told so that it differs: a node of another group is left out, a node that is there twice comes twice, so
        does an edge, and one of another id or group; a fact that is there twice, or that a search could not find, for
        want of a vector of the embedder's size or as its fields contradict each other, has no words. Raises
        RetrievalFailed.
        """

    async def drop(self, group: str) -> None:
        """All that the group has, and its graph. None there is no error. Raises SyncFailed."""
