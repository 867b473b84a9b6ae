"""What `MemoryIndex` promises, on every engine."""

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.embedding.minilm import MiniLmEmbedder
from domain.errors import RetrievalFailed, SyncFailed
from domain.lineage import Trace
from domain.memories import MemoryDomain, MemoryFilter, MemoryKind
from tests.contracts.indexes import Scattered
from tests.contracts.memories import ALL, NOW, TEXTS, Index, Store, found, memory


@pytest.fixture
async def index(memory_store: Store, minilm: MiniLmEmbedder) -> AsyncIterator[Index]:
    index = memory_store.open(minilm)
    yield index
    await index.close()


async def test_search_finds_meaning_names_and_numbers(index: Index) -> None:
    await index.add_batch([memory(id, text) for id, text in TEXTS.items()])
    questions = {"Which filament do you like?": 1, "noise in the evening": 2, "what was 4417?": 3, "zdenka": 4}
    assert {question: (await found(index, question, limit=1))[0] for question in questions} == questions
    assert len(await found(index, "printing", limit=3)) == 3


async def test_score_is_the_cosine(index: Index, minilm: MiniLmEmbedder) -> None:
    await index.add_batch([memory(id, text) for id, text in TEXTS.items()])
    question, text = await minilm.embed(["Which filament do you like?", TEXTS[1]])
    hits = await index.search(["member_1"], "Which filament do you like?", limit=1, where=ALL, at=NOW)
    assert hits[0].id == 1
    assert hits[0].score == pytest.approx(math.sumprod(question, text), abs=1e-5)


async def test_adding_twice_leaves_one(index: Index, memory_store: Store, minilm: MiniLmEmbedder) -> None:
    batch = [memory(id, text) for id, text in TEXTS.items()]
    await index.add_batch([*batch, batch[0]])
    other = memory_store.open(minilm)
    await asyncio.gather(index.add_batch(batch), other.add_batch(batch))
    await other.close()
    assert await index.ids("member_1") == {1, 2, 3, 4}
    assert memory_store.rows() == 4


async def test_changed_text_replaces_the_old_one(index: Index) -> None:
    await index.add_batch([memory(id, text) for id, text in TEXTS.items()])
    changed = {1: "My bicycle is red.", 2: "Owls hunt mice."}
    await index.add_batch([memory(id, text) for id, text in changed.items()])
    for id, text in changed.items():
        hits = await index.search(["member_1"], text, limit=1, where=ALL, at=NOW)
        assert [(hit.id, round(hit.score, 3)) for hit in hits] == [(id, 1.0)]


async def test_same_text_in_two_places_is_two_memories(index: Index) -> None:
    await index.add_batch([memory(1, "Same words."), memory(2, "Same words."), memory(3, "Same words.", group="dao")])
    assert sorted(await found(index, "same words", "member_1", "dao")) == [1, 2, 3]


async def test_search_never_leaves_its_groups(index: Index) -> None:
    secret = "The safe's code is 9999."
    groups = ["member_1", "member_11", "dao", "Member_1"]
    await index.add_batch([memory(id, f"{secret} {id}", group=group) for id, group in enumerate(groups)])
    for id, group in enumerate(groups):
        assert await found(index, secret, group) == [id]
        assert await index.ids(group) == {id}
    assert sorted(await found(index, "safe code", "member_1", "dao", "member_1")) == [0, 2]
    assert await found(index, secret, "nobody") == []
    assert await index.ids("nobody") == set()


async def test_filters_are_applied_before_the_limit(index: Index) -> None:
    crowd = [memory(id, f"Note {id} about the printer.") for id in range(10, 80)]
    chat = memory(
        1, "A cat.", domain=MemoryDomain.CHAT, kind=MemoryKind.PREFERENCE, importance=0.9, at=NOW - timedelta(1)
    )
    await index.add_batch([*crowd, chat])
    for where in (
        MemoryFilter(domains=(MemoryDomain.CHAT, MemoryDomain.TWEET)),
        MemoryFilter(kinds=(MemoryKind.PREFERENCE,)),
        MemoryFilter(min_importance=0.9),
        MemoryFilter((MemoryDomain.CHAT,), (MemoryKind.PREFERENCE,), 0.9, NOW - timedelta(2)),
    ):
        assert await found(index, "Note 12 about the printer", limit=3, where=where) == [1]
    newer = MemoryFilter(created_after=NOW - timedelta(1))
    assert 1 not in await found(index, "A cat.", limit=100, where=newer)
    assert len(await found(index, "printer", limit=100, where=newer)) == 70
    assert await found(index, "cat", where=MemoryFilter(domains=(MemoryDomain.VOTE,))) == []


async def test_expired_memory_is_absent_from_its_instant_on(index: Index) -> None:
    await index.add_batch([memory(1, "The fair is on Sunday.", expires_at=NOW), memory(2, "The fair is yearly.")])
    assert sorted(await found(index, "fair", at=NOW - timedelta(microseconds=1))) == [1, 2]
    assert await found(index, "fair", at=NOW) == [2]


async def test_removed_memories_are_gone_and_removing_again_is_no_error(index: Index) -> None:
    await index.remove([1])
    await index.add_batch([memory(id, text) for id, text in TEXTS.items()])
    for _ in range(2):
        await index.remove([1, 3, 99])
    assert await index.ids("member_1") == {2, 4}
    assert sorted(await found(index, "PLA invoice 4417", limit=10)) == [2, 4]


async def test_lineage_tells_what_a_transaction_left_and_no_texts(index: Index) -> None:
    mine = f"tx-{uuid4()}"
    said = memory(3, TEXTS[3], group="dao", domain=MemoryDomain.CHAT)
    await index.add_batch([replace(memory(2, TEXTS[2]), transaction_id=mine), replace(said, transaction_id=mine)])
    await index.add_batch([memory(1, TEXTS[1])])
    expected = [Trace("memories", "DOC", "memory:2", "member_1"), Trace("memories", "CHAT", "memory:3", "dao")]
    assert await index.lineage(mine) == expected
    assert await index.lineage("tx-nobody") == []


async def test_searching_before_anything_was_added_finds_nothing(index: Index, memory_store: Store) -> None:
    assert await found(index, "anything") == []
    await index.add_batch([])
    assert memory_store.rows() == 0


@pytest.mark.parametrize(
    "query",
    ["", "   ", "?!", "the", '"', "@data:(x) | -y", "@user_id:(member_2)", "*", "a*b%%c", "{$weight: 0}=>", "\\",
     "a\x00b", "\ud800", "x " * 5000, "日本語 café"],
)  # fmt: skip
async def test_hostile_query_is_only_text(index: Index, query: str) -> None:
    await index.add_batch([memory(1, "Ana owns a press."), memory(2, "Secret.", group="member_2")])
    assert await found(index, query) == ([1] if query.strip() else [])


@given(text=st.text(min_size=1, max_size=60))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_kept_and_asked_for(memory_store: Store, text: str) -> None:
    async def there_and_back() -> None:
        index = memory_store.open(Scattered())
        await index.add_batch([memory(1, text)])
        assert await index.ids("member_1") == {1}
        await found(index, text)
        await index.close()

    asyncio.run(there_and_back())


async def test_group_that_could_be_a_query_is_refused(index: Index) -> None:
    with pytest.raises(SyncFailed, match="is no group"):
        await index.add_batch([memory(1, "x", group="a,b")])
    with pytest.raises(RetrievalFailed, match="is no group"):
        await found(index, "x", "member_1|member_2")
