"""A worker process for the tests that kill one: `python -m tests.jobs.working REDIS_URL OUTBOX_FILE NAME LEASE`."""

import asyncio
import sys
from pathlib import Path

from adapters.bus.redis import RedisBus
from adapters.queue.arq import ArqQueue
from app.worker import Parts, stop_signal, work
from domain.alerts import Unheard
from domain.outbox import OutboxEntry
from jobs.registry import Task
from tests.jobs.outboxes import FileOutbox


class Diary:
    """The jobs' services: they write into the outbox's file what they did."""

    def __init__(self, outbox: FileOutbox, name: str) -> None:
        self.outbox = outbox
        self.name = name

    def note(self, line: str) -> None:
        self.outbox.note(f"{self.name} {line}")


class Shown:
    """Projections that are lines of the diary."""

    def __init__(self, diary: Diary) -> None:
        self.diary = diary

    async def project(self, entries: list[OutboxEntry]) -> None:
        self.diary.note(f"projected {[entry.args['member_id'] for entry in entries]}")


async def sleep(diary: Diary, number: int, milliseconds: int) -> None:
    diary.note(f"began {number}")
    await asyncio.sleep(milliseconds / 1000)
    diary.note(f"ended {number}")


TASKS: dict[str, Task[Diary]] = {"sleep": Task(sleep, at_once=4)}


def parts_of(url: str, bus: RedisBus, queue: ArqQueue, diary: Diary, *, lease_seconds: float) -> Parts[Diary]:
    async def sweep() -> None:
        diary.note("swept")

    return Parts(
        diary.outbox,
        queue,
        bus,
        diary,
        TASKS,
        projections=Shown(diary),
        alerts=Unheard(),
        sweep=sweep,
        lease_seconds=lease_seconds,
    )


async def main(url: str, file: str, name: str, lease: str) -> None:
    outbox = FileOutbox(Path(file))
    queue, diary = ArqQueue(url), Diary(outbox, name)
    async with RedisBus(url) as bus:
        diary.note("works")
        await work(parts_of(url, bus, queue, diary, lease_seconds=float(lease)), stop=stop_signal())
    await queue.aclose()
    await outbox.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
