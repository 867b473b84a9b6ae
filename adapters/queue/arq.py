"""Waking workers through arq. Which jobs there are, who runs them and how often stands in SQL."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix, retry_key_prefix
from arq.cron import CronJob, cron
from arq.worker import Worker, func
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from adapters.bus.errors import redis_failures
from domain.outbox import OutboxEntry

log = logging.getLogger(__name__)

QUEUE = "frontier:jobs"
ALIVE = "frontier:worker"
ALIVE_SECONDS = 2
FUNCTION = "attempt"
POLL_SECONDS = 0.05
ANSWER_SECONDS = 2.0
"""A deadline's job waits as long for a Redis that hangs, before it is run where it was claimed."""
HOURLY = {"minute": 17}
"""When a run of the reconciliation begins, in arq's words."""
RECONCILE_SECONDS = 3300
"""Of an hour; what is left goes on in the next."""
LONGEST_SECONDS = 6 * 3600
"""arq's own timeout stays out of the way: the lease in SQL tells whether a job still runs."""
FIRST_DELAY, LAST_DELAY = 0.1, 2.0
RELEASE_SECONDS = 2.0


class ArqQueue:
    """Port `Queue`. Connects at its first use."""

    def __init__(self, url: str) -> None:
        pool: Any = ConnectionPool.from_url(url, socket_connect_timeout=1.0, socket_timeout=ANSWER_SECONDS)
        self.redis = ArqRedis(pool, job_serializer=pack, job_deserializer=json.loads, default_queue_name=QUEUE)

    async def put(self, entry: OutboxEntry) -> None:
        """Each attempt has an arq id of its own: a killed one's would stay blocked. It is forgotten here."""
        with redis_failures("waking a worker"):
            if entry.attempt > 1:
                await self._forget(arq_id(entry.id, entry.attempt - 1))
            await self.redis.enqueue_job(FUNCTION, payload(entry), _job_id=arq_id(entry.id, entry.attempt))

    async def alive(self) -> bool:
        with redis_failures("looking for a worker"):
            return bool(await self.redis.exists(ALIVE))

    async def ping(self) -> None:
        """Raises SyncFailed. A Redis whose disk is full refuses this too, as it does whatever writes."""
        with redis_failures("answering"):
            await self.redis.ping()

    async def aclose(self) -> None:
        await self.redis.aclose(close_connection_pool=True)

    async def _forget(self, job_id: str) -> None:
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.zrem(QUEUE, job_id)
            pipe.delete(*(prefix + job_id for prefix in (job_key_prefix, in_progress_key_prefix, retry_key_prefix)))
            await pipe.execute()


class ArqWorker:
    """arq's worker inside this process. It ends at every outage of Redis, so it is made anew; its jobs run on."""

    def __init__(
        self,
        queue: ArqQueue,
        run: Callable[[OutboxEntry], Awaitable[None]],
        *,
        sweep: Callable[[], Awaitable[object]],
        reconcile: Callable[[], Awaitable[object]] | None = None,
        reconcile_at: Mapping[str, Any] = HOURLY,
        max_jobs: int,
    ) -> None:
        self._queue = queue
        self._run = run
        self._sweep = sweep
        self._reconcile = reconcile
        self._reconcile_at = reconcile_at
        self._max_jobs = max_jobs
        self._worker: Worker | None = None
        self._started: set[asyncio.Task[Any]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        delay = FIRST_DELAY
        while True:
            self._worker = worker = self._made()
            try:
                await worker.main()
            except (RedisError, OSError) as error:
                log.warning("No jobs are taken while Redis is away: %s", error)
            except Exception:
                log.exception("The job loop failed and starts again.")
            finally:
                self._keep(worker)
            delay = FIRST_DELAY if worker.jobs_complete else min(delay * 2, LAST_DELAY)
            await asyncio.sleep(delay)

    async def stop(self, *, patience: float) -> None:
        """Take no more; cancel what still runs after `patience` seconds, so that it gives up its lease."""
        if self._worker is not None:
            self._worker.allow_pick_jobs = False
            self._keep(self._worker)
        if self._started:
            await asyncio.wait(self._started, timeout=patience)
        for task in self._started:
            task.cancel()
        if self._started:
            await asyncio.wait(self._started, timeout=RELEASE_SECONDS)
        with suppress(RedisError, OSError):  # it expires by itself
            await self._queue.redis.delete(ALIVE)

    def _keep(self, worker: Worker) -> None:
        """Hold on to jobs whose arq worker has ended."""
        for task in worker.tasks.values():
            if task not in self._started and not task.done():
                self._started.add(task)
                task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._started.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("arq could not note that a job has ended: %s", error)

    def _made(self) -> Worker:
        return Worker(
            functions=[func(self._attempt, name=FUNCTION)],
            cron_jobs=self._crons(),
            redis_pool=self._queue.redis,
            queue_name=QUEUE,
            handle_signals=False,
            max_jobs=self._max_jobs,
            job_timeout=LONGEST_SECONDS,
            keep_result=0,
            poll_delay=POLL_SECONDS,
            max_tries=1000,
            health_check_interval=ALIVE_SECONDS,
            health_check_key=ALIVE,
            retry_jobs=False,
            job_serializer=pack,
            job_deserializer=json.loads,
            log_results=False,
        )

    def _crons(self) -> list[CronJob]:
        crons = [cron(self._swept, name="sweep", second=0, run_at_startup=True, timeout=50, keep_result=0)]
        if self._reconcile is not None:
            at, seconds = self._reconcile_at, RECONCILE_SECONDS
            crons.append(cron(self._reconciled, name="reconcile", **at, timeout=seconds, keep_result=0))
        return crons

    async def _reconciled(self, ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # arq's own
        if self._reconcile is not None:
            await self._reconcile()

    async def _attempt(self, ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # arq's own
        with suppress(asyncio.CancelledError):  # the lease is given up by now; arq need not try again
            await self._run(entry_of(*args))

    async def _swept(self, ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # arq's own
        await self._sweep()


def arq_id(entry_id: int, attempt: int) -> str:
    return f"{entry_id}:{attempt}"


def payload(entry: OutboxEntry) -> dict[str, Any]:
    return {**asdict(entry), "created_at": entry.created_at.isoformat()}


def entry_of(given: dict[str, Any]) -> OutboxEntry:
    return OutboxEntry(**{**given, "created_at": datetime.fromisoformat(given["created_at"])})


def pack(message: dict[str, Any]) -> bytes:
    """JSON where arq would pickle: what comes out of Redis is data, never code."""
    return json.dumps(message, default=str).encode()
