"""The worker process: dispatcher, arq, projector and the sweep in one event loop."""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.meters.outbox import watched as watched_outbox
from adapters.queue.arq import ArqQueue, ArqWorker
from app.ending import end_within
from app.settings import Settings
from app.watched import watched
from domain.alerts import Alerts
from domain.bus import Bus
from domain.errors import Failure
from domain.outbox import Outbox
from jobs.leases import Runner
from jobs.projections import Projections, Projector
from jobs.registry import CODES, TASKS, Task
from jobs.stores import Probe, Stores, always_there
from services.lanes import Lanes
from services.outbox import LEASE_SECONDS, Dispatcher, Here

if TYPE_CHECKING:
    from app.container import Container
    from services.house import Services

log = logging.getLogger(__name__)

NICE = 5
"""Reading a document must not slow a ballot: the API goes first where both want the processor."""
PATIENCE_SECONDS = 3.0
"""How long running jobs may still take after SIGTERM, before another worker gets them."""


@dataclass(frozen=True, slots=True)
class Parts[S]:
    """What a worker is made of."""

    outbox: Outbox
    queue: ArqQueue
    bus: Bus
    services: S
    tasks: Mapping[str, Task[S]]
    projections: Projections
    alerts: Alerts
    sweep: Callable[[], Awaitable[object]]
    probe: Probe = always_there
    reconcile: Callable[[], Awaitable[object]] | None = None
    warm: Callable[[], Awaitable[object]] | None = None
    lease_seconds: float = LEASE_SECONDS


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT."""
    from app.container import Container  # all adapters: only a process that works needs them

    logging.getLogger("arq").setLevel(logging.WARNING)
    os.nice(NICE)
    async with Container(settings) as container, watched(container):
        await work(parts_of(container), stop=stop_signal())


def parts_of(container: "Container") -> "Parts[Services]":
    services = container.services
    return Parts(
        watched_outbox(container.outbox, container.meters, container.alerts, CODES),
        container.queue,
        container.bus,
        services,
        TASKS,
        projections=services.projections,
        alerts=container.alerts,
        sweep=container.sweep,
        probe=services.projections.probe,
        reconcile=services.reconciliation.hourly,
        warm=container.warm,
    )


def stop_signal() -> asyncio.Event:
    """Set by SIGTERM or SIGINT, of which this process ends in time."""
    stop = asyncio.Event()

    def end() -> None:
        if not stop.is_set():
            end_within()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    return stop


async def work[S](parts: Parts[S], *, stop: asyncio.Event) -> None:
    """Until `stop` is set, and five seconds at most. Raises what ended a loop; none ends by itself."""
    limits = {name: task.at_once for name, task in parts.tasks.items()}
    lanes = Lanes(limits)
    needing = {need: [name for name, task in parts.tasks.items() if task.needs == need] for need in ("stores", "redis")}
    stores = Stores(parts.probe, told=lambda there: lanes.shut("stores", () if there else needing["stores"]))
    lease_seconds = parts.lease_seconds
    runner = Runner(parts.outbox, parts.services, parts.tasks, lanes, stores=stores, lease_seconds=lease_seconds)
    arq = ArqWorker(
        parts.queue, runner.run, sweep=parts.sweep, reconcile=parts.reconcile, max_jobs=3 * sum(limits.values())
    )
    here = Here(runner.run, needing["redis"])
    dispatcher = Dispatcher(parts.outbox, parts.queue, parts.bus, lanes, here=here, lease_seconds=lease_seconds)
    claiming = asyncio.create_task(dispatcher.run())
    projector = Projector(
        parts.outbox, parts.bus, parts.projections, stores, alerts=parts.alerts, lease_seconds=lease_seconds
    )
    loops = [asyncio.create_task(arq.run()), asyncio.create_task(projector.run())]
    warming = asyncio.create_task(warmed(parts.warm))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([stopping, claiming, *loops], return_when=asyncio.FIRST_COMPLETED)
    finally:
        await ended(claiming, warming, stopping)
        await arq.stop(patience=PATIENCE_SECONDS)
        await ended(*loops)
    for task in (claiming, *loops):
        if not task.cancelled():
            task.result()


async def ended(*tasks: asyncio.Task[object] | asyncio.Task[None] | asyncio.Task[bool]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def warmed(warm: Callable[[], Awaitable[object]] | None) -> None:
    """Load what is heavy before the first question needs it; a failure shows again where it is used."""
    if warm is None:
        return
    try:
        await warm()
    except Failure as failure:
        log.warning("Not warm yet: %s", failure)
    except Exception:
        log.exception("Warming up failed.")
