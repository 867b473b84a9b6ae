"""From a row in SQL to a job that runs, or a projection that is made: what happens when things go wrong."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from adapters.bus.redis import RedisBus
from domain.errors import BadInput, DomainError, IngestionFailed, NotFound, SyncFailed, Unreadable
from domain.outbox import OutboxEntry
from domain.replies import ReplyFenced
from jobs.leases import Runner
from jobs.policy import MAX_ATTEMPTS, MAX_CLAIMS, Dead, Retry, verdict
from jobs.registry import TASKS, Task
from jobs.stores import Probe, Stores, always_there
from services.lanes import Lanes
from services.outbox import Dispatcher, Here
from tests.jobs.outboxes import FileOutbox

LEASE = 0.6


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[FileOutbox]:
    outbox = FileOutbox(tmp_path / "outbox.db")
    yield outbox
    await outbox.close()


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[RedisBus]:
    async with RedisBus(redis_url) as bus:
        yield bus


async def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("It did not come to pass within 10 s.")


@asynccontextmanager
async def running(*loops: Awaitable[None]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(loop) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Work:
    """What jobs do in these tests: they note that they began and how they ended."""

    def __init__(self) -> None:
        self.began: list[int] = []
        self.ended: list[str] = []
        self.failures: list[tuple[int, str]] = []
        self.gate = asyncio.Event()
        self.error: Exception | None = None

    async def run(self, number: int) -> None:
        self.began.append(number)
        if self.error is not None:
            raise self.error
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.ended.append(f"{number} cancelled")
            raise
        self.ended.append(f"{number} done")


async def run_work(work: Work, number: int) -> None:
    await work.run(number)


async def work_failed(work: Work, error: DomainError, number: int) -> None:
    work.failures.append((number, error.code))


async def break_down(_work: Work, error: DomainError, _number: int) -> None:
    raise RuntimeError(f"cannot tell of {error}")


KINDS: dict[str, Task[Work]] = {
    "slow": Task(run_work, work_failed, at_once=2),
    "quick": Task(run_work, work_failed, at_once=3),
    "untold": Task(run_work, break_down),
}


class DirectQueue:
    """Hands to a runner of this process, as arq does; it can be away."""

    def __init__(self) -> None:
        self.handed: list[str] = []
        self.away = False
        self.runner: Runner[Work] | None = None
        self.tasks: list[asyncio.Task[None]] = []

    async def put(self, entry: OutboxEntry) -> None:
        if self.away:
            raise SyncFailed("away")
        self.handed.append(f"{entry.name} {entry.id}:{entry.attempt}")
        if self.runner is not None:
            self.tasks.append(asyncio.create_task(self.runner.run(entry)))

    async def ping(self) -> None:
        if self.away:
            raise SyncFailed("away")

    async def alive(self) -> bool:
        return self.runner is not None


class Worker:
    """Dispatcher, queue and runner of one process."""

    def __init__(self, outbox: FileOutbox, bus: RedisBus) -> None:
        self.work = Work()
        self.queue = DirectQueue()
        self.lanes = lanes = Lanes({name: task.at_once for name, task in KINDS.items()})
        self.queue.runner = Runner(outbox, self.work, KINDS, lanes, lease_seconds=LEASE)
        here = Here(self.queue.runner.run, ["untold"])
        self.dispatcher = Dispatcher(outbox, self.queue, bus, lanes, here=here, lease_seconds=LEASE)


@pytest.fixture
async def worker(outbox: FileOutbox, bus: RedisBus) -> AsyncIterator[Worker]:
    worker = Worker(outbox, bus)
    async with running(worker.dispatcher.run()):
        yield worker
    async with running(*worker.queue.tasks):
        pass


async def claimed(outbox: FileOutbox) -> OutboxEntry:
    [entry] = await outbox.claim(limit=1, lease_seconds=LEASE)
    return entry


@pytest.mark.parametrize("error", [BadInput("no"), NotFound("no"), Unreadable("no")])
def test_what_no_retry_can_mend_is_final_at_once(error: DomainError) -> None:
    assert verdict(error, attempt=1, chance=0.0) == Dead(error)


def test_delays_grow_and_spread() -> None:
    error = IngestionFailed("x")
    assert [verdict(error, attempt=n, chance=0.0) for n in range(1, 5)] == [Retry(1), Retry(3), Retry(9), Retry(27)]
    assert [verdict(error, attempt=n, chance=1.0) for n in range(1, 5)] == [
        Retry(0.5),
        Retry(1.5),
        Retry(4.5),
        Retry(13.5),
    ]
    assert verdict(error, attempt=MAX_ATTEMPTS, chance=0.0) == Dead(error)


def test_an_unexpected_error_is_retried_and_then_told_without_its_words() -> None:
    assert verdict(ValueError("secret"), attempt=1, chance=0.0) == Retry(1)
    final = verdict(ValueError("secret"), attempt=MAX_ATTEMPTS, chance=0.0)
    assert isinstance(final, Dead)
    assert (final.error.code, "secret" in final.error.message) == ("INTERNAL", False)


def test_a_fenced_reply_is_tried_again() -> None:
    assert verdict(ReplyFenced(), attempt=1, chance=0.5) == Retry(1.0)


def test_every_enqueued_name_is_a_task() -> None:
    services = Path(__file__).parents[2] / "services"
    sources = "".join(path.read_text() for path in services.glob("*.py"))
    enqueued = {part.split('"')[0] for part in sources.split('enqueue("')[1:]}
    assert enqueued <= TASKS.keys()
    assert enqueued


async def test_a_job_runs_and_is_done(outbox: FileOutbox, worker: Worker, bus: RedisBus) -> None:
    worker.work.gate.set()
    job = outbox.enqueue("quick", 7)
    await bus.publish(["outbox"])
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
        await bus.publish(["outbox"])
        await eventually(lambda: all(outbox.state(job)[0] == "done" for job in jobs))
    assert sorted(one.work.began + two.work.began) == list(range(60))
    assert {outbox.state(job)[1] for job in jobs} == {1}


async def test_jobs_are_no_events_and_events_no_jobs(outbox: FileOutbox) -> None:
    event, job = outbox.emit("MemberJoined", member_id=1), outbox.enqueue("quick", 1)
    assert [entry.id for entry in await outbox.claim_events(limit=9, lease_seconds=1)] == [event]
    assert [entry.id for entry in await outbox.claim(limit=9, lease_seconds=1)] == [job]
