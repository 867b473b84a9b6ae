"""What every queue promises: an attempt handed in reaches a worker, whatever happened to the one before."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from adapters.embedded.falkordb import free_port
from adapters.queue.arq import ALIVE, QUEUE, ArqQueue, ArqWorker, entry_of, pack, payload
from domain.errors import SyncFailed
from domain.outbox import OutboxEntry

SOON = 10.0


def entry(entry_id: int, attempt: int = 1) -> OutboxEntry:
    created = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
    return OutboxEntry(entry_id, "job", "ingest", {"args": [7, "a/b"]}, attempt, "t-1", created)


@pytest.fixture
async def queue(any_redis: str) -> AsyncIterator[ArqQueue]:
    queue = ArqQueue(any_redis)
    await queue.redis.delete(QUEUE, ALIVE, *[key async for key in queue.redis.scan_iter("arq:*")])
    yield queue
    await queue.aclose()


class Ran:
    """A worker that only notes what it is brought."""

    def __init__(self, queue: ArqQueue) -> None:
        self.queue = queue
        self.entries: list[OutboxEntry] = []
        self.sweeps = 0
        self.more = asyncio.Event()
        self.hold = asyncio.Event()
        self.hold.set()

    async def run(self, entry: OutboxEntry) -> None:
        self.entries.append(entry)
        self.more.set()
        await self.hold.wait()

    async def sweep(self) -> None:
        self.sweeps += 1
        self.more.set()

    async def until(self, count: int) -> list[OutboxEntry]:
        async with asyncio.timeout(SOON):
            while len(self.entries) < count:
                self.more.clear()
                await self.more.wait()
        return self.entries


@pytest.fixture
async def ran(queue: ArqQueue) -> AsyncIterator[Ran]:
    ran = Ran(queue)
    worker = ArqWorker(queue, ran.run, sweep=ran.sweep, max_jobs=10)
    running = asyncio.create_task(worker.run())
    yield ran
    await worker.stop(patience=0.1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_an_entry_survives_its_payload() -> None:
    assert entry_of(payload(entry(5, 3))) == entry(5, 3)


async def test_what_is_put_is_run_whole(queue: ArqQueue, ran: Ran) -> None:
    await queue.put(entry(1))
    assert await ran.until(1) == [entry(1)]


async def test_jobs_run_beside_each_other(queue: ArqQueue, ran: Ran) -> None:
    ran.hold.clear()
    for number in range(1, 6):
        await queue.put(entry(number))
    assert {each.id for each in await ran.until(5)} == {1, 2, 3, 4, 5}
    ran.hold.set()


async def test_the_same_attempt_put_twice_while_it_waits_is_run_once(queue: ArqQueue) -> None:
    await queue.put(entry(1))
    await queue.put(entry(1))
    assert await queue.redis.zcard(QUEUE) == 1


async def test_a_later_attempt_is_not_blocked_by_a_killed_one(queue: ArqQueue, ran: Ran) -> None:
    ran.hold.clear()
    await queue.put(entry(1, 1))
    await ran.until(1)
    await queue.put(entry(1, 2))
    assert await ran.until(2) == [entry(1, 1), entry(1, 2)]
    assert await queue.redis.zscore(QUEUE, "1:1") is None
    ran.hold.set()


async def test_nothing_is_left_of_a_job_that_ended(queue: ArqQueue, ran: Ran) -> None:
    await queue.put(entry(1))
    await ran.until(1)
    for _ in range(500):
        if not (left := [key async for key in queue.redis.scan_iter("arq:*1:1")]):
            break
        await asyncio.sleep(0.02)
    assert [left, await queue.redis.zcard(QUEUE)] == [[], 0]


async def test_a_worker_sweeps_at_its_start(ran: Ran) -> None:
    async with asyncio.timeout(SOON):
        while not ran.sweeps:
            ran.more.clear()
            await ran.more.wait()
    assert ran.sweeps == 1


async def test_a_worker_shows_that_it_lives(queue: ArqQueue) -> None:
    assert not await queue.alive()
    ran = Ran(queue)
    worker = ArqWorker(queue, ran.run, sweep=ran.sweep, max_jobs=10)
    running = asyncio.create_task(worker.run())
    for _ in range(500):
        if await queue.alive():
            break
        await asyncio.sleep(0.02)
    assert 0 < await queue.redis.pttl(ALIVE) <= 3_000
    await worker.stop(patience=0.1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not await queue.alive()


async def test_a_worker_outlives_its_connections(queue: ArqQueue, ran: Ran) -> None:
    for number in range(1, 4):
        await queue.redis.client_kill_filter(_type="normal", skipme=True)
        await queue.redis.connection_pool.disconnect()
        await queue.put(entry(number))
        await ran.until(number)
    assert {each.id for each in ran.entries} == {1, 2, 3}


async def test_a_queue_that_is_away_is_told() -> None:
    queue = ArqQueue(f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(SyncFailed, match="waking a worker"):
        await queue.put(entry(1))
    with pytest.raises(SyncFailed, match="looking for a worker"):
        await queue.alive()
    with pytest.raises(SyncFailed, match="answering"):
        await queue.ping()
    await queue.aclose()


def test_messages_are_data_and_never_code() -> None:
    assert pack({"a": [1, datetime(2026, 1, 1, tzinfo=UTC)]}) == b'{"a": [1, "2026-01-01 00:00:00+00:00"]}'


async def test_of_two_workers_one_reconciles_each_time(queue: ArqQueue) -> None:
    """Every second here, in place of once an hour."""
    ran: list[datetime] = []
    enough = asyncio.Event()

    async def reconcile() -> None:
        ran.append(datetime.now(UTC))
        if len(ran) == 4:
            enough.set()

    every = {"second": set(range(60))}
    workers = [
        ArqWorker(queue, nothing, sweep=nothing, reconcile=reconcile, reconcile_at=every, max_jobs=10) for _ in range(2)
    ]
    running = [asyncio.create_task(worker.run()) for worker in workers]
    await asyncio.wait_for(enough.wait(), SOON)
    for worker in workers:
        await worker.stop(patience=0.1)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert len({at.replace(microsecond=0) for at in ran}) == len(ran)  # one may begin late, and the next in time


async def nothing(*_: object) -> None:
    pass
