"""Whole worker processes: killed, stopped, and without Redis for a while."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from adapters.bus.redis import RedisBus
from adapters.embedded.falkordb import free_port, server_command
from adapters.queue.arq import ArqQueue
from app.worker import work
from tests.conftest import wait_for_ping
from tests.jobs.outboxes import FileOutbox
from tests.jobs.working import Diary, parts_of

LEASE = 1.5


class Server:
    """A Redis of this test's own, which may be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = server_command(self.folder, self.port)
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for_ping(self.port)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[FileOutbox]:
    outbox = FileOutbox(tmp_path / "outbox.db")
    yield outbox
    await outbox.close()


type Start = Callable[[str], subprocess.Popen[bytes]]


@pytest.fixture
def start(server: Server, tmp_path: Path, outbox: FileOutbox) -> Iterator[Start]:
    """Starts a worker process by its name."""
    started = []

    def start_one(name: str) -> subprocess.Popen[bytes]:
        arguments = [server.url, str(tmp_path / "outbox.db"), name, str(LEASE)]
        process = subprocess.Popen([sys.executable, "-m", "tests.jobs.working", *arguments])
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
        process.wait(10)


async def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("It did not come to pass within 20 s.")


def lines_of(outbox: FileOutbox, number: int) -> list[tuple[str, str]]:
    """Who began and ended job `number`, in order."""
    words = [line.split() for line in outbox.diary() if line.endswith(f" {number}")]
    return [(name, verb) for name, verb, _ in words]


def began(outbox: FileOutbox, name: str, count: int) -> bool:
    return sum(line.startswith(f"{name} began") for line in outbox.diary()) >= count


async def test_after_a_kill_in_the_middle_the_job_runs_again(outbox: FileOutbox, start: Start) -> None:
    workers = {name: start(name) for name in ("one", "two")}
    await eventually(lambda: {"one works", "two works"} <= set(outbox.diary()))
    job = outbox.enqueue("sleep", 1, 1_000)
    await eventually(lambda: bool(lines_of(outbox, 1)))
    [(killed, _)] = lines_of(outbox, 1)
    other = "two" if killed == "one" else "one"
    workers[killed].kill()
    await eventually(lambda: outbox.state(job)[0] == "done")
    assert lines_of(outbox, 1) == [(killed, "began"), (other, "began"), (other, "ended")]
    assert (outbox.state(job)[1], workers[other].poll()) == (2, None)


async def test_a_killed_worker_continues_when_it_is_started_again(outbox: FileOutbox, start: Start) -> None:
    jobs = [outbox.enqueue("sleep", number, 200) for number in range(12)]
    for name in ("first", "second"):
        process = start(name)
        await eventually(partial(began, outbox, name, 3))
        process.kill()
    start("third")
    await eventually(lambda: all(outbox.state(job)[0] == "done" for job in jobs))
    ended = [line.split()[2] for line in outbox.diary() if "ended" in line]
    assert sorted(set(ended), key=int) == [str(number) for number in range(12)]


async def test_sigterm_lets_short_jobs_end_and_hands_long_ones_over(outbox: FileOutbox, start: Start) -> None:
    short, long = outbox.enqueue("sleep", 1, 700), outbox.enqueue("sleep", 2, 6_000)
    first = start("first")
    await eventually(lambda: {"first began 1", "first began 2"} <= set(outbox.diary()))
    first.terminate()
    assert await asyncio.to_thread(first.wait, 6) == 0
    assert outbox.state(short)[:2] == ("done", 1)
    assert outbox.state(long) == ("open", 1, "Its worker was stopped.")
    assert await outbox.next_due() == 0


@pytest.fixture
async def working(server: Server, outbox: FileOutbox) -> AsyncIterator[asyncio.Event]:
    """A worker in this process; the event stops it."""
    stop, queue = asyncio.Event(), ArqQueue(server.url)
    async with RedisBus(server.url) as bus:
        parts = parts_of(server.url, bus, queue, Diary(outbox, "here"), lease_seconds=LEASE)
        worker = asyncio.create_task(work(parts, stop=stop))
        yield stop
        stop.set()
        await worker
    await queue.aclose()


async def test_a_worker_outlives_an_outage_of_redis_and_its_jobs_too(
    outbox: FileOutbox, server: Server, working: asyncio.Event
) -> None:
    before = outbox.enqueue("sleep", 1, 3_000)
    await eventually(lambda: "here began 1" in outbox.diary())
    server.stop()
    during = outbox.enqueue("sleep", 2, 10)
    await eventually(lambda: outbox.state(during)[0] == "done")
    server.start()
    after = outbox.enqueue("sleep", 3, 10)
    await eventually(lambda: all(outbox.state(job)[0] == "done" for job in (before, during, after)))
    rows = [outbox.row(job) for job in (before, during, after)]
    assert [row.attempt - row.uncounted for row in rows] == [1, 1, 1]
    assert lines_of(outbox, 1) == [("here", "began"), ("here", "ended")]


async def test_a_worker_sweeps_projects_and_shows_that_it_lives(
    outbox: FileOutbox, server: Server, working: asyncio.Event
) -> None:
    event = outbox.emit("MemberJoined", member_id=7)
    await eventually(lambda: outbox.state(event)[0] == "done" and "here swept" in outbox.diary())
    assert "here projected [7]" in outbox.diary()
    queue = ArqQueue(server.url)
    assert await queue.alive()
    await queue.aclose()
