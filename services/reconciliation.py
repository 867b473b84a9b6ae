"""Comparing every store with SQL: in slices with pauses, one run a store at a time, resumed where it stopped."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Protocol

from domain.alerts import Alerts
from domain.crashes import passing
from domain.errors import Failure
from domain.meters import Meters
from domain.reconciliation import Counts, Place, Progress, ReconciliationReads, Store
from domain.reconciliation import Reconciliation as Run
from domain.transactions import Transact, Work

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
KEEP_SECONDS = 5.0
"""How often a run saves where it is, and whenever it found something: a small write, so that ballots do not wait."""
LEAST_PAUSE = 0.002
"""Seconds after a slice; at least half as long as it took, so that other work gets its turn."""


def _begun(work: Work, store: Store) -> Progress | None:
    now = work.now()
    return work.reconciliations.begin(store, at=now, until=now + LEASE)


class Compared(Protocol):
    """One store, slice by slice."""

    async def step(self, place: Place, *, dry_run: bool) -> tuple[Counts, Place | None]:
        """One slice, and where the next begins; None after the last. Raises SyncFailed, RetrievalFailed."""


class Reconciliation:
    def __init__(
        self,
        transact: Transact,
        reads: ReconciliationReads,
        stores: Mapping[Store, Compared],
        *,
        alerts: Alerts,
        meters: Meters,
    ) -> None:
        self._transact = transact
        self._reads = reads
        self._stores = stores
        self._alerts = alerts
        self._meters = meters

    async def latest(self, limit: int) -> list[Run]:
        return await self._reads.latest(limit)

    async def hourly(self) -> None:
        """All stores, mended. One that does not answer raises an alert and is compared the next time."""
        for store in Store:
            try:
                await self.run(store)
            except Failure as failure:
                self._alerts.raise_("SYNC_ERROR", subject=f"store:{store}", message=f"Not compared: {failure.message}")

    async def run(self, store: Store) -> Counts | None:
        """Compare and mend; None while another run has the store. Harmless twice. Raises Failure."""
        progress = await self._transact(partial(_begun, store=store))
        if progress is None:
            return None
        passing("reconcile.begun")
        if progress.interruptions:
            log.warning("%s: goes on with a run that began at %s and stopped.", store.value, progress.ran_at)
        progress = await self._through(progress)
        if await self._transact(lambda work: work.reconciliations.finish(progress)):
            passing("reconcile.finished")
            self._tell(store, progress.counts)
        return progress.counts

    async def look(self, store: Store) -> Counts:
        """What `run` would count, with nothing changed. Raises SyncFailed, RetrievalFailed."""
        counts, place = Counts(), Place()
        while True:
            some, following = await self._stores[store].step(place, dry_run=True)
            counts = counts + some
            if following is None:
                return counts
            place = following

    async def _through(self, progress: Progress) -> Progress:
        """To its end, or to where somebody else has taken it over. Who is stopped leaves it for the next."""
        loop = asyncio.get_running_loop()
        kept = loop.time()
        try:
            while True:
                begun = loop.time()
                counts, following = await self._stores[progress.store].step(progress.place, dry_run=False)
                progress = replace(progress, counts=progress.counts + counts, place=following or progress.place)
                if following is None:
                    return progress
                if counts.missing or counts.extra or loop.time() - kept > KEEP_SECONDS:
                    passing("reconcile.mended")
                    kept = loop.time()
                    if not await self._kept(progress):
                        return progress
                    passing("reconcile.kept")
                await asyncio.sleep(max(LEAST_PAUSE, (loop.time() - begun) / 2))
        except BaseException:
            await asyncio.shield(self._transact(lambda work: work.reconciliations.leave(progress)))
            raise

    async def _kept(self, progress: Progress) -> bool:
        """False when another run goes on with it by now: this one ends, and writes nothing down."""
        return await self._transact(lambda work: work.reconciliations.keep(progress, until=work.now() + LEASE))

    def _tell(self, store: Store, counts: Counts) -> None:
        for name in ("checked", "missing", "extra", "mended"):
            self._meters.set("reconciled_rows", getattr(counts, name), store=store.value, outcome=name)
        log.info("%s: %s", store.value, counts)
        if counts.missing or counts.extra:
            self._alerts.raise_(
                "SYNC_ERROR",
                subject=f"store:{store.value}",
                message=f"{counts.missing} missing and {counts.extra} extra of {counts.checked} rows; "
                f"{counts.mended} mended. Ask `reconciliations`, and `frontier reconcile --dry-run` for what is left.",
            )
