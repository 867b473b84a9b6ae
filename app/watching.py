"""How a process is: what it can do without, what it lacks now and since when, and its figures."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from adapters.breaker import State
from adapters.meters.redis import Told
from adapters.pings import can_ping, ping
from domain.errors import SyncFailed

if TYPE_CHECKING:
    from app.container import Container

ANSWER_SECONDS = 2.0
TELL_SECONDS = 2.0
NEEDED = frozenset({"database"})
"""Without these a process cannot serve; without any other it serves less, and says so."""
FIGURES_SECONDS = 5.0
"""How long counts of SQL are told again before they are read anew."""


@dataclass(frozen=True, slots=True)
class Found:
    """One part. `why` is for operators: no secret, nobody's text."""

    well: bool
    since: datetime
    why: str | None = None


class Watch:
    """Looks at one process's engines. `since` is when this process saw the state begin."""

    def __init__(self, container: "Container") -> None:
        self._container = container
        self._known: dict[str, Found] = {}
        self._counted_at = float("-inf")
        self._told: list[Told] = []

    async def parts(self) -> dict[str, Found]:
        """All parts that this process uses, each looked at now; none keeps it waiting for long."""
        asked = self._asked()
        for name, why in zip(asked, await asyncio.gather(*map(ailment, asked.values())), strict=True):
            self._note(name, why)
        parts = dict(self._known)
        for told in self._told:
            for name, (well, since, why) in told.items():
                if name not in parts or (parts[name].well and not well):
                    parts[name] = Found(well, since, why and f"Seen by a worker: {why}")
        for name, health in self._container.engines.health.items():
            ill, pinged = health.state is not State.CLOSED, parts.get(name)
            if pinged is None or pinged.well:
                since = max(health.since, pinged.since) if pinged and not ill else health.since
                parts[name] = Found(not ill, since, health.failure if ill else None)
        return parts

    async def metrics(self) -> bytes:
        """In Prometheus' text format; counts of SQL are left out while it does not answer."""
        container, now = self._container, asyncio.get_running_loop().time()
        container.meters.set("disk_free_bytes", shutil.disk_usage(container.settings.data_dir).free)
        if now - self._counted_at >= FIGURES_SECONDS and await ailment(self._count) is None:
            self._counted_at = now
        return container.meters.text()

    def _asked(self) -> dict[str, Callable[[], Awaitable[None]]]:
        container, settings = self._container, self._container.settings
        asked: dict[str, Callable[[], Awaitable[None]]] = {
            "database": container.database.ping,
            "redis": container.queue.ping,
            "worker": self._worker,
            "disk": self._disk,
        }
        for name, url in (("graph", settings.graph), ("memory", settings.memory)):
            if can_ping(url):
                asked[name] = partial(ping, url)
        return asked

    async def tell(self) -> None:
        """How engines look from here, to who asks another process; until cancelled."""
        while True:
            with suppress(SyncFailed):  # Redis is away: health says so
                await self._container.workers.tell(
                    {
                        name: (health.state is State.CLOSED, health.since, health.failure)
                        for name, health in self._container.engines.health.items()
                    }
                )
            await asyncio.sleep(TELL_SECONDS)

    async def _worker(self) -> None:
        self._told = []
        self._told = await self._container.workers.told()
        if not await self._container.queue.alive():
            raise SyncFailed("No worker gave a sign of life within the last seconds.")

    async def _disk(self) -> None:
        free, kept = shutil.disk_usage(self._container.settings.data_dir).free >> 20, self._container.settings.free_mib
        if free < kept:
            raise SyncFailed(f"{free} MiB are free and {kept} MiB are kept: no upload is accepted.")

    def _note(self, name: str, why: str | None) -> None:
        before = self._known.get(name)
        if before is None or before.well is not (why is None):
            self._known[name] = Found(why is None, datetime.now(UTC), why)

    async def _count(self) -> None:
        figures, meters = await self._container.figures.read(), self._container.meters
        for kind, count in figures.pending.items():
            meters.set("outbox_pending", count, kind=kind)
            meters.set("outbox_oldest_seconds", figures.oldest[kind], kind=kind)
        meters.set("outbox_dead_letters", figures.dead)
        meters.set("resolutions", figures.passed, outcome="passed")
        meters.set("resolutions", figures.failed, outcome="failed")


async def ailment(ask: Callable[[], Awaitable[None]]) -> str | None:
    """What is wrong; None when it answers in time."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await ask()
    except TimeoutError:
        return f"No answer within {ANSWER_SECONDS:g} s."
    except (SyncFailed, OSError) as error:
        return str(error) or type(error).__name__
    return None
