"""Showing events to their projections: in order for each aggregate, and what cannot be shown is set aside."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Protocol

from domain.alerts import Alerts
from domain.bus import Bus
from domain.crashes import passing
from domain.outbox import HINTS, Outbox, OutboxEntry
from jobs.leases import Hopeless, decided, told
from jobs.policy import MAX_CLAIMS, Dead, Retry
from jobs.stores import Stores
from services.outbox import ERROR_SECONDS, LEASE_SECONDS, POLL_SECONDS

log = logging.getLogger(__name__)

SUSPICIOUS = 3
"""Attempts after which an event is shown by itself: it may be what ends its worker."""

type Left = dict[int, OutboxEntry]
"""What a step has claimed and not settled yet, by id."""


class Projections(Protocol):
    """Of `services.projections.Projections`, what shows."""

    async def project(self, entries: list[OutboxEntry]) -> None: ...


class Away(Exception):
    """The stores do not answer, so that a failure tells nothing of the event."""


class Projector:
    """Events of one aggregate are shown in order and by one process at a time; an event may be shown twice.

    While the stores are away all wait, for as long as it takes. An event that fails although they answer is tried again
    by itself, and only its aggregate waits; after the policy's attempts it becomes a dead letter, and what follows it
    goes on: projections show rows as they are now, so the next one of its aggregate mends what is missing.
    """

    BATCH = 500
    GATHERED, GATHER_SECONDS = "BallotCast", 0.25
    """After a batch with ballots: what many of them changed many times is then shown once."""

    def __init__(
        self,
        outbox: Outbox,
        bus: Bus,
        projections: Projections,
        stores: Stores,
        *,
        alerts: Alerts,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._outbox = outbox
        self._bus = bus
        self._projections = projections
        self._stores = stores
        self._alerts = alerts
        self._lease_seconds = lease_seconds

    async def run(self) -> None:
        """Until cancelled."""
        async with self._bus.listen(HINTS["event"]) as hints:
            while True:
                try:
                    await self._stores.back()
                    shown = await self._step()
                    if not shown:
                        await hints.wait(POLL_SECONDS)
                    elif self.GATHERED in shown:
                        await asyncio.sleep(self.GATHER_SECONDS)
                except Away as error:
                    log.warning("Projections wait: %s", error)
                except Exception:  # the loop outlives every failure of the database; this one is told
                    log.exception("Events could not be claimed or settled.")
                    await asyncio.sleep(ERROR_SECONDS)

    async def _step(self) -> set[str]:
        """One batch; the names of its events, none when there was nothing to do. Raises Away."""
        entries = await self._outbox.claim_events(limit=self.BATCH, lease_seconds=self._lease_seconds)
        if not entries:
            return set()
        passing("event.read")
        left = {entry.id: entry for entry in entries}
        suspect = next((entry for entry in entries if entry.tried > SUSPICIOUS), None)
        try:
            async with self._leased(left):
                await self._show([suspect] if suspect else entries, left)
        finally:
            if left:
                await self._outbox.release(list(left.values()), error="It was not its turn yet.")
        return {entry.name for entry in entries}

    async def _show(self, entries: list[OutboxEntry], left: Left) -> bool:
        """Whether what follows them may be shown too."""
        try:
            if entries[0].tried > MAX_CLAIMS:
                raise Hopeless("It seems to end its worker each time.")
            await self._projections.project(entries)
        except Exception as error:  # noqa: BLE001  # policy decides on all of them
            return await self._failed(entries, error, left)
        passing("event.shown")
        await self._outbox.projected(entries)
        passing("event.marked")
        for entry in entries:
            del left[entry.id]
        return True

    async def _failed(self, entries: list[OutboxEntry], error: Exception, left: Left) -> bool:
        """Raises Away."""
        if len(entries) == 1 and isinstance(error, Hopeless):
            return await self._settle(entries[0], error, left)
        await self._reach(error)
        if len(entries) == 1:
            return await self._settle(entries[0], error, left)
        aggregates = [list(same) for _, same in groupby(sorted(entries, key=aggregate), key=aggregate)]
        if len(aggregates) == 1:
            return await self._one_by_one(entries, left)
        for same in aggregates:
            await self._show(same, left)
        return True

    async def _one_by_one(self, entries: list[OutboxEntry], left: Left) -> bool:
        for entry in entries:
            if not await self._show([entry], left):
                return False
        return True

    async def _reach(self, error: Exception) -> None:
        """Raises Away."""
        if not await self._stores.reach():
            raise Away(told(error)) from error

    async def _settle(self, entry: OutboxEntry, error: Exception, left: Left) -> bool:
        match decided(error, entry):
            case Retry(seconds):
                log.warning("Event %s %s failed at attempt %s: %s", entry.name, entry.id, entry.tried, told(error))
                await self._outbox.retry(entry, after_seconds=seconds, error=told(error))
                ended = False
            case Dead(final):
                await self._outbox.dead(entry, code=final.code, message=told(error))
                message = f"{entry.name} of {entry.aggregate} was set aside: {told(error)}. See frontier dead-letters."
                self._alerts.raise_("SYNC_ERROR", subject=f"event:{entry.id}", message=message)
                ended = True
        del left[entry.id]
        return ended

    @asynccontextmanager
    async def _leased(self, left: Left) -> AsyncIterator[None]:
        keeping = asyncio.create_task(self._keep(left))
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _keep(self, left: Left) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            try:
                await self._outbox.beat_events(list(left.values()), self._lease_seconds)
            except Exception:  # a lease that is lost shows when the events are marked
                log.exception("The leases of %s events could not be kept.", len(left))


def aggregate(entry: OutboxEntry) -> str:
    return entry.aggregate
