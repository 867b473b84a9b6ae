"""The same on Neo4j, where all groups lie in one graph: what is damaged there is found, and mended by one run."""

from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.graph.neo4j_indexes import CONSTRAINTS, FACT_VECTORS, INDEXES
from domain.reconciliation import Counts, Store
from evals.engines.neo4j import Neo4j
from tests.contracts.graph_engines import Neo4jSeen, Rows, neo4j_seen
from tests.contracts.reconciliation.world import House, founded, opened

ROWS = 17
JOINED = "MATCH ({key: '%s', group_id: $group})-[e:RELATES_TO {name: 'JOINED'}]->() SET"
VOTED = "MATCH (a)-[e:VOTED]->(b {key: '%s', group_id: $group})"
MISSING = {
    "a node, and its edges with it": ("MATCH (n {key: 'vote:1', group_id: $group}) DETACH DELETE n", 3),
    "a node's property": ("MATCH (n {key: 'vote:2', group_id: $group}) SET n.choice = 'X'", 1),
    "a fact's text": (f"{JOINED % 'member:1'} e.fact = 'x', e.fact_embedding = null", 1),
    "a fact's time": (f"{JOINED % 'member:2'} e.valid_at = 7", 1),
    "an edge": (f"{VOTED % 'vote:2'} DELETE e", 1),
    "a doubled edge": (f"{VOTED % 'vote:3'} CREATE (a)-[:VOTED]->(b)", 1),
    "an index": ("DROP INDEX fact_source", 1),
}
BOTH = "MATCH (a {key: 'member:1', group_id: $group}), (b {key: 'vote:2', group_id: $group})"
EXTRA = (
    "CREATE (:Entity {uuid: 'x', key: 'vote:99', name: 'x', group_id: $group})",
    "CREATE (:Entity {name: 'x', group_id: $group})",
    f"{BOTH} CREATE (a)-[:RELATES_TO {{fact: 'x', group_id: $group, source: 'member:1'}}]->(b)",
)


@pytest.fixture
def seen(own_neo4j: Neo4j) -> Iterator[Neo4jSeen]:
    with neo4j_seen(own_neo4j.url) as seen:
        seen.cypher("", "MATCH (n) DETACH DELETE n")
        yield seen


@pytest.fixture
async def house(seen: Neo4jSeen, server: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("on-neo4j") / "data"
    folder.mkdir()
    await founded(server, folder, graph_url=seen.url)
    async with opened(server, folder, graph_url=seen.url) as house:
        yield house


def held(seen: Neo4jSeen) -> list[Rows]:
    """Everything, and the names of all indexes."""
    node = "n{.*, created_at: null, transaction_id: null}"
    edge = "e{.*, transaction_id: null, digest: null, fact_embedding: null}"
    nodes = seen.cypher("", f"MATCH (n) WITH labels(n) AS what, {node} AS n RETURN what, n ORDER BY n.uuid")
    edges = f"MATCH (a)-[e]->(b) WITH a, type(e) AS what, {edge} AS e, b RETURN a.uuid, what, e, b.uuid"
    indexes = seen.cypher("", "SHOW INDEXES YIELD name RETURN name ORDER BY name")
    return [nodes, seen.cypher("", f"{edges} ORDER BY e.uuid"), indexes]


async def test_what_is_damaged_is_found_and_mended_by_one_run(house: House, seen: Neo4jSeen) -> None:
    whole = held(seen)
    assert await house.look(Store.GRAPH) == Counts(ROWS)
    for damage in (*(damage for damage, _ in MISSING.values()), *EXTRA):
        seen.change("dao", damage)
    damaged = held(seen)
    told = Counts(ROWS, missing=sum(count for _, count in MISSING.values()), extra=len(EXTRA))
    assert await house.look(Store.GRAPH) == told
    assert held(seen) == damaged
    assert await house.run(Store.GRAPH) == told + Counts(mended=told.left)
    assert held(seen) == whole
    assert await house.run(Store.GRAPH) == Counts(ROWS)


async def test_a_wiped_graph_is_written_again(house: House, seen: Neo4jSeen) -> None:
    whole = held(seen)
    seen.cypher("", "MATCH (n) DETACH DELETE n")
    looked = await house.look(Store.GRAPH)
    assert (looked.missing > ROWS, looked.extra, held(seen)) == (True, 0, [[], [], whole[2]])
    assert await house.run(Store.GRAPH) == looked + Counts(mended=looked.missing)
    assert held(seen) == whole
    assert await house.run(Store.GRAPH) == Counts(ROWS)


async def test_indexes_that_were_dropped_are_made_by_a_run_alone(house: House, seen: Neo4jSeen) -> None:
    whole = held(seen)
    drops = [*(f"CONSTRAINT {name}" for name in CONSTRAINTS), *(f"INDEX {name}" for name in (*INDEXES, FACT_VECTORS))]
    for what in drops:
        seen.cypher("", f"DROP {what}")
    dropped = held(seen)
    assert await house.look(Store.GRAPH) == Counts(ROWS, missing=len(drops))
    assert held(seen) == dropped
    assert await house.run(Store.GRAPH) == Counts(ROWS, missing=len(drops), mended=len(drops))
    assert held(seen) == whole
    assert (await house.facts("Who repairs the copper beehive?"))[0].startswith("Quillon Marbrook")
