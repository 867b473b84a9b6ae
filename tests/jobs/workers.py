"""A worker of this process whose jobs note what they do, and whose queue can be away."""

import asyncio

from adapters.bus.redis import RedisBus
from domain.errors import DomainError, SyncFailed
from domain.outbox import OutboxEntry
from jobs.leases import Runner
from jobs.registry import Task
from services.lanes import Lanes
from services.outbox import Dispatcher, Here
from tests.jobs.outboxes import FileOutbox

LEASE = 0.6


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


async def claimed(outbox: FileOutbox) -> OutboxEntry:
    [entry] = await outbox.claim(limit=1, lease_seconds=LEASE)
    return entry
