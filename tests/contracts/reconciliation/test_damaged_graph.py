"""Every way in which a graph can differ: a look finds it and changes nothing, a run mends it, the next one finds 0."""

import pytest

from domain.reconciliation import Counts, Store
from tests.contracts.reconciliation.world import House

ROWS = 17
JOINED = "MATCH ()-[e:RELATES_TO {name: 'JOINED'}]->({key: 'twin:1'})"
"""The one fact of ana's row in the DAO's graph."""
REPLACED = "SET e.fact_embedding = null WITH e SET e.fact_embedding ="
COPIED = f"{JOINED} WITH e, startNode(e) AS a, endNode(e) AS b CREATE (a)-[f:RELATES_TO]->(b) SET f = e, f.source ="
VOTED = "MATCH ()-[e:VOTED]->({key: 'vote:1'})"

MISSING = {
    "a node, and its edges with it": ("dao", "MATCH (n {key: 'vote:1'}) DETACH DELETE n", 3),
    "a node that facts hang on": ("dao", "MATCH (n {key: 'policy:1'}) DETACH DELETE n", 4),
    "a topic that two rows share": ("dao", "MATCH (n {key: 'topic:1'}) DETACH DELETE n", 3),
    "an edge": ("dao", f"{VOTED} DELETE e", 1),
    "an edge of a chat": ("member_1", "MATCH ()-[e:CHATTED]->() DELETE e", 1),
    "a fact": ("dao", f"{JOINED} DELETE e", 1),
    "a statement of a passage": ("member_1", "MATCH ()-[e:RELATES_TO {name: 'STATES'}]->() DELETE e", 2),
    "a node's name": ("dao", "MATCH (n {key: 'proposal:2'}) SET n.name = 'Buy a boat'", 1),
    "a node's property": ("dao", "MATCH (n {key: 'vote:1'}) SET n.choice = 'AGAINST'", 1),
    "a node's lost property": ("dao", "MATCH (n {key: 'vote:1'}) SET n.weight = null", 1),
    "a node's label": ("dao", "MATCH (n {key: 'vote:1'}) REMOVE n:Vote", 1),
    "a node's group": ("dao", "MATCH (n {key: 'vote:1'}) SET n.group_id = 'member_1'", 1),
    "a node's lost group": ("dao", "MATCH (n {key: 'vote:1'}) SET n.group_id = null", 1),
    "a named entity's name": ("member_1", "MATCH (n {key: 'entity:org:tessaly works'}) SET n.name = 'Acme'", 1),
    "an edge's property": ("dao", f"{VOTED} SET e.ts = 'yesterday'", 1),
    "an edge's group": ("dao", f"{VOTED} SET e.group_id = 'member_2'", 1),
    "an edge's id": ("dao", f"{VOTED} SET e.uuid = 'mine'", 1),
    "a doubled edge": ("dao", f"{VOTED} WITH startNode(e) AS a, endNode(e) AS b CREATE (a)-[:VOTED]->(b)", 1),
    "a fact's text": ("dao", f"{JOINED} SET e.fact = 'Ana left the DAO.'", 1),
    "a fact's relation": ("dao", f"{JOINED} SET e.name = 'LEFT'", 1),
    "a fact's group": ("dao", f"{JOINED} SET e.group_id = 'member_2'", 2),
    "a fact's lost group": ("dao", f"{JOINED} SET e.group_id = null", 2),
    "a fact's end": ("dao", f"{JOINED} SET e.invalid_at = '2026-01-01T00:00:00+00:00'", 1),
    "the end that searches go by": ("dao", f"{JOINED} SET e.ends = 5", 1),
    "a fact's vector": ("dao", f"{JOINED} SET e.fact_embedding = null", 1),
    "a fact's zeroed vector": (
        "dao",
        f"{JOINED} {REPLACED} vecf32([x IN range(1, 384) | 0.0])",
        1,
    ),
    "a fact's vector of another size": ("dao", f"{JOINED} {REPLACED} vecf32([1.0, 2.0])", 1),
    "a fact's longer vector": (
        "dao",
        f"{JOINED} {REPLACED} vecf32([x IN range(0, 384) | 0.1])",
        1,
    ),
    "a text for a vector": ("dao", f"{JOINED} {REPLACED} 'x'", 1),
    "a fact's source": ("dao", f"{JOINED} SET e.source = 'member:2'", 2),
    "a fact's id": ("dao", f"{JOINED} SET e.uuid = 'mine'", 2),
    "a fact's lost id": ("dao", f"{JOINED} SET e.uuid = null", 2),
    "a fact's time": ("dao", f"{JOINED} SET e.valid_at = 7", 1),
    "a doubled fact": (
        "dao",
        f"{JOINED} WITH e, startNode(e) AS a, endNode(e) AS b CREATE (a)-[f:RELATES_TO]->(b) SET f = e",
        1,
    ),
    "a node's lost id": ("dao", "MATCH (n {key: 'topic:1'}) SET n.uuid = null", 6),
}
"""Graph, damage, and how many things then differ."""

BOTH = "MATCH (a {key: 'member:1'}), (b {key: 'twin:1'})"
NODE = "summary: '', name: 'x', group_id: 'dao'"
FACT = "name: 'SAID', fact: 'x', group_id: 'dao', created_at: '2026-01-01T00:00:00+00:00', source:"
EXTRA = {
    "a row that is no more": ("dao", f"CREATE (:Entity:Vote {{uuid: 'a', key: 'vote:99', {NODE}}})", 1),
    "a row of a member's in the DAO's": (
        "dao",
        f"CREATE (:Entity:Document {{uuid: 'a', key: 'document:1', {NODE}}})",
        1,
    ),
    "what no row is called": ("dao", f"CREATE (:Entity {{uuid: 'a', key: 'stranger', {NODE}}})", 1),
    "a node without a key": ("dao", "CREATE (:Entity {uuid: 'a'})", 1),
    "a node of no such group": ("dao", "CREATE (:Entity {uuid: 'f', key: 'vote:99', group_id: 'member_7'})", 1),
    "a node twice": ("dao", "MATCH (n {key: 'vote:1'}) CREATE (m:Entity:Vote) SET m = n", 1),
    "a node twice, and not so": ("dao", "MATCH (n {key: 'vote:1'}) CREATE (m:Entity) SET m = n, m.choice = 'X'", 1),
    "a node twice, and an edge": ("dao", "MATCH (n {key: 'vote:1'}) CREATE (m:Entity)-[:LIKES]->(n) SET m = n", 2),
    "a topic twice": ("dao", "MATCH (n {key: 'topic:1'}) CREATE (m:Entity:PolicyTopic) SET m = n", 1),
    "a name twice": ("member_1", "MATCH (n {key: 'entity:org:tessaly works'}) CREATE (m:Entity) SET m = n", 1),
    "an edge of a topic": ("dao", "MATCH (a {key: 'topic:1'}), (b {key: 'vote:1'}) CREATE (a)-[:LIKES]->(b)", 1),
    "an edge between topics": ("dao", "MATCH (a {key: 'topic:1'}), (b {key: 'topic:2'}) CREATE (a)-[:LIKES]->(b)", 1),
    "an edge that would be a topic's": (
        "dao",
        "MATCH (a {key: 'vote:1'}), (b {key: 'topic:1'}) CREATE (a)-[:SAID]->(b)",
        1,
    ),
    "a fact's copy of a row read later": ("dao", f"{COPIED} 'vote:1'", 1),
    "a fact's copy of a topic": ("dao", f"{COPIED} 'topic:1'", 1),
    "a fact's copy of no topic": ("dao", f"{COPIED} 'topic:77'", 1),
    "a key twice": ("dao", f"CREATE (:Entity:Vote {{uuid: 'ffff', key: 'vote:1', {NODE}}})", 1),
    "a topic that nothing is about": ("dao", f"CREATE (:Entity:PolicyTopic {{uuid: 'a', key: 'topic:1', {NODE}}})", 1),
    "an edge of a known row": ("dao", "MATCH (a {key: 'member:1'}), (b {key: 'vote:2'}) CREATE (a)-[:VOTED]->(b)", 1),
    "an edge that nobody knows": ("dao", "MATCH (a {key: 'vote:1'}), (b {key: 'vote:2'}) CREATE (a)-[:LIKES]->(b)", 1),
    "a fact of a known row": (
        "dao",
        f"{BOTH} CREATE (a)-[:RELATES_TO {{uuid: 'b', {FACT} 'member:1'}}]->(b)",
        1,
    ),
    "a fact of a row that is no more": (
        "dao",
        f"{BOTH} CREATE (a)-[:RELATES_TO {{uuid: 'b', {FACT} 'memory:99'}}]->(b)",
        1,
    ),
    "a fact of nothing": (
        "dao",
        f"{BOTH} CREATE (a)-[:RELATES_TO {{uuid: 'b', fact: 'x'}}]->(b)",
        1,
    ),
    "a fact of no text": (
        "dao",
        f"{BOTH} CREATE (a)-[:RELATES_TO {{uuid: 'b', fact: 'x', group_id: 'dao', source: 7}}]->(b)",
        1,
    ),
    "a fact without an id": ("dao", f"{BOTH} CREATE (a)-[:RELATES_TO {{group_id: 'dao', source: 'member:1'}}]->(b)", 1),
    "a node of no kind of ours": ("dao", "CREATE (:Ghost {uuid: 'b', key: 'vote:1', group_id: 'dao'})", 1),
    "nodes without an id": ("dao", "CREATE (:Entity), (:Entity {uuid: 7, key: 'vote:1'})", 2),
    "a group of ghosts": ("member_99", "CREATE (:Ghost)", 1),
    "the group of no member": (
        "member_99",
        "CREATE (:Entity {uuid: 'a', key: 'x', group_id: 'member_99'}), (:Entity {uuid: 'b'})",
        2,
    ),
}


@pytest.mark.parametrize("what", MISSING)
async def test_what_differs_is_found_and_written_again(house: House, what: str) -> None:
    graph, cypher, count = MISSING[what]
    await checked(house, graph, cypher, count)


@pytest.mark.parametrize("what", EXTRA)
async def test_what_is_too_much_is_found_and_removed(house: House, what: str) -> None:
    graph, cypher, count = EXTRA[what]
    found = await checked(house, graph, cypher, count)
    assert found.extra == count


async def checked(house: House, graph: str, cypher: str, count: int) -> Counts:
    whole = await house.held()
    await house.damage(graph, cypher)
    damaged = await house.held()
    looked = await house.look(Store.GRAPH)
    assert (looked.missing + looked.extra, looked.mended) == (count, 0)
    assert await house.held() == damaged
    ran = await house.run(Store.GRAPH)
    assert ran == Counts(looked.checked, looked.missing, looked.extra, mended=count)
    assert {name: rows for name, rows in (await house.held()).items() if rows} == whole
    assert await house.run(Store.GRAPH) == Counts(ROWS)
    return looked


async def test_a_wiped_graph_is_written_again_and_searched_as_before(house: House) -> None:
    whole = await house.held()
    await house.wipe("dao", "member_1", "member_2")
    looked = await house.look(Store.GRAPH)
    assert (looked.missing > ROWS, looked.extra, looked.mended) == (True, 0, 0)
    assert await house.run(Store.GRAPH) == Counts(ROWS, looked.missing, 0, mended=looked.missing)
    assert await house.held() == whole
    assert await house.run(Store.GRAPH) == Counts(ROWS)
    assert (await house.facts("Who repairs the copper beehive?"))[0].startswith("Quillon Marbrook")


@pytest.mark.parametrize(
    ("index", "query"),
    [
        ("DROP VECTOR INDEX FOR ()-[e:RELATES_TO]-() ON (e.fact_embedding)", "Who repairs the copper beehive?"),
        ("DROP INDEX FOR ()-[e:RELATES_TO]-() ON (e.source)", "copper beehive"),
    ],
)
async def test_a_dropped_index_is_found_and_made_again(house: House, index: str, query: str) -> None:
    found = await house.facts(query)
    await house.damage("member_1", index)
    assert await house.look(Store.GRAPH) == Counts(ROWS, missing=1)
    assert await house.look(Store.GRAPH) == Counts(ROWS, missing=1)
    assert await house.run(Store.GRAPH) == Counts(ROWS, missing=1, mended=1)
    assert await house.run(Store.GRAPH) == Counts(ROWS)
    assert await house.facts(query) == found
    assert found[0].startswith("Quillon Marbrook")
