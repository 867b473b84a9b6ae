"""Comparing what the other stores hold with SQL, which is the truth."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from domain.errors import SyncFailed
from domain.facts import Fact, GraphBatch, GraphEdge, GraphEntity
from domain.outbox import Backlog, OutboxEntry


class Store(StrEnum):
    """In the order in which they are compared."""

    BLOBS = "blobs"
    MEMORIES = "memories"
    GRAPH = "graph"


class Kind(StrEnum):
    """Rows that stand in other stores; `<kind>:<id>` is their key there."""

    MEMBER = "member"
    DOCUMENT = "document"
    MEMORY = "memory"
    SESSION = "session"
    PROPOSAL = "proposal"
    VOTE = "vote"
    RESOLUTION = "resolution"
    POLICY = "policy"
    TOPIC = "topic"


NAMED = (Kind.DOCUMENT, Kind.SESSION, Kind.PROPOSAL, Kind.VOTE)
"""Rows of a member that facts tell with its name."""
SHARED = ("topic:", "entity:")
"""Keys of nodes that no single row owns: they are there for what is linked to them."""


@dataclass(frozen=True, slots=True)
class Counts:
    """checked: rows of SQL that were compared. missing: what should be there and is not, or not so. extra: what should
    not be there. mended: of both, what was put right."""

    checked: int = 0
    missing: int = 0
    extra: int = 0
    mended: int = 0

    @property
    def left(self) -> int:
        """What differs still."""
        return self.missing + self.extra - self.mended

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.checked + other.checked,
            self.missing + other.missing,
            self.extra + other.extra,
            self.mended + other.mended,
        )


class Place(NamedTuple):
    """How far a run has come: a part of its work, and where in it; ("", "") at the beginning."""

    part: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """A run that is on its way. `fence` rises with whoever goes on with it: an older one saves nothing any more."""

    store: Store
    ran_at: datetime
    fence: int
    place: Place
    counts: Counts
    interruptions: int = 0
    """How often it stopped before its end, as its process ended or a store failed, and another run went on with it."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A run that came to its end."""

    ran_at: datetime
    store: Store
    counts: Counts
    interruptions: int = 0


class Reconciliations(Protocol):
    """Runs inside one transaction."""

    def begin(self, store: Store, *, at: datetime, until: datetime) -> Progress | None:
        """Go on where a run was left off, or start one; None while another holds it, until its lease is over."""

    def keep(self, progress: Progress, *, until: datetime) -> bool:
        """Save how far it is and hold on to it; False when somebody else goes on with it by now."""

    def finish(self, progress: Progress) -> bool:
        """Write it down among those that ended. False as above."""

    def leave(self, progress: Progress) -> None:
        """Save how far it is and let somebody else go on with it at once. Nothing when another does already."""


class ReconciliationReads(Protocol):
    async def latest(self, limit: int) -> list[Reconciliation]:
        """Newest first."""


class Records(Protocol):
    """SQL's rows in order, in slices: ids and groups, never a text."""

    async def rows(self, kind: Kind, after: int, *, limit: int) -> list[int]:
        """Ids above `after`, in order, of those that other stores should have by now: no document that is still read,
        no draft, no sealed ballot."""

    async def of_member(self, kind: Kind, member_id: int, after: int, *, limit: int) -> list[int]:
        """Of `rows` the member's: its documents, chats, proposals and votes, which facts tell with its name."""

    async def groups(self, kind: Kind, ids: Collection[int]) -> dict[int, str]:
        """Of these rows the groups of those that another store may have. A topic's is empty: any may have it."""

    async def blobs(self, after: int, *, limit: int) -> list[tuple[int, str, int]]:
        """Of documents above an id, in order: id, blob key and bytes, of those whose blob must be there."""

    async def used_blobs(self, keys: Collection[str]) -> set[str]:
        """Those that some document may still need."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What one row puts into a group's graph. `owners`: its keys there. `rests_on`: keys of the rows that it shows."""

    kind: Kind
    id: int
    owners: tuple[str, ...]
    batch: GraphBatch
    rests_on: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        return self.rests_on.union(self.owners)


@dataclass(slots=True)
class Difference:
    """What would have to change in a group's graph: nodes, edges and facts to write, those to remove before."""

    nodes: dict[str, GraphEntity] = field(default_factory=dict)
    edges: list[GraphEdge] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    stale_edges: list[GraphEdge] = field(default_factory=list)
    stale_facts: list[str] = field(default_factory=list)
    extra_edges: list[GraphEdge] = field(default_factory=list)
    extra_facts: list[Fact] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    """Keys of nodes that are there more than once."""

    @property
    def missing(self) -> int:
        return len(self.nodes) + len(self.edges) + len(self.facts)

    @property
    def extra(self) -> int:
        return len(self.extra_edges) + len(self.extra_facts) + len(self.doubled)

    @property
    def extra_names(self) -> list[str]:
        edges = [f"{edge.source} {edge.relation} {edge.target}" for edge in self.extra_edges]
        return [*edges, *(f"fact {fact.id} of {fact.source}" for fact in self.extra_facts)]

    def removal(self, group: str) -> GraphBatch:
        return GraphBatch(
            group,
            removed_edges=(*self.stale_edges, *self.extra_edges),
            removed_facts=tuple(self.stale_facts),
            removed_copies=tuple((fact.id, fact.source) for fact in self.extra_facts),
            doubled=tuple(self.doubled),
        )

    def record(self, group: str) -> GraphBatch:
        return GraphBatch(group, tuple(self.nodes.values()), tuple(self.edges), tuple(self.facts))


@dataclass(frozen=True, slots=True)
class Held:
    """A slice of a group's graph by keys, edges and facts by their owners."""

    nodes: Mapping[str, GraphEntity]
    edges: Mapping[str, Sequence[GraphEdge]]
    facts: Mapping[str, Sequence[Fact]]
    doubled: frozenset[str] = frozenset()

    @classmethod
    def of(cls, batch: GraphBatch) -> "Held":
        edges: dict[str, list[GraphEdge]] = {}
        facts: dict[str, list[Fact]] = {}
        for edge in batch.edges:
            edges.setdefault(edge.owner, []).append(edge)
        for fact in batch.facts:
            facts.setdefault(fact.source, []).append(fact)
        times = Counter(node.key for node in batch.nodes)
        doubled = frozenset(key for key, count in times.items() if count > 1)
        return cls({node.key: node for node in batch.nodes}, edges, facts, doubled)


def wanted_nodes(expected: Iterable[Expected]) -> list[str]:
    """Keys of the nodes to look at beside the owners' own."""
    keys = (node.key for each in expected for node in entities(each.batch))
    return list(dict.fromkeys(key for key in keys if key.startswith(SHARED)))


def difference(expected: Expected, held: Held) -> Difference:
    """Transaction ids are not compared: any later writing of the same row may bring a newer one."""
    found = Difference()
    for node in entities(expected.batch):
        if node.key not in expected.owners and not node.key.startswith(SHARED):
            continue
        if node.key in held.doubled:
            found.doubled.append(node.key)
        elif not covers(held.nodes.get(node.key), node):
            found.nodes[node.key] = node
    _compare_edges(expected, held, found)
    _compare_facts(expected, held, found)
    return found


def entities(batch: GraphBatch) -> list[GraphEntity]:
    """Those of a batch and the ends of its facts, each once."""
    ends = (entity for fact in batch.facts for entity in (fact.subject, fact.object))
    return list({entity.key: entity for entity in (*ends, *batch.nodes)}.values())


def covers(held: GraphEntity | None, wanted: GraphEntity) -> bool:
    """A node may carry more than one row writes."""
    return (
        held is not None
        and held.name == wanted.name
        and set(wanted.labels) <= set(held.labels)
        and _known(wanted.properties).items() <= held.properties.items()
    )


def _known(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name != "transaction_id"}


def _compare_edges(expected: Expected, held: Held, found: Difference) -> None:
    there: dict[tuple[str, str, str], list[GraphEdge]] = {}
    for edge in (edge for owner in expected.owners for edge in held.edges.get(owner, ())):
        there.setdefault((edge.source, edge.relation, edge.target), []).append(edge)
    for edge in expected.batch.edges:
        if edge.owner not in expected.owners:
            continue
        same = there.pop((edge.source, edge.relation, edge.target), [])
        if len(same) != 1 or not _known(edge.properties).items() <= same[0].properties.items():
            found.edges.append(edge)
            found.stale_edges += same[:1]
    found.extra_edges += [same[0] for same in there.values()]


def _compare_facts(expected: Expected, held: Held, found: Difference) -> None:
    there = {fact.id: fact for owner in expected.owners for fact in held.facts.get(owner, ())}
    for fact in expected.batch.facts:
        same = there.pop(fact.id, None)
        if same is None or _words(same) != _words(fact):
            found.facts.append(fact)
            found.stale_facts.append(fact.id)
    found.extra_facts += there.values()


def _words(fact: Fact) -> object:
    bare = replace(fact, transaction_id="", subject=_NOBODY, object=_NOBODY)
    return bare, fact.subject.key, fact.object.key


_NOBODY = GraphEntity("", "", ())


def touched(entries: Iterable[OutboxEntry]) -> frozenset[str]:
    """Keys of the rows that waiting events speak of: they are left to the projector."""
    keys: set[str] = set()
    for entry in entries:
        for name, value in entry.args.items():
            if name.endswith("_id"):
                keys.add(f"{name.removesuffix('_id')}:{value}")
            elif name.endswith("_ids"):
                keys.update(f"{name.removesuffix('_ids')}:{id}" for id in value)
            elif name == "group":
                keys.add(f"member:{value.removeprefix('member_')}")
    return frozenset(keys)


MOST_PENDING = 10_000


async def pending_keys(outbox: Backlog) -> frozenset[str]:
    """What the projector still has to show. Raises SyncFailed while that is more than can be told apart."""
    entries = await outbox.projectable(limit=MOST_PENDING)
    if len(entries) == MOST_PENDING:
        raise SyncFailed(f"{MOST_PENDING} events or more wait to be shown: they come first, a later run compares.")
    return touched(entries)


def row_of(key: str) -> tuple[Kind, int] | None:
    """The row that a key of the graph names; None for a shared node or a stranger."""
    kind, _, id = key.partition(":")
    if not id.isdecimal() or len(id) > 18:
        return None
    if kind == "twin":
        return Kind.MEMBER, int(id)
    return (Kind(kind), int(id)) if kind in Kind else None


MOST_NAMED = 10


def some_of(names: Sequence[str]) -> str:
    """Keys, never a text, for the log."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
