"""Blobs against documents: what is lost is told, what nobody needs is removed."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from domain.blobs import Blobs
from domain.reconciliation import Counts, Place, Records

log = logging.getLogger(__name__)

SLICE = 500
GRACE = timedelta(hours=1)
"""A blob is stored before its document: what is younger may be one of a running upload."""


class ReconciledBlobs:
    def __init__(self, records: Records, blobs: Blobs, *, now: Callable[[], datetime]) -> None:
        self._records = records
        self._blobs = blobs
        self._now = now

    async def step(self, place: Place, *, dry_run: bool) -> tuple[Counts, Place | None]:
        """One slice, and where the next begins; None after the last. Raises SyncFailed, RetrievalFailed."""
        if place.part == "held":
            return await self._held(place.after, dry_run)
        return await self._rows(int(place.after or 0))

    async def _rows(self, after: int) -> tuple[Counts, Place | None]:
        """A lost file can't be made again: its documents stay readable by their memories, and somebody is told."""
        rows = await self._records.blobs(after, limit=SLICE)
        lost = await self._lost(rows)
        if lost:
            still = {id for id, _, _ in await self._records.blobs(after, limit=SLICE)}
            lost = [id for id in lost if id in still]
        for id in lost:
            log.warning("document:%s has lost its file, or a part of it: upload it again.", id)
        return Counts(len(rows), missing=len(lost)), Place("rows", str(rows[-1][0])) if rows else Place("held")

    async def _lost(self, rows: list[tuple[int, str, int]]) -> list[int]:
        there = await self._blobs.of_keys([key for _, key, _ in rows])
        return [id for id, key, size in rows if key not in there or there[key].bytes != size]

    async def _held(self, after: str, dry_run: bool) -> tuple[Counts, Place | None]:
        blobs = await self._blobs.held(after, limit=SLICE)
        if not blobs:
            return Counts(), None
        old = [blob.key for blob in blobs if blob.written_at < self._now() - GRACE]
        orphans = sorted(set(old) - await self._records.used_blobs(old))
        removed = 0 if dry_run else await self._remove(orphans)
        return Counts(extra=len(orphans), mended=removed), Place("held", blobs[-1].key)

    async def _remove(self, keys: list[str]) -> int:
        """One by one, looked at once more: the same bytes may just be uploaded again, which makes the blob young."""
        removed = 0
        for key in keys:
            version = await self._blobs.version(key)
            blob = (await self._blobs.of_keys([key])).get(key)
            if version is None or blob is None or blob.written_at >= self._now() - GRACE:
                continue
            if not await self._records.used_blobs([key]):
                await self._blobs.remove(key, version=version)
                removed += 1
        return removed
