"""Memories: read by whom they may, the same only once, forgotten by their member alone."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import batched

import pytest

from adapters.sql.memories import SqlMemoryReads
from domain.documents import Upload, Visibility
from domain.errors import NotFound
from domain.members import DAO_GROUP, Role, Viewer, member_group
from domain.memories import ByteRange, Memory, MemoryDomain, MemoryFilter, MemoryKind, NewMemory
from domain.pages import Slice
from domain.transactions import Work
from evals.hall import Hall, hall
from tests.contracts.sql.times import T0, Clock


async def document_of(database: Hall, viewer: Viewer) -> int:
    upload = Upload("notes.md", "text/markdown", 1, "a" * 64, Visibility.PRIVATE)
    made = await database.transact(
        lambda work: work.documents.add(viewer.member_id, upload, duplicate_of=None, at=work.now())
    )
    return made.id


def passage(viewer: Viewer, document_id: int, position: int, *, group: str | None = None) -> NewMemory:
    return NewMemory(
        member_id=viewer.member_id,
        group=group or member_group(viewer.member_id),
        domain=MemoryDomain.DOC,
        kind=MemoryKind.FACT,
        source="notes.md",
        text=f"Passage {position}",
        importance=position / 10,
        position=position,
        document_id=document_id,
        byte_range=ByteRange(position, position + 9),
        expires_at=T0 + timedelta(days=position) if position else None,
    )


async def remembered(database: Hall, *memories: NewMemory) -> list[int]:
    return await database.transact(lambda work: work.memories.add_batch(memories, at=work.now()))


async def forgotten_by(database: Hall, viewer: Viewer, memory_id: int) -> Memory:
    return await database.transact(lambda work: work.memories.remove(viewer, memory_id))


async def test_a_memory_is_kept_whole(database: Hall) -> None:
    (ada,) = await database.seat([1])
    memories = [passage(ada, await document_of(database, ada), position) for position in range(2)]
    ids = await remembered(database, *memories)
    found = await SqlMemoryReads(database.reader).by_ids(ada, ids)
    transaction_id = found[ids[0]].transaction_id
    assert [found[one] for one in ids] == [
        Memory(memory_id, content, T0, transaction_id) for memory_id, content in zip(ids, memories, strict=True)
    ]


async def test_the_same_passage_again_is_the_same_memory(database: Hall) -> None:
    (ada,) = await database.seat([1])
    document_id = await document_of(database, ada)
    first = await remembered(database, *(passage(ada, document_id, position) for position in range(3)))
    changed = replace(passage(ada, document_id, 1), text="Other words")
    again = await remembered(database, passage(ada, document_id, 3), changed)
    assert again[1] == first[1]
    found = await SqlMemoryReads(database.reader).of_source(document_id=document_id)
    assert [(one.id, one.content.text) for one in found] == [
        (memory_id, f"Passage {position}") for position, memory_id in enumerate([*first, again[0]])
    ]


async def test_another_member_s_memories_are_not_there_whatever_the_role(database: Hall) -> None:
    ada, ben = await database.seat([1, 1])
    document_id = await document_of(database, ada)
    own, shared = passage(ada, document_id, 0), passage(ada, document_id, 1, group=DAO_GROUP)
    ids = await remembered(database, own, shared)
    reads = SqlMemoryReads(database.reader)
    assert set(await reads.by_ids(ada, ids)) == set(ids)
    for viewer in (ben, Viewer(ben.member_id, Role.ADMIN)):
        assert set(await reads.by_ids(viewer, ids)) == {ids[1]}
        assert (await reads.page(viewer, Slice(), MemoryFilter())).rows == []
        with pytest.raises(NotFound, match=r"^There is no such memory, or it is not yours.$"):
            await forgotten_by(database, viewer, ids[1])
    assert set(await reads.all_by_ids(ids)) == set(ids)


async def test_a_member_forgets_one_and_a_source_takes_all_along(database: Hall) -> None:
    (ada,) = await database.seat([1])
    document_id = await document_of(database, ada)
    ids = await remembered(database, *(passage(ada, document_id, position) for position in range(4)))
    forgotten = await forgotten_by(database, ada, ids[1])
    assert (forgotten.id, forgotten.content.position) == (ids[1], 1)
    removed = await database.transact(lambda work: work.memories.remove_of_document(document_id))
    assert sorted(removed) == [ids[0], ids[2], ids[3]]
    assert await SqlMemoryReads(database.reader).all_by_ids(ids) == {}


async def test_memories_of_a_conversation_go_with_it(database: Hall) -> None:
    (ada,) = await database.seat([1])

    def said(work: Work) -> tuple[int, list[int]]:
        session = work.chats.start(ada.member_id, "Talk", at=work.now())
        base = replace(passage(ada, 0, 0), document_id=None, domain=MemoryDomain.CHAT, session_id=session.id)
        return session.id, work.memories.add_batch(
            [replace(base, position=position, turn=0) for position in range(1)], at=work.now()
        )

    session_id, ids = await database.transact(said)
    assert await database.transact(lambda work: work.memories.remove_of_session(session_id)) == ids


async def test_memories_are_filtered_by_everything_that_is_asked(database: Hall, clock: Clock) -> None:
    (ada,) = await database.seat([1])
    document_id = await document_of(database, ada)
    old = passage(ada, document_id, 5)
    new = replace(passage(ada, document_id, 8), kind=MemoryKind.VOICE, domain=MemoryDomain.TWEET)
    (first,) = await remembered(database, old)
    clock.forward(milliseconds=1)
    (second,) = await remembered(database, new)
    for where, ids in (
        (MemoryFilter(), [second, first]),
        (MemoryFilter(domains=(MemoryDomain.DOC, MemoryDomain.CHAT)), [first]),
        (MemoryFilter(kinds=(MemoryKind.VOICE,)), [second]),
        (MemoryFilter(min_importance=0.5), [second, first]),
        (MemoryFilter(min_importance=0.51), [second]),
        (MemoryFilter(created_after=T0), [second]),
        (MemoryFilter(kinds=(MemoryKind.FACT,), created_after=T0), []),
    ):
        page = await SqlMemoryReads(database.reader).page(ada, Slice(), where)
        assert ([row.id for row in page.rows], await page.count()) == (ids, len(ids))


async def test_of_two_processes_that_forget_a_memory_at_once_one_does(database: Hall, url: str) -> None:
    (ada,) = await database.seat([1])
    document_id = await document_of(database, ada)
    ids = await remembered(database, *(passage(ada, document_id, position) for position in range(20)))
    async with hall(url) as other:
        tries = [forgotten_by(each, ada, memory_id) for memory_id in ids for each in (database, other)]
        found = await asyncio.gather(*tries, return_exceptions=True)
    for pair in batched(found, 2):
        assert sorted(type(each).__name__ for each in pair) == ["Memory", "NotFound"]
