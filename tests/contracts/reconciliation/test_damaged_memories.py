"""Every way in which the memory index can differ: found by a look, mended by a run, and gone then."""

import asyncio
from dataclasses import replace

import pytest

from domain.reconciliation import Counts, Store
from tests.contracts.reconciliation.world import House

ROWS = 5
MANY = 20_000
ONE = "MATCH (m:MemoryVector {memory_id: 3})"
INDEXES = {
    "by meaning": "DROP VECTOR INDEX FOR (m:MemoryVector) ON (m.vector)",
    "by words": "CALL db.idx.fulltext.drop('MemoryVector')",
    "by group": "DROP INDEX FOR (m:MemoryVector) ON (m.user_id)",
}
TYPES = "CALL db.indexes() YIELD types UNWIND keys(types) AS field RETURN field, types[field] ORDER BY field"
MISSING = {
    "an entry": f"{ONE} DELETE m",
    "its text": f"{ONE} SET m.data = 'Nobody repairs anything.'",
    "its group": f"{ONE} SET m.user_id = 'dao'",
    "a field": f"{ONE} SET m.importance = 1.0",
    "its place": f"{ONE} SET m.byte_range = null",
    "its end": f"{ONE} SET m.expires = 1",
    "its vector": f"{ONE} SET m.vector = null",
    "its zeroed vector": f"{ONE} SET m.vector = null WITH m SET m.vector = vecf32([x IN range(1, 384) | 0.0])",
    "its vector of another size": f"{ONE} SET m.vector = null WITH m SET m.vector = vecf32([0.1, 0.2])",
}
EXTRA = {
    "a stranger": "CREATE (:MemoryVector {id: 'zzz', data: 'x', user_id: 'dao'})",
    "entries without an id": "CREATE (:MemoryVector {memory_id: 3}), (:MemoryVector {id: 7}), (:Ghost {id: 'x'})",
    "a second entry": "CREATE (:MemoryVector {id: 'a', memory_id: 3, data: 'x', user_id: 'member_1'})",
}


@pytest.mark.parametrize("what", MISSING)
async def test_what_differs_is_found_and_added_again(house: House, what: str) -> None:
    await checked(house, MISSING[what], Counts(ROWS, missing=1))


@pytest.mark.parametrize("what", EXTRA)
async def test_what_is_too_much_is_found_and_removed(house: House, what: str) -> None:
    await checked(house, EXTRA[what], Counts(ROWS, extra=3 if what == "entries without an id" else 1))


async def checked(house: House, cypher: str, expected: Counts) -> None:
    whole = await house.held()
    await house.damage("memories", cypher)
    damaged = await house.held()
    assert await house.look(Store.MEMORIES) == expected
    assert await house.held() == damaged
    assert await house.run(Store.MEMORIES) == expected + Counts(mended=expected.missing + expected.extra)
    assert await house.held() == whole
    assert await house.run(Store.MEMORIES) == Counts(ROWS)


async def test_an_entry_of_a_memory_that_is_no_more_is_removed(house: House) -> None:
    [passage] = (await house.container.reads.memories.all_by_ids([5])).values()
    held = await house.held()
    await house.container.index.add_batch([replace(passage, id=99)])
    assert await house.look(Store.MEMORIES) == Counts(ROWS, extra=1)
    assert await house.run(Store.MEMORIES) == Counts(ROWS, extra=1, mended=1)
    assert await house.held() == held


async def test_an_entry_that_is_there_twice_is_there_once_again(house: House) -> None:
    await checked(house, f"{ONE} CREATE (n:MemoryVector) SET n = m", Counts(ROWS, missing=1, extra=2))


async def test_an_entry_under_anothers_number_is_replaced(house: House) -> None:
    await checked(house, f"{ONE} SET m.memory_id = 4", Counts(ROWS, missing=1, extra=1))


async def test_a_wiped_index_is_filled_and_searched_as_before(house: House) -> None:
    whole = await house.held()
    await house.wipe("memories")
    assert await house.look(Store.MEMORIES) == Counts(ROWS, missing=ROWS)
    assert await house.run(Store.MEMORIES) == Counts(ROWS, missing=ROWS, mended=ROWS)
    assert await house.held() == whole
    assert await house.recalled("Who repairs the copper beehive?") == 3
    assert await house.run(Store.MEMORIES) == Counts(ROWS)


@pytest.mark.parametrize("what", INDEXES)
async def test_a_dropped_index_is_found_and_made_again(house: House, what: str) -> None:
    whole = await indexed(house)
    await house.damaged("memories", INDEXES[what])
    dropped = await indexed(house)
    assert dropped != whole
    missing = (await house.look(Store.MEMORIES)).missing
    assert missing > 0
    assert await indexed(house) == dropped
    assert await house.run(Store.MEMORIES) == Counts(ROWS, missing=missing, mended=missing)
    assert await indexed(house) == whole
    assert await house.run(Store.MEMORIES) == Counts(ROWS)


@pytest.mark.parametrize("what", INDEXES)
async def test_an_index_is_missing_while_those_that_are_left_are_built_anew(house: House, what: str) -> None:
    """FalkorDB shows the dropped one until then; with this many entries that takes longer than the look does."""
    many = f"UNWIND range(1, {MANY}) AS i CREATE (:MemoryVector {{id: toString(i), data: 'walnut', user_id: 'dao'}})"
    await house.damage("memories", many)
    await indexed(house)
    assert await house.container.index.lacking() == []
    await house.damaged("memories", INDEXES[what])
    at_once = await house.container.index.lacking()
    await indexed(house)
    assert at_once == await house.container.index.lacking() != []


async def indexed(house: House) -> object:
    """Kinds of index by field, in the order of their names, once FalkorDB has built what it is building."""
    for _ in range(3000):
        rows = (await house.damaged("memories", "CALL db.indexes() YIELD status RETURN status"))[1]
        if all(status == b"OPERATIONAL" for [status] in rows):
            return (await house.damaged("memories", TYPES))[1]
        await asyncio.sleep(0.01)
    raise AssertionError("The indexes were not built within 30 s.")
