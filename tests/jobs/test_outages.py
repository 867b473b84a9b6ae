"""What jobs do while the queue or a store is away."""

import asyncio

import pytest

from domain.errors import SyncFailed
from domain.outbox import OutboxEntry
from jobs.leases import Runner
from jobs.policy import MAX_ATTEMPTS, MAX_CLAIMS
from jobs.stores import Probe, Stores, always_there
from services.lanes import Lanes
from tests.jobs.loops import eventually
from tests.jobs.outboxes import FileOutbox
from tests.jobs.workers import KINDS, LEASE, Work, Worker, claimed


async def test_while_the_queue_is_away_jobs_run_where_they_are_claimed(outbox: FileOutbox, worker: Worker) -> None:
    worker.work.gate.set()
    worker.queue.away = True
    quick, streamed = outbox.enqueue("quick", 1), outbox.enqueue("untold", 2)
    await eventually(lambda: outbox.state(quick)[0] == "done")
    assert (worker.work.began, outbox.state(streamed)[0], worker.queue.handed) == ([1], "open", [])
    worker.queue.away = False
    await eventually(lambda: outbox.state(streamed)[0] == "done")
    rows = [outbox.row(job) for job in (quick, streamed)]
    assert [row.attempt - row.uncounted for row in rows] == [1, 1]
    assert worker.queue.handed == [f"untold {streamed}:{rows[1].attempt}"]


async def test_an_attempt_that_the_lost_queue_kept_changes_nothing(outbox: FileOutbox, worker: Worker) -> None:
    """It was written down, and its answer lost."""
    worker.queue.away = True
    job = outbox.enqueue("quick", 1)
    await eventually(lambda: worker.work.began == [1])
    row = outbox.row(job)
    assert worker.queue.runner is not None
    await worker.queue.runner.run(OutboxEntry(job, "job", row.name, row.args, 1, "t", row.created_at))
    assert (worker.work.began, outbox.state(job)[:2]) == ([1], ("open", 2))
    worker.work.gate.set()
    await eventually(lambda: outbox.state(job)[0] == "done")


def of(engine: str) -> SyncFailed:
    failure = SyncFailed("no")
    failure.engine = engine
    return failure


async def away() -> None:
    raise SyncFailed("It is away.")


async def failed_often(outbox: FileOutbox, work: Work, probe: Probe) -> tuple[str, int, str | None]:
    """How a job stands after more failures than are forgiven."""
    job = outbox.enqueue("quick", 7)
    runner = Runner(outbox, work, KINDS, Lanes({"quick": 1}), stores=Stores(probe), lease_seconds=LEASE)
    for _ in range(MAX_CLAIMS + 2):
        entry = await claimed(outbox)
        await runner.run(entry)
        if outbox.state(job)[0] != "open":
            break
        outbox.hasten(job)
    return outbox.state(job)


async def test_a_store_that_is_away_costs_a_job_no_attempt(outbox: FileOutbox) -> None:
    work = Work()
    work.error = of("graph")
    assert await failed_often(outbox, work, away) == ("open", MAX_CLAIMS + 2, "SyncFailed: no")
    assert (len(work.began), work.failures) == (MAX_CLAIMS + 2, [])


@pytest.mark.parametrize(("engine", "probe"), [("graph", always_there), ("llm", away), ("", away)])
async def test_a_job_that_fails_although_the_stores_answer_is_given_up(
    outbox: FileOutbox, engine: str, probe: Probe
) -> None:
    work = Work()
    work.error = of(engine)
    assert await failed_often(outbox, work, probe) == ("dead", MAX_ATTEMPTS, "SyncFailed: no")
    assert work.failures == [(7, "SYNC_ERROR")]


async def test_jobs_that_need_what_is_missing_are_not_begun_until_it_is_back(
    outbox: FileOutbox, worker: Worker
) -> None:
    worker.work.gate.set()
    worker.lanes.shut("stores", ["slow"])
    waiting, other = outbox.enqueue("slow", 1), outbox.enqueue("quick", 2)
    await eventually(lambda: outbox.state(other)[0] == "done")
    assert outbox.state(waiting) == ("open", 0, None)
    worker.lanes.shut("stores", [])
    await eventually(lambda: outbox.state(waiting)[0] == "done")


async def test_stores_are_looked_for_until_they_are_back_and_each_change_is_told_once() -> None:
    there, told = False, list[bool]()

    async def probe() -> None:
        if not there:
            raise SyncFailed("It is away.")

    stores = Stores(probe, told=told.append)
    await stores.back()
    assert [await stores.reach(), await stores.reach(), told] == [False, False, [False]]
    back = asyncio.create_task(stores.back())
    await asyncio.sleep(0)
    there = True
    await asyncio.wait_for(back, 10)
    assert [await stores.reach(), told] == [True, [False, True]]
