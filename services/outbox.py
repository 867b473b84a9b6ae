"""What leaves a transaction as a job: handed to a worker. A loop of the worker process."""

import asyncio
import logging
from contextlib import suppress

from domain.bus import Bus
from domain.crashes import passing
from domain.errors import SyncFailed
from domain.outbox import Outbox, OutboxEntry
from domain.queue import Queue
from services.lanes import Lanes

log = logging.getLogger(__name__)

TOPIC = "outbox"
LEASE_SECONDS = 8.0
POLL_SECONDS = 0.25
ERROR_SECONDS = 1.0
AWAY_SECONDS = 0.5


class Dispatcher:
    """Claims due jobs for which this process has room and hands each to the queue.

    Hints make it quick; the poll finds what a lost hint or a dead worker left: a job whose worker was killed runs again
    within a lease and a poll.
    """

    def __init__(
        self, outbox: Outbox, queue: Queue, bus: Bus, lanes: Lanes, *, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._outbox = outbox
        self._queue = queue
        self._bus = bus
        self._lanes = lanes
        self._lease_seconds = lease_seconds

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._listen())
            both.create_task(self._dispatch())

    async def _listen(self) -> None:
        async with self._bus.listen(TOPIC) as hints:
            while True:
                if await hints.wait(60):
                    self._lanes.freed.set()

    async def _dispatch(self) -> None:
        while True:
            self._lanes.freed.clear()
            try:
                seconds = await self._round()
            except Exception:  # the loop outlives every failure of the database; this one is told
                log.exception("Jobs could not be claimed.")
                seconds = ERROR_SECONDS
            with suppress(TimeoutError):
                await asyncio.wait_for(self._lanes.freed.wait(), seconds)

    async def _round(self) -> float:
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
        await asyncio.gather(*map(self._hand, entries))
        return 0 if entries else POLL_SECONDS

    async def _hand(self, entry: OutboxEntry) -> None:
        """Keeps the lease while the queue is away, so that an outage costs no attempts."""
        while True:
            try:
                await self._queue.put(entry)
                passing("job.queued")
                return
            except SyncFailed as failure:
                log.warning("Job %s %s waits: %s", entry.name, entry.id, failure)
            await asyncio.sleep(AWAY_SECONDS)
            if not await self._outbox.beat(entry, self._lease_seconds):
                return
