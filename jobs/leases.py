"""One attempt of a job under its lease: kept while it runs, given up when another attempt owns it."""

import asyncio
import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import random

from domain.crashes import passing
from domain.errors import DomainError, Failure
from domain.fences import Fenced, under
from domain.outbox import Outbox, OutboxEntry
from jobs.policy import MAX_CLAIMS, Dead, Retry, unexpected, verdict
from jobs.registry import Task
from jobs.stores import Stores
from services.lanes import Lanes
from services.outbox import LEASE_SECONDS

log = logging.getLogger(__name__)

GIVE_UP_AGAIN_SECONDS = 5.0
AWAY_AGAIN_SECONDS = 2.0
PROBE_SECONDS = 2.0
LONGEST_AWAY = timedelta(days=1)
"""A job that is older counts its attempts whatever is away: it may be what ails the store."""
STORES = ("graph", "memory")
"""Engines that `Stores` tells of."""


class Lost(Exception):
    """Another attempt owns the job, or may own it."""


class Runner[S]:
    """Runs what the queue brings. Nothing is raised for a job's own failure: its row in SQL tells of it.

    A job that failed because a store is away waits, and its attempt does not count.
    """

    def __init__(
        self,
        outbox: Outbox,
        services: S,
        tasks: Mapping[str, Task[S]],
        lanes: Lanes,
        *,
        stores: Stores | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._outbox = outbox
        self._services = services
        self._tasks = tasks
        self._lanes = lanes
        self._stores = stores or Stores()
        self._lease_seconds = lease_seconds

    async def run(self, entry: OutboxEntry) -> None:
        """The queue may bring an attempt twice, or long after it lost its lease: then nothing happens."""
        if not self._lanes.enter(entry):
            return
        try:
            if await self._outbox.beat(entry, self._lease_seconds):
                with under(entry):
                    await self._attempt(entry)
        finally:
            self._lanes.leave(entry)

    async def _attempt(self, entry: OutboxEntry) -> None:
        passing("job.begun")
        try:
            await self._leased(entry)
        except (Lost, Fenced):
            log.warning("Job %s %s was taken over from attempt %s.", entry.name, entry.id, entry.attempt)
        except asyncio.CancelledError:
            await self._outbox.release([entry], error="Its worker was stopped.")
            raise
        except Exception as error:  # noqa: BLE001  # policy decides on all of them
            await self._settle(entry, error)
        else:
            passing("job.ended")
            await self._outbox.done(entry)
            passing("job.marked")

    async def _leased(self, entry: OutboxEntry) -> None:
        """Raises Lost, or what the job raises."""
        job = asyncio.create_task(self._job(entry))
        lease = asyncio.create_task(self._keep(entry))
        try:
            await asyncio.wait({job, lease}, return_when=asyncio.FIRST_COMPLETED)
            if not job.done():
                raise Lost
            if job.cancelled():
                raise RuntimeError("The job cancelled itself.")
            job.result()
        finally:
            job.cancel()
            lease.cancel()
            await asyncio.gather(job, lease, return_exceptions=True)

    async def _job(self, entry: OutboxEntry) -> None:
        task = self._tasks.get(entry.name)
        if task is None:
            raise Hopeless("No task has this name: it was enqueued by another version.")
        if entry.tried > MAX_CLAIMS:
            raise Hopeless("It never came to an end: it seems to end its worker each time.")
        async with self._lanes.turn(entry.name):
            await task.run(self._services, *entry.args["args"])

    async def _keep(self, entry: OutboxEntry) -> None:
        """Returns when the lease is lost, or may be because the database does not answer."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._lease_seconds
        while clock() < until:
            await asyncio.sleep(self._lease_seconds / 3)
            try:
                if not await self._outbox.beat(entry, self._lease_seconds):
                    return
                until = clock() + self._lease_seconds
            except Exception:  # the lease may outlast what ails the database
                log.exception("The lease of job %s %s could not be kept.", entry.name, entry.id)

    async def _settle(self, entry: OutboxEntry, error: Exception) -> None:
        known = isinstance(error, DomainError)
        log.warning(
            "Job %s %s failed at attempt %s: %s", entry.name, entry.id, entry.attempt, error,
            exc_info=None if known else error,
        )  # fmt: skip
        if await self._waits(error, entry):
            return await self._outbox.release([entry], error=told(error), after_seconds=AWAY_AGAIN_SECONDS)
        match decided(error, entry):
            case Retry(seconds):
                await self._outbox.retry(entry, after_seconds=seconds, error=told(error))
            case Dead(final):
                await self._bury(entry, final, told(error))
        return None

    async def _waits(self, error: Exception, entry: OutboxEntry) -> bool:
        """Whether a store is away, so that the failure tells nothing of the job."""
        if not (isinstance(error, Failure) and error.retryable and error.engine in STORES):
            return False
        if datetime.now(UTC) - entry.created_at > LONGEST_AWAY:
            return False
        return not await self._stores.reach(seconds=PROBE_SECONDS)

    async def _bury(self, entry: OutboxEntry, final: DomainError, error: str) -> None:
        """Tell whoever waits for the job, then keep it as a dead letter; telling is tried again like the job."""
        task = self._tasks.get(entry.name)
        try:
            if task is not None and task.failed is not None:
                await task.failed(self._services, final, *entry.args["args"])
        except Exception:  # told; what waits for the job must not wait for ever
            log.exception("Job %s %s could not be given up.", entry.name, entry.id)
            if entry.tried <= MAX_CLAIMS:
                return await self._outbox.retry(entry, after_seconds=GIVE_UP_AGAIN_SECONDS, error=error)
        return await self._outbox.dead(entry, code=final.code, message=error)


class Hopeless(Exception):
    """Running it again cannot help."""


def decided(error: Exception, entry: OutboxEntry) -> Retry | Dead:
    if isinstance(error, Hopeless):
        return Dead(unexpected())
    return verdict(error, attempt=entry.tried, chance=random())  # noqa: S311  # jitter


def told(error: Exception) -> str:
    """For operators. Of what nobody expected only its type and place: its words may be somebody's."""
    if isinstance(error, DomainError | Hopeless):
        return f"{type(error).__name__}: {error}"[:500]
    places = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(places[-1].filename).name}:{places[-1].lineno}" if places else ""
    return f"{type(error).__name__}{place}"
