"""What `Graph` promises to whoever compares it with SQL: groups, keys in slices, and what stands under them."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.graph.graphiti import GraphitiGraph
from domain.facts import GraphBatch, GraphEdge, GraphEntity, HeldKey
from tests.contracts.graph_engines import Seen
from tests.contracts.graphs import ANA, DAY, NOW, PRINTER, TWIN, VOTE, fact, voted
from tests.contracts.indexes import Scattered


@pytest.fixture
async def graph(engine: Seen) -> AsyncIterator[GraphitiGraph]:
    graph = engine.graph(Scattered())
    yield graph
    await graph.close()


async def keys_of(graph: GraphitiGraph, group: str, *, limit: int = 3) -> dict[str, bool]:
    """All keys, walked in small slices; by key whether it is linked."""
    found: list[HeldKey] = []
    after, slices = "", 0
    while after or not slices:
        part, after = await graph.keys(group, after, limit=limit)
        found, slices = found + part, slices + 1
    return {each.key: each.linked for each in found}


async def groups_of(graph: GraphitiGraph) -> list[str]:
    found: list[str] = []
    while following := await graph.next_group(found[-1] if found else ""):
        found.append(following)
    return found


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
    assert group not in await groups_of(graph)


async def test_facts_that_a_search_would_not_find_have_no_words(graph: GraphitiGraph, group: str, engine: Seen) -> None:
    told = [fact(group, f"Ana said {n}.", source="vote:3", valid_to=NOW + DAY) for n in range(3)]
    await graph.record([GraphBatch(group, facts=tuple(told))])
    fact_ = "MATCH ()-[e:RELATES_TO {group_id: $group, fact: 'Ana said %s.'}]->() SET"
    engine.change(group, f"{fact_ % 0} e.fact_embedding = null")
    engine.change(group, f"{fact_ % 1} e.ends = 5")
    held = (await graph.held(group, ["vote:3"])).facts
    assert sorted(each.text for each in held) == ["", "", "Ana said 2."]
    assert {each.id for each in held} == {each.id for each in told}


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
    graph: GraphitiGraph, group: str, engine: Seen
) -> None:
    await graph.record([GraphBatch(group, (ANA, VOTE))])
    engine.change(group, "CREATE (:Entity {uuid: 'zzz' + $group, key: 'vote:3', group_id: $group})")
    engine.change(group, "CREATE (:Entity {uuid: '00' + $group, group_id: $group})")
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
    assert group in await groups_of(graph)
    await graph.drop(group)
    await graph.drop(group)
    assert group not in await groups_of(graph)
    await graph.record([GraphBatch(group, (TWIN,))])
    assert await keys_of(graph, group) == {"twin:1": False}
    assert await graph.search([group], "Ana's twin", window=None, at=NOW, limit=3) == []


async def test_a_node_or_edge_that_was_taken_into_another_group_differs(
    graph: GraphitiGraph, group: str, engine: Seen
) -> None:
    await graph.record([voted(group)])
    engine.change(group, "MATCH (n {group_id: $group, key: 'vote:3'}) SET n.group_id = $group + 'x'")
    engine.change(group, "MATCH (:Entity {group_id: $group})-[e:HAS_TWIN]->() SET e.group_id = 'dao'")
    held = await graph.held(group, ["vote:3", "twin:1"])
    assert [node.key for node in held.nodes] == ["twin:1"]
    assert [edge.relation for edge in held.edges].count("HAS_TWIN") == 2
    await graph.record([GraphBatch(group, removed_edges=held.edges), voted(group)])
    mended = await graph.held(group, ["vote:3", "twin:1"])
    assert {node.key for node in mended.nodes} == {"vote:3", "twin:1"}
    assert sorted(mended.edges, key=str) == sorted(voted(group).edges, key=str)


async def test_what_has_no_id_is_told_and_forgotten(graph: GraphitiGraph, group: str, engine: Seen) -> None:
    await graph.record([voted(group)])
    whole = await keys_of(graph, group)
    ends = "MATCH (a {group_id: $group, key: 'member:1'}), (b {group_id: $group, key: 'vote:3'})"
    for node in ("{group_id: $group}", "{group_id: $group, uuid: ''}", "{group_id: $group, uuid: 7}"):
        engine.change(group, f"CREATE (:Entity {node})")
    engine.change(group, f"{ends} CREATE (a)-[:RELATES_TO {{fact: 'x', group_id: $group, source: 'vote:3'}}]->(b)")
    found = await keys_of(graph, group)
    nameless = found.keys() - whole.keys()
    assert len(nameless) == 4
    assert len((await graph.held(group, ["vote:3"])).facts) == 1
    await graph.forget(group, [*nameless])
    assert await keys_of(graph, group) == whole


async def test_an_edge_or_fact_that_hangs_on_anothers_node_differs(
    graph: GraphitiGraph, group: str, engine: Seen
) -> None:
    batch = voted(group)
    await graph.record([batch])
    engine.change(group, "MATCH (n {group_id: $group, key: 'member:1'}) SET n.uuid = 'mine' + $group")
    held = await graph.held(group, ["vote:3"])
    kept = [edge for edge in batch.edges if edge.owner == "vote:3" and edge.source != "member:1"]
    assert [edge for edge in held.edges if edge in batch.edges] == kept
    assert [fact.subject.key == "member:1" for fact in held.facts] == [False]


async def test_groups_are_walked_in_order(graph: GraphitiGraph, group: str) -> None:
    names = [f"{group}{letter}" for letter in "abc"]
    await graph.record([GraphBatch(name, (ANA,)) for name in reversed(names)])
    assert [each for each in await groups_of(graph) if each.startswith(group)] == names
    assert await graph.next_group(names[0]) == names[1]


async def test_nothing_lacks_once_something_was_recorded(graph: GraphitiGraph, group: str) -> None:
    await graph.record([GraphBatch(group, (ANA,))])
    assert await graph.lacking(group) == []
    await graph.index(group)
    assert await graph.lacking(group) == []
