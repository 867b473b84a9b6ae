"""From a row in SQL to a job that runs once: what happens when jobs and workers fail."""

import asyncio
from contextlib import suppress

from adapters.bus.redis import RedisBus
from domain.errors import BadInput, IngestionFailed, Unreadable
from jobs.leases import Runner
from jobs.policy import MAX_ATTEMPTS, MAX_CLAIMS
from services.lanes import Lanes
from tests.jobs.loops import eventually, running
from tests.jobs.outboxes import FileOutbox
from tests.jobs.workers import KINDS, LEASE, Work, Worker, claimed


async def test_a_job_runs_and_is_done(outbox: FileOutbox, worker: Worker, bus: RedisBus) -> None:
    worker.work.gate.set()
    job = outbox.enqueue("quick", 7)
    await bus.publish(["outbox:jobs"])
    await eventually(lambda: outbox.state(job) == ("done", 1, None))
    assert (worker.work.began, worker.work.ended) == ([7], ["7 done"])


async def test_a_job_whose_hint_was_lost_runs_too(outbox: FileOutbox, worker: Worker) -> None:
    worker.work.gate.set()
    job = outbox.enqueue("quick", 7)
    await eventually(lambda: outbox.state(job)[0] == "done")


async def test_a_job_waits_until_it_is_due(outbox: FileOutbox, worker: Worker) -> None:
    worker.work.gate.set()
    later, now = outbox.enqueue("quick", 1, after=0.5), outbox.enqueue("quick", 2)
    await eventually(lambda: outbox.state(later)[0] == "done")
    assert (worker.work.began, outbox.state(now)[0]) == ([2, 1], "done")


async def test_a_refused_job_is_told_and_dead(outbox: FileOutbox, worker: Worker) -> None:
    worker.work.error = Unreadable("It is encrypted.")
    job = outbox.enqueue("quick", 7)
    await eventually(lambda: outbox.state(job)[0] == "dead")
    assert outbox.state(job) == ("dead", 1, "Unreadable: It is encrypted.")
    assert worker.work.failures == [(7, "INGESTION_ERROR")]


async def test_a_failed_job_is_due_again_later(outbox: FileOutbox, worker: Worker) -> None:
    worker.work.error = IngestionFailed("The model is away.")
    job = outbox.enqueue("quick", 7)
    await eventually(lambda: outbox.state(job) == ("open", 1, "IngestionFailed: The model is away."))
    due = await outbox.next_due()
    assert due is not None
    assert 0.3 < due <= 1.0
    worker.work.error = None
    worker.work.gate.set()
    await eventually(lambda: outbox.state(job)[0] == "done")
    assert (outbox.state(job)[1], worker.work.failures) == (2, [])


async def test_the_fifth_failure_is_the_last(outbox: FileOutbox) -> None:
    work = Work()
    work.error = IngestionFailed("no")
    job = outbox.enqueue("quick", 7)
    runner = Runner(outbox, work, KINDS, Lanes({"quick": 1}), lease_seconds=LEASE)
    for _ in range(MAX_ATTEMPTS):
        entry = await claimed(outbox)
        await runner.run(entry)
        if outbox.state(job)[0] == "open":
            await outbox.retry(entry, after_seconds=0, error="now")
    assert outbox.state(job) == ("dead", MAX_ATTEMPTS, "IngestionFailed: no")
    assert (work.began, work.failures) == ([7] * 5, [(7, "INGESTION_ERROR")])


async def test_a_job_that_ends_its_worker_each_time_is_given_up(outbox: FileOutbox) -> None:
    work = Work()
    job = outbox.enqueue("quick", 7)
    for _ in range(MAX_CLAIMS + 1):
        entry = await claimed(outbox)
        if entry.attempt <= MAX_CLAIMS:  # the worker dies here, and its lease is over
            await outbox.retry(entry, after_seconds=0, error="")
    await Runner(outbox, work, KINDS, Lanes({"quick": 1}), lease_seconds=LEASE).run(entry)
    assert (outbox.state(job)[0], work.began, work.failures) == ("dead", [], [(7, "INTERNAL")])


async def test_a_job_without_a_task_is_a_dead_letter(outbox: FileOutbox) -> None:
    job = outbox.enqueue("of another version", 7)
    runner = Runner(outbox, Work(), KINDS, Lanes({"quick": 1}), lease_seconds=LEASE)
    await runner.run(await claimed(outbox))
    assert outbox.state(job)[0] == "dead"


async def test_what_could_not_be_told_is_tried_again(outbox: FileOutbox) -> None:
    work = Work()
    work.error = BadInput("no")
    job = outbox.enqueue("untold", 7)
    await Runner(outbox, work, KINDS, Lanes({"untold": 1}), lease_seconds=LEASE).run(await claimed(outbox))
    assert outbox.state(job) == ("open", 1, "BadInput: no")


async def test_a_long_job_keeps_its_lease(outbox: FileOutbox, worker: Worker) -> None:
    job = outbox.enqueue("quick", 7)
    await eventually(lambda: worker.work.began == [7])
    await asyncio.sleep(3 * LEASE)
    assert outbox.state(job) == ("open", 1, None)
    worker.work.gate.set()
    await eventually(lambda: outbox.state(job) == ("done", 1, None))
    assert worker.work.began == [7]


async def test_a_job_that_was_taken_over_is_cancelled_and_changes_nothing(outbox: FileOutbox) -> None:
    work = Work()
    job = outbox.enqueue("quick", 7)
    runner = Runner(outbox, work, KINDS, Lanes({"quick": 1}), lease_seconds=LEASE)
    first = await claimed(outbox)
    running = asyncio.create_task(runner.run(first))
    await eventually(lambda: work.began == [7])
    await outbox.retry(first, after_seconds=0, error="its lease was over")
    second = await claimed(outbox)
    await running
    assert (second.attempt, work.ended) == (2, ["7 cancelled"])
    await outbox.done(first)
    assert outbox.state(job)[:2] == ("open", 2)


async def test_an_attempt_that_comes_too_late_is_not_run(outbox: FileOutbox) -> None:
    work = Work()
    outbox.enqueue("quick", 7)
    first = await claimed(outbox)
    await outbox.retry(first, after_seconds=0, error="")
    await claimed(outbox)
    await Runner(outbox, work, KINDS, Lanes({"quick": 1}), lease_seconds=LEASE).run(first)
    assert work.began == []


async def test_an_attempt_that_comes_twice_is_run_once(outbox: FileOutbox) -> None:
    work = Work()
    outbox.enqueue("quick", 7)
    runner = Runner(outbox, work, KINDS, Lanes({"quick": 2}), lease_seconds=LEASE)
    entry = await claimed(outbox)
    both = [asyncio.create_task(runner.run(entry)) for _ in range(2)]
    await eventually(both[1].done)
    work.gate.set()
    await asyncio.gather(*both)
    assert work.began == [7]


async def test_a_stopped_worker_gives_its_lease_up_at_once(outbox: FileOutbox) -> None:
    work = Work()
    job = outbox.enqueue("quick", 7)
    runner = Runner(outbox, work, KINDS, Lanes({"quick": 1}), lease_seconds=60)
    [entry] = await outbox.claim(limit=1, lease_seconds=60)
    running = asyncio.create_task(runner.run(entry))
    await eventually(lambda: work.began == [7])
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert (await claimed(outbox)).id == job


async def test_full_lanes_hold_up_no_other(outbox: FileOutbox, worker: Worker) -> None:
    for number in range(30):
        outbox.enqueue("slow", number)
    await eventually(lambda: len(worker.work.began) == 2)
    quick = outbox.enqueue("quick", 100)
    await eventually(lambda: 100 in worker.work.began)
    assert worker.work.began == [0, 1, 100]
    worker.work.gate.set()
    await eventually(lambda: outbox.state(quick)[0] == "done" and len(worker.work.ended) == 31)
    assert sorted(worker.work.began) == [*range(30), 100]
    assert {outbox.state(job + 1)[1] for job in range(31)} == {1}


async def test_two_workers_run_each_job_once(outbox: FileOutbox, bus: RedisBus) -> None:
    one, two = Worker(outbox, bus), Worker(outbox, bus)
    one.work.gate.set()
    two.work.gate.set()
    jobs = [outbox.enqueue("quick", number) for number in range(60)]
    async with running(one.dispatcher.run(), two.dispatcher.run()):
        await bus.publish(["outbox:jobs"])
        await eventually(lambda: all(outbox.state(job)[0] == "done" for job in jobs))
    assert sorted(one.work.began + two.work.began) == list(range(60))
    assert {outbox.state(job)[1] for job in jobs} == {1}


async def test_jobs_are_no_events_and_events_no_jobs(outbox: FileOutbox) -> None:
    event, job = outbox.emit("MemberJoined", member_id=1), outbox.enqueue("quick", 1)
    assert [entry.id for entry in await outbox.claim_events(limit=9, lease_seconds=1)] == [event]
    assert [entry.id for entry in await outbox.claim(limit=9, lease_seconds=1)] == [job]
