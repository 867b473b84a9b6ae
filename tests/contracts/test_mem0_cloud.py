"""Mem0 Cloud when it is slow, full, limited, broken or gone: nothing is lost or doubled, and all ends in time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest

from adapters.embedded.falkordb import free_port
from adapters.embedding.minilm import MiniLmEmbedder
from adapters.memory.mem0_cloud import Mem0CloudMemories
from adapters.memory.mem0_cloud_calls import AT_ONCE, bundled
from domain.errors import RetrievalFailed, SyncFailed
from domain.memories import MemoryFilter
from fakes.meaning import meanings
from fakes.mem0 import FakeMem0
from fakes.serving import served
from tests.contracts.memories import ALL, NOW, TEXTS, found, memory

KEY = "m0-faults"
PASSING = ["408", "429", "500", "503", "lost", "html", "empty"]
FINAL = {
    "401": "refuses the key",
    "402": "fails",
    "403": "refuses the key",
    "413": "quota",
    "400": "refuses the request",
}
BATCH = [memory(id, text) for id, text in TEXTS.items()]


@pytest.fixture
def cloud() -> Iterator[tuple[FakeMem0, str]]:
    fake = FakeMem0()
    meanings(["loads the model"])
    with served(fake.app()) as url:
        yield fake, url


@pytest.fixture
def fake(cloud: tuple[FakeMem0, str]) -> FakeMem0:
    return cloud[0]


@pytest.fixture
async def index(cloud: tuple[FakeMem0, str], minilm: MiniLmEmbedder) -> AsyncIterator[Mem0CloudMemories]:
    """It has connected, so that a test's first step meets its first call."""
    index = Mem0CloudMemories(KEY, cloud[1], minilm, deadline=1.5, patience=15.0)
    assert await index.ids("member_1") == set()
    yield index
    await index.close()


async def test_bundle_keeps_order_and_raises_when_all_have_ended() -> None:
    ended: list[int] = []

    async def call(number: int) -> int:
        await asyncio.sleep(0.02 if number == 0 else 0)
        ended.append(number)
        if number == 3:
            raise KeyError(number)
        return number

    assert await bundled(call(number) for number in (0, 1, 2)) == [0, 1, 2]
    with pytest.raises(KeyError, match="3"):
        await bundled(call(number) for number in range(20))
    assert sorted(ended) == sorted([0, 1, 2, *range(20)])


async def test_bundle_that_is_cancelled_makes_no_further_call() -> None:
    begun: list[int] = []

    async def call(number: int) -> None:
        begun.append(number)
        await asyncio.sleep(600)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await bundled(call(number) for number in range(20))
    assert begun == list(range(AT_ONCE))


def texts(fake: FakeMem0) -> list[str]:
    return sorted(row["memory"] for row in fake.project(KEY).rows.values())


@pytest.mark.parametrize("step", PASSING)
@pytest.mark.parametrize("before", [0, 1])
async def test_what_passes_is_waited_for_and_nothing_is_doubled(
    index: Mem0CloudMemories, fake: FakeMem0, step: str, before: int
) -> None:
    fake.steps.extend(["ok"] * before + [step])
    await index.add_batch(BATCH)
    assert texts(fake) == sorted(TEXTS.values())
    fake.steps.append(step)
    assert await found(index, "zdenka", limit=1) == [4]
    fake.steps.extend(["ok"] * before + [step])
    await index.remove([1, 2])
    assert texts(fake) == sorted([TEXTS[3], TEXTS[4]])


@pytest.mark.parametrize("status", FINAL)
async def test_what_asking_again_cannot_mend_fails_at_once(
    index: Mem0CloudMemories, fake: FakeMem0, status: str
) -> None:
    for act, failure in ((index.add_batch(BATCH), SyncFailed), (index.remove([1]), SyncFailed)):
        fake.steps.append(status)
        asked = len(fake.requests)
        with pytest.raises(failure, match=FINAL[status]) as raised:
            await act
        assert (raised.value.retryable, len(fake.requests) - asked) == (False, 1)
    fake.steps.append(status)
    with pytest.raises(RetrievalFailed, match=FINAL[status]):
        await found(index, "PLA")


@pytest.mark.parametrize("fault", ["429", "500", "503", "html", "hang", "slow:3", "lost"])
async def test_what_does_not_pass_ends_at_the_deadline(index: Mem0CloudMemories, fake: FakeMem0, fault: str) -> None:
    fake.always = fault
    began = time.monotonic()
    with pytest.raises(RetrievalFailed, match=r"could not be read within 1\.5 s") as raised:
        await found(index, "PLA")
    assert raised.value.retryable
    assert 1.4 < time.monotonic() - began < 3.0
    assert len(fake.requests) < 20
    fake.always = "ok"
    assert await found(index, "PLA") == []


async def test_a_wait_that_outlasts_the_deadline_is_not_waited(index: Mem0CloudMemories, fake: FakeMem0) -> None:
    fake.steps.append("429:60")
    began = time.monotonic()
    with pytest.raises(RetrievalFailed, match="rate limit") as raised:
        await found(index, "PLA")
    assert raised.value.retryable
    assert time.monotonic() - began < 1.0


async def test_retry_after_is_waited_for(index: Mem0CloudMemories, fake: FakeMem0) -> None:
    fake.steps.append("429:1")
    began = time.monotonic()
    assert await found(index, "PLA") == []
    assert time.monotonic() - began >= 1.0


async def test_an_add_whose_answer_never_came_is_looked_up_before_it_is_repeated(
    index: Mem0CloudMemories, fake: FakeMem0
) -> None:
    fake.steps.extend(["ok", "silent"])
    await index.add_batch(BATCH[:1])
    assert texts(fake) == [TEXTS[1]]
    assert [line for line in fake.requests if "add" in line] == ["POST /v3/memories/add/"]


async def test_an_add_that_arrives_twice_is_found_once_and_mended_by_the_next(
    index: Mem0CloudMemories, fake: FakeMem0
) -> None:
    fake.steps.extend(["ok", "twice"])
    await index.add_batch(BATCH[:1])
    await until(lambda: len(texts(fake)) == 2)
    assert await found(index, "PLA") == [1]
    await index.add_batch(BATCH)
    assert texts(fake) == sorted(TEXTS.values())


async def test_what_is_removed_or_discarded_is_gone_when_that_is_said(index: Mem0CloudMemories, fake: FakeMem0) -> None:
    fake.soon = 0.5
    await index.add_batch(BATCH[:2])
    await index.remove([1])
    assert texts(fake) == [TEXTS[2]]
    held, _ = await index.held("", limit=10)
    await index.discard([entry.ref for entry in held])
    assert texts(fake) == []


async def test_discarding_what_is_gone_changes_nothing(index: Mem0CloudMemories, fake: FakeMem0) -> None:
    await index.add_batch(BATCH[:1])
    held, _ = await index.held("", limit=10)
    refs = [entry.ref for entry in held]
    await index.discard(refs)
    await index.discard(refs)
    assert [line for line in fake.requests if line.startswith("DELETE")] == ["DELETE /v1/batch/"]


async def test_writers_at_once_leave_one_of_each(
    index: Mem0CloudMemories, cloud: tuple[FakeMem0, str], minilm: MiniLmEmbedder
) -> None:
    others = [Mem0CloudMemories(KEY, cloud[1], minilm) for _ in range(4)]
    await asyncio.gather(*(each.add_batch(BATCH) for each in (index, *others)))
    await index.add_batch(BATCH)
    assert texts(cloud[0]) == sorted(TEXTS.values())
    for each in others:
        await each.close()


async def test_a_memory_moves_with_its_group(index: Mem0CloudMemories, fake: FakeMem0) -> None:
    await index.add_batch(BATCH[:1])
    await index.add_batch([memory(1, TEXTS[1], group="dao")])
    assert (await index.ids("member_1"), await index.ids("dao"), len(texts(fake))) == (set(), {1}, 1)


async def test_more_than_a_page_is_listed_and_more_than_a_batch_removed(
    index: Mem0CloudMemories, fake: FakeMem0
) -> None:
    for id in range(1_100):
        fake.project(KEY).add(f"Note {id}.", {"user_id": "member_1", "metadata": {"memory_id": str(id)}})
        fake.project(KEY).add("Said again.", {"user_id": "member_2", "metadata": {"memory_id": "5000"}})
    assert await index.ids("member_1") == set(range(1_100))
    await index.remove([5000])
    assert (await index.ids("member_2"), len(texts(fake))) == (set(), 1_100)


async def test_what_others_put_into_the_project_is_never_found(index: Mem0CloudMemories, fake: FakeMem0) -> None:
    project = fake.project(KEY)
    for metadata in (None, {}, {"memory_id": 7}, {"memory_id": "seven"}, {"memory_id": "-1"}):
        project.add("I prefer PLA.", {"user_id": "member_1", "metadata": metadata})
    await index.add_batch(BATCH[:1])
    assert (await found(index, "PLA"), await index.ids("member_1")) == ([1], {1})


async def test_a_small_share_of_a_group_is_found(cloud: tuple[FakeMem0, str], minilm: MiniLmEmbedder) -> None:
    index = Mem0CloudMemories(KEY, cloud[1], minilm, deadline=30)
    crowd = [memory(id, f"Note {id} about the printer.") for id in range(10, 260)]
    await index.add_batch([*crowd, memory(1, "A cat.", importance=0.9)])
    assert await found(index, "Note 12 about the printer", limit=3, where=MemoryFilter(min_importance=0.9)) == [1]
    await index.close()


async def test_metadata_carries_source_and_transaction(index: Mem0CloudMemories, fake: FakeMem0) -> None:
    await index.add_batch([memory(7, "I vote for quiet.", session_id=3, turn=5, expires_at=NOW)])
    [row] = fake.project(KEY).rows.values()
    assert (row["user_id"], row["expiration_date"], row["created_at"]) == ("member_1", "2025-06-01", NOW.isoformat())
    assert row["metadata"] == {
        "memory_id": "7",
        "domain": "DOC",
        "kind": "FACT",
        "source": "notes.md",
        "importance": 0.5,
        "session_id": 3,
        "turn": 5,
        "transaction_id": "tx-1",
        "created_at": NOW.isoformat(),
        "created": 1_748_781_000_000_000,
        "expires": 1_748_781_000_000_000,
        "hash": "02d033d3196c544f8b81295c4150f2da",
    }


async def test_a_server_that_is_gone_is_used_again_when_it_is_back(minilm: MiniLmEmbedder) -> None:
    port = free_port()
    index = Mem0CloudMemories(KEY, f"http://127.0.0.1:{port}", minilm, deadline=0.5, patience=0.5)
    await fails(index, "does not answer")
    for _ in range(2):
        with served(FakeMem0().app(), port=port):
            await index.add_batch(BATCH[:1])
            assert await found(index, "PLA") == [1]
        await fails(index, "does not answer")
    await index.close()


async def test_a_key_that_is_refused_says_so(cloud: tuple[FakeMem0, str], minilm: MiniLmEmbedder) -> None:
    index = Mem0CloudMemories("no-key", cloud[1], minilm)
    with pytest.raises(SyncFailed, match=r"refuses the key\. Check MEM0_API_KEY") as raised:
        await index.add_batch(BATCH)
    assert not raised.value.retryable
    await index.close()


async def test_what_a_server_makes_up_is_no_memory(index: Mem0CloudMemories, fake: FakeMem0) -> None:
    """Another member's memory, in answer to whatever is asked."""
    project = fake.project(KEY)
    foreign = project.add("Secret.", {"user_id": "member_2", "metadata": {"memory_id": "9"}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(project, "found", lambda _filters, expired: [foreign] if expired else [])
        assert await found(index, "Secret.") == []


async def test_events_of_inferred_memories_are_polled(cloud: tuple[FakeMem0, str]) -> None:
    """The fake's side that we do not use: what AsyncMemoryClient's other callers see."""
    async with httpx.AsyncClient(base_url=cloud[1], headers={"Authorization": f"Token {KEY}"}) as client:
        body = {"messages": [{"role": "user", "content": "I like PLA. It is cheap."}], "user_id": "ana"}
        event = (await client.post("/v3/memories/add/", json=body)).json()
        assert event["status"] == "PENDING"
        for _ in range(100):
            done = (await client.get(f"/v1/event/{event['event_id']}/")).json()
            if done["status"] == "SUCCEEDED":
                break
            await asyncio.sleep(0.02)
        assert [each["data"]["memory"] for each in done["results"]] == ["I like PLA.", "It is cheap."]
        too_many = {"memories": [{"memory_id": "x"}] * 1_001}
        refused = await client.request("DELETE", "/v1/batch/", json=too_many)
        assert (refused.status_code, list(refused.json())) == (400, ["error"])


async def fails(index: Mem0CloudMemories, why: str) -> None:
    with pytest.raises(SyncFailed, match=why):
        await index.add_batch(BATCH[:1])
    with pytest.raises(RetrievalFailed, match=why):
        await index.search(["member_1"], "PLA", limit=1, where=ALL, at=NOW)


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("It did not come about within 4 s.")
