"""What `Graph` promises to whoever compares it with SQL: groups, keys in slices, and what stands under them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest
import redis

from adapters.graph.falkordb import FalkorEngine
from adapters.graph.graphiti import GraphitiGraph
from domain.facts import GraphBatch, GraphEdge, GraphEntity, HeldKey
from tests.contracts.graphs import ANA, DAY, NOW, PRINTER, TWIN, VOTE, fact, voted
from tests.contracts.indexes import Scattered


@pytest.fixture
async def graph(redis_url: str) -> AsyncIterator[GraphitiGraph]:
    graph = GraphitiGraph(FalkorEngine(redis_url), Scattered())
    yield graph
    await graph.close()


@pytest.fixture
def group() -> str:
    """A graph of the test's own."""
    return f"member_{uuid4().hex}"


async def keys_of(graph: GraphitiGraph, group: str, *, limit: int = 3) -> dict[str, bool]:
    """All keys, walked in small slices; by key whether it is linked."""
    found: list[HeldKey] = []
    after, slices = "", 0
    while after or not slices:
        part, after = await graph.keys(group, after, limit=limit)
        found, slices = found + part, slices + 1
    return {each.key: each.linked for each in found}


async def change(redis_url: str, group: str, cypher: str) -> None:
    """As somebody else would."""
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        await client.execute_command("GRAPH.QUERY", group, cypher)


async def test_what_was_recorded_is_held_under_its_owners(graph: GraphitiGraph, group: str) -> None:
    batch = voted(group)
    await graph.record([batch])
    held = await graph.held(group, ["vote:3", "twin:1"], ["member:1", "proposal:7"])
    assert {node.key: node for node in held.nodes} == {node.key: node for node in batch.nodes}
    assert sorted(held.edges, key=str) == sorted(batch.edges, key=str)
    [told] = held.facts
    assert (told.subject.key, told.object.key) == ("member:1", "proposal:7")
    assert replace(told, subject=ANA, object=PRINTER) == batch.facts[0]


async def test_edges_and_facts_of_other_owners_are_not_told(graph: GraphitiGraph, group: str) -> None:
    await graph.record([voted(group)])
    held = await graph.held(group, ["proposal:7", "member:1"], ["vote:3"])
    assert {node.key for node in held.nodes} == {"proposal:7", "member:1", "vote:3"}
    assert (held.edges, held.facts) == ((), ())


async def test_a_relation_that_nobody_knows_is_its_sources(graph: GraphitiGraph, group: str) -> None:
    likes = GraphEdge("member:1", "proposal:7", "LIKES", {"much": True})
    await graph.record([GraphBatch(group, (ANA, PRINTER), (likes,))])
    assert (await graph.held(group, ["member:1"])).edges == (likes,)
    assert (await graph.held(group, ["proposal:7"])).edges == ()


async def test_nothing_is_held_in_a_group_without_a_graph(graph: GraphitiGraph, group: str) -> None:
    assert await graph.held(group, ["member:1"], ["vote:3"]) == GraphBatch(group)
    assert await keys_of(graph, group) == {}
    assert group not in await graph.groups()


async def test_facts_that_a_search_would_not_find_are_left_out(
    graph: GraphitiGraph, group: str, redis_url: str
) -> None:
    told = [fact(group, f"Ana said {n}.", source="vote:3", valid_to=NOW + DAY) for n in range(3)]
    await graph.record([GraphBatch(group, facts=tuple(told))])
    await change(redis_url, group, "MATCH ()-[e {fact: 'Ana said 0.'}]->() SET e.fact_embedding = null")
    await change(redis_url, group, "MATCH ()-[e {fact: 'Ana said 1.'}]->() SET e.ends = 5")
    assert [each.text for each in (await graph.held(group, ["vote:3"])).facts] == ["Ana said 2."]


async def test_removed_facts_are_gone_unless_they_are_recorded_after(graph: GraphitiGraph, group: str) -> None:
    first, second = fact(group, "One.", source="vote:3"), fact(group, "Two.", source="vote:3")
    await graph.record([GraphBatch(group, facts=(first, second))])
    gone = GraphBatch(group, removed_facts=(first.id, second.id))
    await graph.record([gone, GraphBatch(group, facts=(second,))])
    assert [each.text for each in (await graph.held(group, ["vote:3"])).facts] == ["Two."]
    await graph.record([gone, gone])
    assert (await graph.held(group, ["vote:3"])).facts == ()


async def test_walking_meets_every_node_and_the_source_of_every_fact(graph: GraphitiGraph, group: str) -> None:
    await graph.record([voted(group), GraphBatch(group, (GraphEntity("topic:2", "Noise", ("PolicyTopic",)),))])
    nodes = {"member:1": True, "twin:1": True, "vote:3": True, "proposal:7": True, "topic:2": False}
    assert await keys_of(graph, group) == nodes
    await graph.record([GraphBatch(group, facts=(fact(group, "Who said that?", source="session:5"),))])
    assert await keys_of(graph, group, limit=1) == nodes | {"session:5": True}
    many = [GraphEntity(f"memory:{n}", f"memory {n}", ("Memory",)) for n in range(300)]
    await graph.record([GraphBatch(group, tuple(many))])
    assert await keys_of(graph, group, limit=20) == nodes | {"session:5": True} | {node.key: False for node in many}


async def test_a_node_under_a_foreign_key_is_told_so_that_it_can_be_forgotten(
    graph: GraphitiGraph, group: str, redis_url: str
) -> None:
    await graph.record([GraphBatch(group, (ANA, VOTE))])
    await change(redis_url, group, "CREATE (:Entity {uuid: 'zzz', key: 'vote:3'}), (:Entity {uuid: '00'})")
    strays = set(await keys_of(graph, group)) - {"member:1", "vote:3"}
    assert len(strays) == 2
    await graph.forget(group, sorted(strays))
    assert await keys_of(graph, group) == {"member:1": False, "vote:3": False}


async def test_forgetting_no_key_clears_topics_that_nothing_is_linked_to(graph: GraphitiGraph, group: str) -> None:
    topics = [GraphEntity(f"topic:{n}", f"topic {n}", ("PolicyTopic",)) for n in (1, 2)]
    about = GraphEdge("proposal:7", "topic:1", "MENTIONS")
    await graph.record([GraphBatch(group, (PRINTER, *topics), (about,))])
    await graph.forget(group, [])
    assert set(await keys_of(graph, group)) == {"proposal:7", "topic:1"}


async def test_a_dropped_group_is_gone_and_can_be_recorded_again(graph: GraphitiGraph, group: str) -> None:
    await graph.record([voted(group)])
    assert group in await graph.groups()
    await graph.drop(group)
    await graph.drop(group)
    assert group not in await graph.groups()
    await graph.record([GraphBatch(group, (TWIN,))])
    assert await keys_of(graph, group) == {"twin:1": False}
    assert await graph.search([group], "Ana's twin", window=None, at=NOW, limit=3) == []
