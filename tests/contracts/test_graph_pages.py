"""What `Graph` promises of the facts about entities, on each engine."""

from dataclasses import replace
from itertools import product

import pytest

from adapters.graph.graphiti import GraphitiGraph
from domain.errors import BadInput
from domain.facts import Fact, GraphBatch
from domain.pages import Key, Page, Slice
from tests.contracts.graph_engines import Seen
from tests.contracts.graphs import ANA, DAY, NOW, PRINTER, TWIN, fact

MEMBER, TOLD_OF = "member:1", "proposal:7"


async def page_of(graph: GraphitiGraph, groups: list[str], wanted: Slice, key: str = MEMBER) -> Page[Fact]:
    return (await graph.about(groups, [key], wanted))[key]


async def told(graph: GraphitiGraph, group: str) -> list[Fact]:
    """Seven facts of two groups, newest first: two of one moment, one about the same entity twice."""
    days = (1, 2, 3, 3, 4, 5)
    facts = [fact(group, f"Note {number}.", valid_from=NOW - day * DAY) for number, day in enumerate(days)]
    facts[2:4] = sorted(facts[2:4], key=lambda each: each.id)
    loop = fact(f"{group}_x", "Ana met herself.", object=ANA, valid_from=None)
    elsewhere = fact(group, "The twin sleeps.", subject=TWIN, object=PRINTER)
    await graph.record([GraphBatch(group, facts=(*facts, elsewhere)), GraphBatch(loop.group, facts=(loop,))])
    return [loop, *facts]


async def test_every_slice_of_what_is_told_is_the_same_as_of_pythons(graph: GraphitiGraph, group: str) -> None:
    facts, groups = await told(graph, group), [group, f"{group}_x"]
    whole = await page_of(graph, groups, Slice(size=100))
    assert (whole.rows, whole.has_next, whole.has_previous, await whole.count()) == (facts, False, False, 7)
    for size, backward, after, before in product((1, 3, 9), (False, True), (None, 0, 3), (None, 2, 5)):
        keys: list[Key | None] = [None if at is None else whole.keys[at] for at in (after, before)]
        page = await page_of(graph, groups, Slice(size, backward, *keys))
        first = 0 if after is None else after + 1
        kept = facts[first : max(first, 7 if before is None else before)]
        cut = kept[-size:] if backward else kept[:size]
        more = len(kept) > size
        assert page.rows == cut
        assert [whole.keys.index(key) for key in page.keys] == [facts.index(each) for each in cut]
        assert page.has_next == (before is not None if backward else more)
        assert page.has_previous == (more if backward else after is not None)
        assert await page.count() == 7


async def test_the_facts_of_many_are_sliced_as_each_alone(graph: GraphitiGraph, group: str) -> None:
    await told(graph, group)
    groups, keys, wanted = [group, f"{group}_x"], [MEMBER, TOLD_OF, "twin:1", "nobody"], Slice(size=2)
    pages = await graph.about(groups, keys, wanted)
    assert list(pages) == keys
    for key, page in pages.items():
        alone = await page_of(graph, groups, wanted, key)
        assert (page.rows, page.keys, page.has_next) == (alone.rows, alone.keys, alone.has_next)
    assert [await page.count() for page in pages.values()] == [7, 7, 1, 0]


async def test_a_page_goes_on_where_it_ended_though_newer_facts_arrive(graph: GraphitiGraph, group: str) -> None:
    facts = await told(graph, group)
    first = await page_of(graph, [group], Slice(size=2))
    await graph.record([GraphBatch(group, facts=(fact(group, "Just now.", valid_from=NOW),))])
    second = await page_of(graph, [group], Slice(size=2, after=first.keys[-1]))
    assert first.rows + second.rows == facts[1:5]


@pytest.mark.parametrize(
    "damage",
    [
        "newest = 'soon'",
        "newest = null",
        "newest = [1]",
        "valid_at = 7",
        "created_at = 'soon'",
        "fact = null",
        "name = 7",
        "source = null",
        "transaction_id = null",
        "starts = null",
        "fact_embedding = null",
    ],
)
async def test_a_damaged_fact_keeps_no_other_from_being_read(
    graph: GraphitiGraph, group: str, engine: Seen, damage: str
) -> None:
    facts = await told(graph, group)
    damaged = facts[3]
    engine.change(group, f"MATCH ()-[e:RELATES_TO {{uuid: '{damaged.id}', group_id: $group}}]->() SET e.{damage}")
    others = [each for each in facts[1:] if each != damaged]
    page = await page_of(graph, [group], Slice(size=10))
    assert [each for each in page.rows if each.id != damaged.id] == others
    assert [len(page.keys), page.has_next] == [len(page.rows), False]
    assert set(await graph.by_ids([group], [each.id for each in facts])) >= {each.id for each in others}
    found = await graph.search([group], "Which notes?", window=None, at=NOW, limit=10)
    assert {fact.id for fact, _ in found} >= {each.id for each in others}
    if damage.startswith("newest"):
        assert (page.rows, await page.count()) == (others, 5)


@pytest.mark.parametrize("key", [(), (1,), (1, 2), ("1", "2"), (2**62, "a"), (1, "a", 1)])
async def test_a_cursor_of_another_list_is_bad_input(graph: GraphitiGraph, group: str, key: Key) -> None:
    for wanted in (Slice(after=key), replace(Slice(before=key), backward=True)):
        with pytest.raises(BadInput, match="another list"):
            await graph.about([group], [MEMBER], wanted)
