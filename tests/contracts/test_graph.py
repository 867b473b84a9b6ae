"""What `Graph` promises, on Graphiti with FalkorDB."""

import asyncio
import hashlib
import math
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import NAMESPACE_OID, uuid4, uuid5

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from adapters.embedded.falkordb import free_port, server_command
from adapters.embedding.minilm import MiniLmEmbedder
from adapters.graph.falkordb import GraphitiGraph
from domain.errors import RetrievalFailed, SyncFailed
from domain.facts import Fact, GraphBatch, GraphEdge, GraphEntity
from domain.periods import Window

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
ANA = GraphEntity("member:1", "Ana", ("User",), {"handle": "ana"})
TWIN = GraphEntity("twin:1", "Ana's twin", ("DigitalTwin",))
PRINTER = GraphEntity("proposal:7", "Buy a resin printer", ("Proposal",), {"status": "VOTING"})
VOTE = GraphEntity("vote:3", "Ana's vote", ("Vote",), {"open": True})
DAY = timedelta(days=1)


class CountingEmbedder:
    """The real embedder, and how many texts it was given."""

    def __init__(self, embedder: MiniLmEmbedder) -> None:
        self.embedder, self.texts, self.calls = embedder, 0, 0
        self.name, self.dimensions, self.max_pieces = embedder.name, embedder.dimensions, embedder.max_pieces

    def pieces(self, text: str) -> int:
        return self.embedder.pieces(text)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.texts, self.calls = self.texts + len(texts), self.calls + 1
        return await self.embedder.embed(texts)


@pytest.fixture(scope="module")
def minilm() -> MiniLmEmbedder:
    return MiniLmEmbedder()


@pytest.fixture
def embedder(minilm: MiniLmEmbedder) -> CountingEmbedder:
    return CountingEmbedder(minilm)


@pytest.fixture
async def graph(redis_url: str, embedder: CountingEmbedder) -> AsyncIterator[GraphitiGraph]:
    graph = GraphitiGraph(redis_url, embedder)
    yield graph
    await graph.close()


@pytest.fixture
def group() -> str:
    """A graph of the test's own."""
    return f"member_{uuid4().hex}"


def fact(group: str, text: str, *, relation: str = "SAID", source: str = "", **changes: object) -> Fact:
    plain = Fact(
        id=str(uuid5(NAMESPACE_OID, text)),
        group=group,
        relation=relation,
        text=text,
        subject=ANA,
        object=PRINTER,
        valid_from=NOW - 10 * DAY,
        valid_to=None,
        created_at=NOW,
        transaction_id="tx-1",
        source=source,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # the tests name real fields


def cypher(url: str, group: str, query: str) -> list[list[object]]:
    """Rows as any FalkorDB client sees them."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        rows: list[list[object]] = client.execute_command("GRAPH.RO_QUERY", group, query)[1]
        return rows


def snapshot(url: str, group: str) -> list[list[list[object]]]:
    """Everything in the graph, without the vectors."""
    return [
        cypher(url, group, "MATCH (n) RETURN labels(n), properties(n) ORDER BY n.uuid"),
        cypher(url, group, "MATCH (a)-[e]->(b) RETURN a.uuid, type(e), e{.*, fact_embedding: null}, b.uuid "
               "ORDER BY a.uuid, type(e), e.uuid"),
    ]  # fmt: skip


def voted(group: str) -> GraphBatch:
    edges = (
        GraphEdge("member:1", "twin:1", "HAS_TWIN"),
        GraphEdge("member:1", "vote:3", "VOTED", {"ts": "2025-05-30T10:00:00+00:00"}),
        GraphEdge("vote:3", "proposal:7", "ON"),
    )
    told = fact(group, "Ana voted for the resin printer.", relation="VOTED", source="vote:3")
    return GraphBatch(group, (ANA, TWIN, VOTE, PRINTER), edges, (told,))


async def test_cypher_of_the_product_description_matches(graph: GraphitiGraph, redis_url: str, group: str) -> None:
    await graph.record([voted(group)])
    twins = "MATCH (u:User)-[:HAS_TWIN]->(t:DigitalTwin) RETURN u.name, t.name"
    assert cypher(redis_url, group, twins) == [["Ana", "Ana's twin"]]
    open_votes = "MATCH (v:Vote)<-[x:VOTED]-(u) WHERE v.open = true RETURN u.handle, x.ts"
    assert cypher(redis_url, group, open_votes) == [["ana", "2025-05-30T10:00:00+00:00"]]


async def test_replay_changes_nothing_and_embeds_nothing(
    graph: GraphitiGraph, redis_url: str, group: str, embedder: CountingEmbedder
) -> None:
    await graph.record([voted(group)])
    before, texts = snapshot(redis_url, group), embedder.texts
    await graph.record([voted(group), voted(group)])
    assert snapshot(redis_url, group) == before
    assert embedder.texts == texts


async def test_node_takes_new_name_labels_and_properties(graph: GraphitiGraph, redis_url: str, group: str) -> None:
    await graph.record([voted(group)])
    renamed = GraphEntity("vote:3", "The vote", ("Vote", "Sealed"), {"open": False})
    await graph.record([GraphBatch(group, nodes=(renamed,))])
    assert cypher(redis_url, group, "MATCH (v:Vote:Sealed) RETURN v.name, v.open") == [["The vote", "false"]]


async def test_later_batch_of_one_call_wins(graph: GraphitiGraph, redis_url: str, group: str) -> None:
    closed = GraphBatch(group, nodes=(replace(VOTE, properties={"open": False}),))
    await graph.record([voted(group), closed])
    assert cypher(redis_url, group, "MATCH (v:Vote) RETURN v.open") == [["false"]]


async def test_edge_to_a_node_recorded_later_is_kept(graph: GraphitiGraph, redis_url: str, group: str) -> None:
    await graph.record([GraphBatch(group, edges=(GraphEdge("member:1", "document:5", "AUTHORED", {"ts": "t"}),))])
    await graph.record([GraphBatch(group, nodes=(ANA, GraphEntity("document:5", "rules.md", ("Document",))))])
    rows = cypher(redis_url, group, "MATCH (u:User)-[x:AUTHORED]->(d:Document) RETURN u.name, x.ts, d.name")
    assert rows == [["Ana", "t", "rules.md"]]


async def test_edge_recorded_again_takes_new_properties(graph: GraphitiGraph, redis_url: str, group: str) -> None:
    await graph.record([voted(group)])
    await graph.record([GraphBatch(group, edges=(GraphEdge("member:1", "vote:3", "VOTED", {"ts": "later"}),))])
    assert cypher(redis_url, group, "MATCH ()-[x:VOTED]->() RETURN x.ts") == [["later"]]


async def test_removed_edge_is_gone_and_removing_it_again_is_no_error(
    graph: GraphitiGraph, redis_url: str, group: str
) -> None:
    await graph.record([voted(group)])
    removal = GraphBatch(group, removed_edges=(GraphEdge("vote:3", "proposal:7", "ON"),))
    await graph.record([removal])
    await graph.record([removal])
    assert cypher(redis_url, group, "MATCH ()-[x:ON]->() RETURN count(x)") == [[0]]
    assert cypher(redis_url, group, "MATCH ()-[x:VOTED]->() RETURN count(x)") == [[1]]


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


async def test_fact_with_new_text_or_ends_stays_one(graph: GraphitiGraph, redis_url: str, group: str) -> None:
    told = fact(group, "Ana likes PLA.")
    await graph.record([GraphBatch(group, facts=(told,))])
    changed = replace(told, text="Ana likes the quiet of the night shift.", object=TWIN)
    await graph.record([GraphBatch(group, facts=(changed,))])
    assert cypher(redis_url, group, "MATCH ()-[e:RELATES_TO]->(b) RETURN e.fact, b.key") == [[changed.text, "twin:1"]]
    [(found, _)] = await graph.search([group], "night shift", window=None, at=NOW, limit=5)
    assert found == changed


async def test_facts_with_new_texts_are_found_by_them(graph: GraphitiGraph, group: str) -> None:
    told = [fact(group, f"Ana likes {thing}.") for thing in ("PLA", "ABS", "resin")]
    await graph.record([GraphBatch(group, facts=tuple(told))])
    texts = ["Owls hunt mice.", "The bicycle is red.", "Snow fell in May."]
    changed = [replace(fact, text=text) for fact, text in zip(told, texts, strict=True)]
    await graph.record([GraphBatch(group, facts=tuple(changed))])
    for fact_ in changed:
        [(found, score)] = await graph.search([group], fact_.text, window=None, at=NOW, limit=1)
        assert (found, round(score, 3)) == (fact_, 1.0)


async def test_search_finds_meaning_and_rare_words(graph: GraphitiGraph, group: str) -> None:
    texts = [
        "Ana voted for the resin printer.",
        "The night shift must be quiet.",
        "Filament is ordered on Mondays.",
        "Invoice QX-4417 was paid in May.",
    ]
    await graph.record([GraphBatch(group, facts=tuple(fact(group, text) for text in texts))])
    for query, text in (
        ("How did Ana vote on the printer?", texts[0]),
        ("noise after dark", texts[1]),
        ("4417?", texts[3]),
    ):
        found = await graph.search([group], query, window=None, at=NOW, limit=2)
        assert found[0][0].text == text
        assert all(0 <= score <= 1 for _, score in found)


async def test_search_never_leaves_its_groups(graph: GraphitiGraph, group: str) -> None:
    other = f"{group}_x"
    mine, secret = fact(group, "The safe's code is 1234."), fact(other, "The safe's code is 9999.", id="other")
    await graph.record([GraphBatch(group, facts=(mine,)), GraphBatch(other, facts=(secret,))])
    assert [found for found, _ in await graph.search([group], "safe code 9999", window=None, at=NOW, limit=5)] == [mine]
    assert await graph.by_ids([group], ["other"]) == {}
    assert await graph.about([group], "member:1", limit=5, skip=0) == [mine]
    both = await graph.search([group, other, group], "safe code", window=None, at=NOW, limit=5)
    assert {found.id for found, _ in both} == {mine.id, "other"}
    assert len(both) == 2


WINDOW = Window(NOW - 5 * DAY, NOW)


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "inside"),
    [
        (None, None, True),
        (NOW - 10 * DAY, None, True),
        (NOW - 10 * DAY, NOW - 5 * DAY, False),
        (NOW - 10 * DAY, NOW - 5 * DAY + timedelta(microseconds=1), True),
        (NOW, None, False),
        (NOW - timedelta(microseconds=1), NOW + DAY, True),
        (None, NOW - 6 * DAY, False),
    ],
)
async def test_window_is_half_open(
    graph: GraphitiGraph, group: str, valid_from: datetime | None, valid_to: datetime | None, inside: bool
) -> None:
    told = fact(group, "The press is booked.", valid_from=valid_from, valid_to=valid_to)
    await graph.record([GraphBatch(group, facts=(told,))])
    for query in ("The press is booked.", "press"):
        assert bool(await graph.search([group], query, window=WINDOW, at=NOW, limit=5)) is inside


async def test_facts_in_force_stand_before_closed_ones(graph: GraphitiGraph, group: str) -> None:
    old = fact(group, "The quorum is sixty percent.", valid_to=NOW - DAY)
    new = fact(group, "The quorum of a vote is fifty percent, say the bylaws.", valid_from=NOW - DAY)
    coming = fact(group, "The quorum is forty percent.", valid_from=NOW + DAY)
    await graph.record([GraphBatch(group, facts=(old, new, coming))])
    found = await graph.search([group], "The quorum is sixty percent.", window=None, at=NOW, limit=5)
    assert found[0][0] == new
    assert {told.id for told, _ in found[1:]} == {old.id, coming.id}
    [(then, _), *_] = await graph.search([group], "quorum", window=None, at=NOW - 2 * DAY, limit=5)
    assert then == old


async def test_small_window_finds_its_fact_among_thousands(redis_url: str, group: str) -> None:
    graph = GraphitiGraph(redis_url, Scattered())
    crowd = [fact(group, f"Batch {number} was printed.", id=str(number)) for number in range(5_200)]
    early = fact(group, "A cat slept on the press.", valid_from=NOW - 300 * DAY, valid_to=NOW - 299 * DAY)
    await graph.record([GraphBatch(group, facts=(*crowd, early))])
    window = Window(NOW - 300 * DAY, NOW - 298 * DAY)
    assert [told for told, _ in await graph.search([group], "7", window=window, at=NOW, limit=5)] == [early]
    found = await graph.search([group], "Batch 4711 was printed.", window=None, at=NOW, limit=5)
    assert found[0][0].text == "Batch 4711 was printed."
    await graph.close()


class Scattered:
    """Unit vectors drawn from the text's hash, so that thousands are there at once."""

    name, dimensions, max_pieces = "scattered", 384, 200

    def pieces(self, text: str) -> int:
        return len(text.split())

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> list[float]:
        noise = hashlib.shake_128(text.encode()).digest(self.dimensions)
        length = math.dist(noise, [127.5] * self.dimensions)
        return [(byte - 127.5) / length for byte in noise]


async def test_about_is_newest_first_and_pages(graph: GraphitiGraph, group: str) -> None:
    other = f"{group}_x"
    days = [3, 1, 2]
    mine = [fact(group, f"Note {day}.", valid_from=NOW - day * DAY) for day in days]
    loop = fact(other, "Ana met herself.", object=ANA, valid_from=None)
    unrelated = fact(group, "Bo sleeps.", subject=GraphEntity("member:2", "Bo", ("User",)))
    await graph.record([GraphBatch(group, facts=(*mine, unrelated)), GraphBatch(other, facts=(loop,))])
    groups = [group, other]
    expected = [loop, mine[1], mine[2], mine[0]]
    assert await graph.about(groups, "member:1", limit=10, skip=0) == expected
    assert await graph.about(groups, "member:1", limit=2, skip=1) == expected[1:3]
    assert await graph.count_about(groups, "member:1") == 4
    assert await graph.count_about(groups, "proposal:7") == 4
    assert await graph.count_about(groups, "member:9") == 0


async def test_forgotten_rows_leave_nodes_edges_and_facts_gone(
    graph: GraphitiGraph, redis_url: str, group: str
) -> None:
    document = GraphEntity("document:5", "rules.md", ("Document",))
    derived = fact(group, "Ana prefers PLA.", source="document:5")
    other = fact(group, "Ana voted for the printer.", source="vote:3")
    edge = GraphEdge("member:1", "document:5", "AUTHORED")
    await graph.record([GraphBatch(group, (ANA, document), (edge,), (derived, other))])
    for _ in range(2):
        await graph.forget(group, ["document:5", "document:6"])
    assert cypher(redis_url, group, "MATCH (d:Document) RETURN count(d)") == [[0]]
    assert cypher(redis_url, group, "MATCH ()-[x:AUTHORED]->() RETURN count(x)") == [[0]]
    found = await graph.search([group], "Ana prefers PLA", window=None, at=NOW, limit=5)
    assert [told for told, _ in found] == [other]


async def test_reading_or_forgetting_an_unknown_group_makes_no_graph(
    graph: GraphitiGraph, redis_url: str, group: str
) -> None:
    assert await graph.search([group], "anything", window=None, at=NOW, limit=5) == []
    assert await graph.by_ids([group], ["x"]) == {}
    assert await graph.about([group], "member:1", limit=5, skip=0) == []
    assert await graph.count_about([group], "member:1") == 0
    await graph.forget(group, ["member:1"])
    with redis.Redis.from_url(redis_url) as client:
        assert not client.exists(group)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "?!",
        "the",
        '"',
        "@fact:(x) | -y",
        "*",
        "a*b%%c",
        "{$weight: 0}=>",
        "\\",
        "\x00nul",
        "\ud800",
        "x " * 5000,
    ],
)
async def test_hostile_query_is_only_text(graph: GraphitiGraph, group: str, query: str) -> None:
    told = fact(group, "Ana owns a press.")
    await graph.record([GraphBatch(group, facts=(told,))])
    found = await graph.search([group], query, window=None, at=NOW, limit=5)
    assert [seen for seen, _ in found] == ([told] if query.strip() else [])


@given(text=st.text(min_size=1, max_size=60))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_stored_and_asked_for(redis_url: str, text: str) -> None:
    async def there_and_back() -> None:
        graph = GraphitiGraph(redis_url, Scattered())
        told = fact("hypothesis", text, id="same")
        await graph.record([GraphBatch("hypothesis", facts=(told,))])
        stored = (await graph.by_ids(["hypothesis"], ["same"]))["same"].text
        assert stored == text.replace("\x00", "")
        await graph.search(["hypothesis"], text, window=None, at=NOW, limit=1)
        await graph.close()

    asyncio.run(there_and_back())


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


async def test_graphiti_reads_and_searches_what_was_recorded(graph: GraphitiGraph, group: str) -> None:
    await graph.record([voted(group)])
    driver = (await graph._opened()).clone(group)
    from graphiti_core.edges import EntityEdge
    from graphiti_core.nodes import EntityNode
    from graphiti_core.search.search_config_recipes import EDGE_HYBRID_SEARCH_RRF
    from graphiti_core.search.search_filters import ComparisonOperator, DateFilter, SearchFilters
    from graphiti_core.search.search_utils import edge_fulltext_search, edge_similarity_search, node_fulltext_search

    assert EDGE_HYBRID_SEARCH_RRF.edge_config is not None
    told = fact(group, "Ana voted for the resin printer.")
    edge = await EntityEdge.get_by_uuid(driver, told.id)
    assert (edge.fact, edge.valid_at, edge.invalid_at) == (told.text, told.valid_from, None)
    node = await EntityNode.get_by_uuid(driver, edge.source_node_uuid)
    assert (node.name, node.attributes["key"]) == ("Ana", "member:1")
    [vector] = await graph._embedder.embed(["printer vote"])
    before = SearchFilters(valid_at=[[DateFilter(date=NOW, comparison_operator=ComparisonOperator.less_than)]])
    after = SearchFilters(valid_at=[[DateFilter(date=NOW, comparison_operator=ComparisonOperator.greater_than)]])
    assert [e.uuid for e in await edge_similarity_search(driver, vector, None, None, before, [group])] == [told.id]
    assert await edge_similarity_search(driver, vector, None, None, after, [group]) == []
    assert await edge_similarity_search(driver, vector, None, None, before, ["other"]) == []
    assert [e.uuid for e in await edge_fulltext_search(driver, "voting", before, [group])] == [told.id]
    assert [n.name for n in await node_fulltext_search(driver, "printers", SearchFilters(), [group])] == [PRINTER.name]


async def test_restarted_server_is_used_again(tmp_path: Path, minilm: MiniLmEmbedder) -> None:
    port = free_port()
    graph = GraphitiGraph(f"redis://127.0.0.1:{port}/0", minilm)
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


@contextmanager
def serving(folder: Path, port: int) -> Iterator[None]:
    """A server of the test's own, killed in the end."""
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(server_command(folder, port), stdout=log, stderr=log)  # noqa: S603  # our own command
    try:
        again = Retry(ConstantBackoff(0.05), 200)
        with redis.Redis(port=port, retry=again, retry_on_error=[ConnectionError]) as client:
            client.ping()
        yield
    finally:
        server.kill()
        server.wait()
