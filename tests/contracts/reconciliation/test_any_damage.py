"""Whatever is lost, changed, added, doubled and moved over all stores at once: one run, and the house is as it was."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.reconciliation import Counts, Store
from tests.contracts.reconciliation import test_damaged_graph as graph
from tests.contracts.reconciliation import test_damaged_memories as memories
from tests.contracts.reconciliation.conftest import restore
from tests.contracts.reconciliation.test_damaged_blobs import HOURS, orphan
from tests.contracts.reconciliation.world import House

GROUPS = ("dao", "member_1", "member_2")
VALUES = ("null", "'x'", "''", "7", "true", "'dao'", "'member_1'", "'member:1'", "'topic:1'", "'memory:3'")
NODE = ("uuid", "key", "name", "group_id", "status", "choice", "weight", "open", "title")
EDGE = ("uuid", "group_id", "ts", "name", "fact", "source", "valid_at", "invalid_at", "starts", "ends", "newest")
ENTRY = ("id", "memory_id", "user_id", "data", "hash", "domain", "kind", "importance", "created", "byte_range")
LABELS = ("Member", "Document", "Memory", "Vote", "Proposal", "PolicyTopic", "NamedEntity", "DAOResolution")
WHOLE = {Store.BLOBS: Counts(2), Store.MEMORIES: Counts(5), Store.GRAPH: Counts(17)}


@dataclass(frozen=True)
class Damage:
    """To the `number`th of what the pattern matches in a graph, counted round and round."""

    graph: str
    pattern: str
    number: int
    effect: str

    def __str__(self) -> str:
        """Elements are told from each other by what they are, as their own ids differ from copy to copy."""
        one = f"WITH collect(x) AS all WHERE size(all) > 0 WITH all[{self.number} % size(all)] AS x"
        return f"MATCH {self.pattern} WITH x ORDER BY x.uuid, x.id {one} {self.effect}"


def written_over(names: tuple[str, ...]) -> Iterator[str]:
    """Of fields that are there: what no row writes nobody compares."""
    yield from (f"WITH x WHERE x.{name} IS NOT NULL SET x.{name} = {value}" for name in names for value in VALUES)


NODES = [
    "DETACH DELETE x",
    "WITH x MATCH (x)-[e]-() DELETE e",
    "CREATE (y:Entity) SET y = x, y.uuid = 'double'",
    "CREATE (y:Entity:Vote) SET y = x, y.uuid = 'other', y.key = 'vote:99'",
    *(f"REMOVE x:{label}" for label in LABELS),
    *written_over(NODE),
]
COPIED = "WITH x, startNode(x) AS a, endNode(x) AS b"
FACTS = [
    "DELETE x",
    f"{COPIED} CREATE (b)-[y:RELATES_TO]->(a) SET y = x DELETE x",
    f"{COPIED} CREATE (a)-[y:RELATES_TO]->(b) SET y = x",
    f"{COPIED} CREATE (a)-[y:RELATES_TO]->(b) SET y = x, y.uuid = 'double'",
    f"{COPIED} CREATE (a)-[y:RELATES_TO]->(b) SET y = x, y.source = 'member:1'",
    "SET x.fact_embedding = null",
    *written_over(EDGE),
]
EDGES = [
    "DELETE x",
    f"{COPIED} CREATE (a)-[y:KNOWS]->(b) SET y = x",
    *written_over(("uuid", "group_id", "ts")),
]
ENTRIES = [
    "DELETE x",
    "CREATE (y:MemoryVector) SET y = x, y.id = 'double'",
    "CREATE (y:MemoryVector) SET y = x",
    "SET x.vector = null",
    *written_over(ENTRY),
]


def some(graphs: tuple[str, ...], pattern: str, effects: list[str]) -> st.SearchStrategy[tuple[str, str]]:
    drawn = st.builds(Damage, st.sampled_from(graphs), st.just(pattern), st.integers(0, 60), st.sampled_from(effects))
    return drawn.map(lambda damage: (damage.graph, str(damage)))


KNOWN = [
    *((name, cypher) for name, cypher, _ in (*graph.MISSING.values(), *graph.EXTRA.values())),
    *(("memories", cypher) for cypher in (*memories.MISSING.values(), *memories.EXTRA.values())),
]
DAMAGES = st.one_of(
    st.sampled_from(KNOWN),
    some(GROUPS, "(x)", NODES),
    some(GROUPS, "()-[x:RELATES_TO]->()", FACTS),
    some(GROUPS, "()-[x]->() WHERE type(x) <> 'RELATES_TO'", EDGES),
    some(("memories",), "(x)", ENTRIES),
    st.sampled_from((*GROUPS, "memories")).map(lambda name: (name, "MATCH (x) DETACH DELETE x")),
    st.sampled_from("abc").map(lambda name: ("blobs", name * 64)),
)


@dataclass(frozen=True)
class Whole:
    """What a sound house holds; Hypothesis would print all of it."""

    held: dict[str, object] = field(repr=False)


@pytest.fixture
async def whole(house: House) -> Whole:
    return Whole(await house.held())


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damages=st.lists(DAMAGES, min_size=1, max_size=8, unique=True))
async def test_any_damages_together_are_found_and_mended_by_one_run(
    house: House, server: str, whole: Whole, damages: list[tuple[str, str]]
) -> None:
    restore(server)
    for where, what in damages:
        if where == "blobs":
            orphan(house, what, 2 * HOURS)
        else:
            await house.damaged(where, what)
    damaged = {name: rows for name, rows in (await house.held()).items() if rows} != whole.held
    looked = [await house.look(store) for store in Store]
    assert any(counts.left for counts in looked) == damaged
    for store in Store:
        assert (await house.run(store)).left == 0
    assert {name: rows for name, rows in (await house.held()).items() if rows} == whole.held
    assert {store: await house.run(store) for store in Store} == WHOLE
