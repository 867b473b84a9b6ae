"""What `Graph` promises of recording and reading, on each engine."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.embedded.falkordb import free_port
from adapters.embedding.minilm import MiniLmEmbedder
from adapters.graph.falkordb import FalkorEngine
from adapters.graph.graphiti import GraphitiGraph
from adapters.graph.neo4j import Neo4jEngine
from domain.errors import RetrievalFailed, SyncFailed
from domain.facts import GraphBatch, GraphEdge, GraphEntity
from domain.lineage import Trace
from domain.pages import Slice
from evals.engines.neo4j import Neo4j
from tests.contracts.graph_engines import Seen, snapshot
from tests.contracts.graphs import ANA, DAY, NOW, TWIN, VOTE, fact, voted
from tests.contracts.indexes import CountingEmbedder, serving


async def test_cypher_of_the_product_description_matches(graph: GraphitiGraph, engine: Seen, group: str) -> None:
    await graph.record([voted(group)])
    twins = "MATCH (u:User {group_id: $group})-[:HAS_TWIN]->(t:DigitalTwin) RETURN u.name, t.name"
    assert engine.cypher(group, twins) == [["Ana", "Ana's twin"]]
    open_votes = "MATCH (v:Vote)<-[x:VOTED]-(u) WHERE v.open = true AND v.group_id = $group RETURN u.handle, x.ts"
    assert engine.cypher(group, open_votes) == [["ana", "2025-05-30T10:00:00+00:00"]]


async def test_replay_changes_nothing_and_embeds_nothing(
    graph: GraphitiGraph, engine: Seen, group: str, embedder: CountingEmbedder
) -> None:
    await graph.record([voted(group)])
    before, texts = snapshot(engine, group), embedder.texts
    await graph.record([voted(group), voted(group)])
    assert snapshot(engine, group) == before
    assert embedder.texts == texts


async def test_node_takes_new_name_labels_and_properties(graph: GraphitiGraph, engine: Seen, group: str) -> None:
    await graph.record([voted(group)])
    renamed = GraphEntity("vote:3", "The vote", ("Vote", "Sealed"), {"open": False})
    await graph.record([GraphBatch(group, nodes=(renamed,))])
    assert engine.cypher(group, "MATCH (v:Vote:Sealed {group_id: $group}) RETURN v.name, v.open") == [
        ["The vote", False]
    ]


async def test_later_batch_of_one_call_wins(graph: GraphitiGraph, engine: Seen, group: str) -> None:
    closed = GraphBatch(group, nodes=(replace(VOTE, properties={"open": False}),))
    await graph.record([voted(group), closed])
    assert engine.cypher(group, "MATCH (v:Vote {group_id: $group}) RETURN v.open") == [[False]]


async def test_edge_to_a_node_recorded_later_is_kept(graph: GraphitiGraph, engine: Seen, group: str) -> None:
    await graph.record([GraphBatch(group, edges=(GraphEdge("member:1", "document:5", "AUTHORED", {"ts": "t"}),))])
    await graph.record([GraphBatch(group, nodes=(ANA, GraphEntity("document:5", "rules.md", ("Document",))))])
    rows = engine.cypher(
        group, "MATCH (u:User {group_id: $group})-[x:AUTHORED]->(d:Document) RETURN u.name, x.ts, d.name"
    )
    assert rows == [["Ana", "t", "rules.md"]]


async def test_edge_recorded_again_takes_new_properties(graph: GraphitiGraph, engine: Seen, group: str) -> None:
    await graph.record([voted(group)])
    await graph.record([GraphBatch(group, edges=(GraphEdge("member:1", "vote:3", "VOTED", {"ts": "later"}),))])
    assert engine.cypher(group, "MATCH ()-[x:VOTED {group_id: $group}]->() RETURN x.ts") == [["later"]]


async def test_removed_edge_is_gone_and_removing_it_again_is_no_error(
    graph: GraphitiGraph, engine: Seen, group: str
) -> None:
    await graph.record([voted(group)])
    removal = GraphBatch(group, removed_edges=(GraphEdge("vote:3", "proposal:7", "ON"),))
    await graph.record([removal])
    await graph.record([removal])
    assert engine.cypher(group, "MATCH ()-[x:ON {group_id: $group}]->() RETURN count(x)") == [[0]]
    assert engine.cypher(group, "MATCH ()-[x:VOTED {group_id: $group}]->() RETURN count(x)") == [[1]]


async def test_fact_comes_back_as_it_was_recorded(graph: GraphitiGraph, group: str) -> None:
    told = fact(group, 'Ana said: "quotes \\ and\nlines, café 日本 🖨" to all.', source="message:4", valid_to=NOW + DAY)
    await graph.record([GraphBatch(group, facts=(told,))])
    assert await graph.by_ids([group, "nobody"], [told.id, "unknown"]) == {told.id: told}


async def test_fact_recorded_with_an_end_is_closed(
    graph: GraphitiGraph, group: str, embedder: CountingEmbedder
) -> None:
    rule = fact(group, "The quorum is sixty percent.")
    await graph.record([GraphBatch(group, facts=(rule,))])
    texts = embedder.texts
    closed = replace(rule, valid_to=NOW - DAY)
    await graph.record([GraphBatch(group, facts=(closed,))])
    assert (await graph.by_ids([group], [rule.id]))[rule.id].valid_to == NOW - DAY
    assert embedder.texts == texts


async def test_fact_with_new_text_or_ends_stays_one(graph: GraphitiGraph, engine: Seen, group: str) -> None:
    told = fact(group, "Ana likes PLA.")
    await graph.record([GraphBatch(group, facts=(told,))])
    changed = replace(told, text="Ana likes the quiet of the night shift.", object=TWIN)
    await graph.record([GraphBatch(group, facts=(changed,))])
    assert engine.cypher(group, "MATCH ()-[e:RELATES_TO {group_id: $group}]->(b) RETURN e.fact, b.key") == [
        [changed.text, "twin:1"]
    ]
    [(found, _)] = await graph.search([group], "night shift", window=None, at=NOW, limit=5)
    assert found == changed


async def test_forgotten_rows_leave_nodes_edges_and_facts_gone(graph: GraphitiGraph, engine: Seen, group: str) -> None:
    document = GraphEntity("document:5", "rules.md", ("Document",))
    derived = fact(group, "Ana prefers PLA.", source="document:5")
    other = fact(group, "Ana voted for the printer.", source="vote:3")
    edge = GraphEdge("member:1", "document:5", "AUTHORED")
    await graph.record([GraphBatch(group, (ANA, document), (edge,), (derived, other))])
    for _ in range(2):
        await graph.forget(group, ["document:5", "document:6"])
    assert engine.cypher(group, "MATCH (d:Document {group_id: $group}) RETURN count(d)") == [[0]]
    assert engine.cypher(group, "MATCH ()-[x:AUTHORED {group_id: $group}]->() RETURN count(x)") == [[0]]
    found = await graph.search([group], "Ana prefers PLA", window=None, at=NOW, limit=5)
    assert [told for told, _ in found] == [other]


async def test_reading_or_forgetting_an_unknown_group_makes_no_graph(
    graph: GraphitiGraph, engine: Seen, group: str
) -> None:
    assert await graph.search([group], "anything", window=None, at=NOW, limit=5) == []
    assert await graph.by_ids([group], ["x"]) == {}
    page = (await graph.about([group], ["member:1"], Slice()))["member:1"]
    assert (page.rows, await page.count()) == ([], 0)
    await graph.forget(group, ["member:1"])
    assert not engine.exists(group)


@pytest.mark.parametrize(
    "batch",
    [
        GraphBatch("g", nodes=(GraphEntity("a", "a", ("User) DETACH DELETE n //",)),)),
        GraphBatch("g", edges=(GraphEdge("a", "b", "ON]->() DELETE a //"),)),
        GraphBatch("g", nodes=(GraphEntity("a", "a", (), {"x: 1}) //": 1}),)),
        GraphBatch("g", nodes=(GraphEntity("a", "a", (), {"uuid": "1"}),)),
        GraphBatch("a b"),
        GraphBatch("g", facts=(fact("other", "Elsewhere."),)),
    ],
)
async def test_names_that_could_be_cypher_are_refused(graph: GraphitiGraph, batch: GraphBatch) -> None:
    with pytest.raises(SyncFailed):
        await graph.record([batch])


async def test_writers_of_the_same_rows_at_once_leave_each_once(
    graph: GraphitiGraph, engine: Seen, group: str, embedder: CountingEmbedder
) -> None:
    """Deadlocks and lost races are nobody's business but the graph's."""
    others = [engine.graph(embedder) for _ in range(3)]
    told = tuple(fact(group, f"Ana said {number}.") for number in range(20))
    batches = [voted(group), GraphBatch(group, facts=told), GraphBatch(group, facts=told[::-1])]
    await asyncio.gather(*(writer.record(batches[::step]) for writer in (graph, *others) for step in (1, -1)))
    for writer in others:
        await writer.close()
    counted = "MATCH ()-[x:{} {{group_id: $group}}]->() RETURN count(x), count(DISTINCT x.uuid)"
    assert engine.cypher(group, counted.format("RELATES_TO")) == [[21, 21]]
    assert engine.cypher(group, counted.format("VOTED")) == [[1, 1]]
    nodes = "MATCH (n:Entity {group_id: $group}) RETURN count(n), count(DISTINCT n.key)"
    assert engine.cypher(group, nodes) == [[4, 4]]


async def test_the_first_edges_of_their_type_are_made_once_in_every_group(
    graph: GraphitiGraph, engine: Seen, group: str, embedder: CountingEmbedder
) -> None:
    writers = [graph, *(engine.graph(embedder) for _ in range(7))]
    groups = [f"{group}_{number}" for number in range(20)]
    for each in groups:
        await asyncio.gather(*(writer.record([voted(each)]) for writer in writers))
    for writer in writers[1:]:
        await writer.close()
    counted = "MATCH ()-[x {group_id: $group}]->() RETURN type(x), count(x) ORDER BY type(x)"
    once = [["HAS_TWIN", 1], ["ON", 1], ["RELATES_TO", 1], ["VOTED", 1]]
    assert [engine.cypher(each, counted) for each in groups] == [once] * 20


async def test_lineage_tells_all_that_a_transaction_left_and_no_words(graph: GraphitiGraph, group: str) -> None:
    mine, other = f"tx-{group}", f"{group}_other"
    vote = replace(VOTE, properties={"open": True, "transaction_id": mine})
    edge = GraphEdge("vote:3", "proposal:7", "ON", {"transaction_id": mine})
    told = fact(group, "Ana voted.", relation="VOTED", transaction_id=mine)
    await graph.record([GraphBatch(group, (vote, ANA), (edge,), (told,)), GraphBatch(other, (vote,))])
    expected = [
        Trace("graph", "ON", "vote:3->proposal:7", group),
        Trace("graph", "RELATES_TO:VOTED", told.id, group),
        Trace("graph", "Vote", "vote:3", group),
        Trace("graph", "Vote", "vote:3", other),
    ]
    assert await graph.lineage(mine) == expected
    assert await graph.lineage("tx-nobody") == []


@pytest.mark.parametrize("module", ["falkordb_driver", "neo4j_driver"])
async def test_importing_graphiti_reads_no_env_file(tmp_path: Path, module: str) -> None:
    (tmp_path / ".env").write_text("LEAKED=1")
    program = f"from adapters.graph.graphiti_import import *; imported({module!r}); print(os.environ.get('LEAKED'))"
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
    )
    printed, _ = await child.communicate()
    assert (child.returncode, printed.strip()) == (0, b"None")


async def test_restarted_server_is_used_again(tmp_path: Path, minilm: MiniLmEmbedder) -> None:
    port = free_port()
    graph = GraphitiGraph(FalkorEngine(f"redis://127.0.0.1:{port}/0"), minilm)
    told = fact("dao", "The bylaws say sixty percent.")
    with pytest.raises(SyncFailed, match="could not be written"):
        await graph.record([GraphBatch("dao", facts=(told,))])
    with pytest.raises(RetrievalFailed, match="could not be read"):
        await graph.search(["dao"], "bylaws", window=None, at=NOW, limit=5)
    for _ in range(2):
        with serving(tmp_path, port):
            await graph.record([GraphBatch("dao", facts=(told,))])
            assert [f for f, _ in await graph.search(["dao"], "bylaws", window=None, at=NOW, limit=5)] == [told]
    await graph.close()


async def test_a_killed_neo4j_refuses_at_once_and_is_used_again(neo4j_server: Neo4j, minilm: MiniLmEmbedder) -> None:
    """Its refusal is told, not that the time was over; connections of before the kill are of no use, and none is
    used."""
    graph, told = GraphitiGraph(Neo4jEngine(neo4j_server.url), minilm), fact("dao", "The bylaws say sixty percent.")
    await graph.record([GraphBatch("dao", facts=(told,))])
    await asyncio.to_thread(neo4j_server.kill)
    for _ in range(2):
        with pytest.raises(SyncFailed, match="Couldn't connect"):
            await graph.record([GraphBatch("dao", facts=(told,))])
        with pytest.raises(RetrievalFailed, match="Couldn't connect"):
            await graph.search(["dao"], "bylaws", window=None, at=NOW, limit=5)
    await asyncio.to_thread(neo4j_server.start)
    assert [found.id for found in (await graph.by_ids(["dao"], [told.id])).values()] == [told.id]
    await graph.close()
