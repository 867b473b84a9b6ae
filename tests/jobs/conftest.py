from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.bus.redis import RedisBus
from tests.jobs.loops import running
from tests.jobs.outboxes import FileOutbox
from tests.jobs.workers import Worker


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[FileOutbox]:
    outbox = FileOutbox(tmp_path / "outbox.db")
    yield outbox
    await outbox.close()


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[RedisBus]:
    async with RedisBus(redis_url) as bus:
        yield bus


@pytest.fixture
async def worker(outbox: FileOutbox, bus: RedisBus) -> AsyncIterator[Worker]:
    worker = Worker(outbox, bus)
    async with running(worker.dispatcher.run()):
        yield worker
    async with running(*worker.queue.tasks):
        pass
