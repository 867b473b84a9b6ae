"""What `Graph.search` promises, on each engine."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.graph.graphiti import GraphitiGraph
from domain.facts import GraphBatch
from domain.pages import Slice
from domain.periods import Window
from tests.contracts.graph_engines import Seen
from tests.contracts.graphs import DAY, NOW, PRINTER, fact, voted
from tests.contracts.indexes import Scattered


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
    assert (await graph.about([group], ["member:1"], Slice()))["member:1"].rows == [mine]
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


async def test_small_window_finds_its_fact_among_thousands(engine: Seen, group: str) -> None:
    graph = engine.graph(Scattered())
    crowd = [fact(group, f"Batch {number} was printed.", id=str(number)) for number in range(5_200)]
    early = fact(group, "A cat slept on the press.", valid_from=NOW - 300 * DAY, valid_to=NOW - 299 * DAY)
    await graph.record([GraphBatch(group, facts=(*crowd, early))])
    window = Window(NOW - 300 * DAY, NOW - 298 * DAY)
    assert [told for told, _ in await graph.search([group], "7", window=window, at=NOW, limit=5)] == [early]
    found = await graph.search([group], "Batch 4711 was printed.", window=None, at=NOW, limit=5)
    assert found[0][0].text == "Batch 4711 was printed."
    await graph.close()


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
def test_any_text_is_stored_and_asked_for(engine: Seen, group: str, text: str) -> None:
    async def there_and_back() -> None:
        graph = engine.graph(Scattered())
        told = fact(group, text, id="same")
        await graph.record([GraphBatch(group, facts=(told,))])
        stored = (await graph.by_ids([group], ["same"]))["same"].text
        assert stored == text.replace("\x00", "")
        await graph.search([group], text, window=None, at=NOW, limit=1)
        await graph.close()

    asyncio.run(there_and_back())


async def test_graphiti_reads_and_searches_what_was_recorded(graph: GraphitiGraph, engine: Seen, group: str) -> None:
    await graph.record([voted(group)])
    driver = engine.driver(graph, group)
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
