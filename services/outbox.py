"""What leaves a transaction as a job: handed to a worker. A loop of the worker process."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass

from domain.bus import Bus
from domain.crashes import passing
from domain.errors import SyncFailed
from domain.outbox import HINTS, Outbox, OutboxEntry
from domain.queue import Queue
from services.lanes import Lanes

log = logging.getLogger(__name__)

LEASE_SECONDS = 8.0
POLL_SECONDS = 0.25
ERROR_SECONDS = 1.0
AWAY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Here:
    """How this process runs a claimed job itself; those named in `never` need what the queue runs on."""

    run: Callable[[OutboxEntry], Awaitable[None]]
    never: Collection[str] = ()


class Dispatcher:
    """Claims due jobs for which this process has room and hands each to the queue.

    Hints make it quick; the poll finds what a lost hint or a dead worker left: a job whose worker was killed runs again
    within a lease and a poll. While the queue is away jobs are run here: no deadline waits for Redis.
    """

    def __init__(
        self, outbox: Outbox, queue: Queue, bus: Bus, lanes: Lanes, *, here: Here, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._outbox = outbox
        self._queue = queue
        self._bus = bus
        self._lanes = lanes
        self._here = here
        self._away = asyncio.Event()
        self._lease_seconds = lease_seconds

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._listen())
            loops.create_task(self._dispatch(loops))
            loops.create_task(self._look())

    async def _listen(self) -> None:
        async with self._bus.listen(HINTS["job"]) as hints:
            while True:
                if await hints.wait(60):
                    self._lanes.freed.set()

    async def _dispatch(self, loops: asyncio.TaskGroup) -> None:
        while True:
            self._lanes.freed.clear()
            try:
                seconds = await self._round(loops)
            except Exception:  # the loop outlives every failure of the database; this one is told
                log.exception("Jobs could not be claimed.")
                seconds = ERROR_SECONDS
            with suppress(TimeoutError):
                await asyncio.wait_for(self._lanes.freed.wait(), seconds)

    async def _round(self, loops: asyncio.TaskGroup) -> float:
        """Hand over what is due; seconds until the next look."""
        due = await self._outbox.next_due()
        if due is None or due > 0:
            return POLL_SECONDS if due is None else min(due, POLL_SECONDS)
        now = asyncio.get_running_loop().time()
        free = self._lanes.free(at=now)
        if not any(free.values()):
            return POLL_SECONDS
        full = [name for name, places in free.items() if not places]
        entries = await self._outbox.claim(limit=sum(free.values()), lease_seconds=self._lease_seconds, skip=full)
        if entries:
            passing("job.claimed")
        for entry in entries:
            self._lanes.hand(entry, until=now + self._lease_seconds)
        if self._away.is_set():
            for entry in entries:
                loops.create_task(self._run(entry))
        else:
            await asyncio.gather(*map(self._hand, entries))
        return 0 if entries else POLL_SECONDS

    async def _hand(self, entry: OutboxEntry) -> None:
        """To the queue. If it is away, back: a new attempt, as the queue may have this one after all."""
        try:
            await self._queue.put(entry)
            passing("job.queued")
        except SyncFailed as failure:
            if not self._away.is_set():
                log.warning("Jobs are run where they are claimed while the queue is away: %s", failure)
            self._away.set()
            self._lanes.shut("queue", self._here.never)
            await self._outbox.release([entry], error="The queue was away.")
            self._lanes.leave(entry)

    async def _run(self, entry: OutboxEntry) -> None:
        try:
            await self._here.run(entry)
        except Exception:  # of the database: the job's own are settled, and its lease ends by itself
            log.exception("Job %s %s could not be settled.", entry.name, entry.id)

    async def _look(self) -> None:
        """Tell when the queue is back."""
        while True:
            await self._away.wait()
            await asyncio.sleep(AWAY_SECONDS)
            with suppress(SyncFailed):
                await self._queue.ping()
                self._away.clear()
                self._lanes.shut("queue", ())
                log.warning("The queue is back.")
