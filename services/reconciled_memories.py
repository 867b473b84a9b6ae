"""The memory index against memories: every one of SQL's, exactly as it is there, and no other."""

import logging
from collections.abc import Sequence

from domain.crashes import passing
from domain.memories import HeldMemory, MemoryIndex, MemoryReads
from domain.outbox import Backlog
from domain.reconciliation import Counts, Kind, Place, Records, pending_keys, some_of

log = logging.getLogger(__name__)

SLICE = 200


class ReconciledMemories:
    def __init__(self, records: Records, memories: MemoryReads, index: MemoryIndex, outbox: Backlog) -> None:
        self._records = records
        self._memories = memories
        self._index = index
        self._outbox = outbox

    async def step(self, place: Place, *, dry_run: bool) -> tuple[Counts, Place | None]:
        """One slice, and where the next begins; None after the last. Raises SyncFailed, RetrievalFailed."""
        if place.part == "rows":
            return await self._rows(int(place.after or 0), dry_run)
        if place.part == "held":
            return await self._held(place.after, dry_run)
        return await self._indexes(dry_run), Place("held")

    async def _indexes(self, dry_run: bool) -> Counts:
        lacking = await self._index.lacking()
        if lacking:
            log.info("memories: %s", some_of(lacking))
        if lacking and not dry_run:
            await self._index.index()
        return Counts(missing=len(lacking), mended=0 if dry_run else len(lacking))

    async def _held(self, after: str, dry_run: bool) -> tuple[Counts, Place | None]:
        entries, following = await self._index.held(after, limit=SLICE)
        strays = await self._strays(entries)
        if strays:
            waiting = await pending_keys(self._outbox)
            strays = [entry for entry in await self._strays(strays) if f"memory:{entry.id}" not in waiting]
        if strays:
            log.info("memories: too much: %s", some_of([entry.ref for entry in strays]))
        if strays and not dry_run:
            await self._index.discard([entry.ref for entry in strays])
        counts = Counts(extra=len(strays), mended=0 if dry_run else len(strays))
        return counts, Place("held", following) if following else Place("rows")

    async def _strays(self, entries: Sequence[HeldMemory]) -> list[HeldMemory]:
        """The index was read before SQL: what SQL does not know now, it will never know; ids are not given twice."""
        known = await self._records.groups(Kind.MEMORY, [entry.id for entry in entries if entry.id is not None])
        return [entry for entry in entries if entry.id not in known]

    async def _rows(self, after: int, dry_run: bool) -> tuple[Counts, Place | None]:
        ids = await self._records.rows(Kind.MEMORY, after, limit=SLICE)
        if not ids:
            return Counts(), None
        missing = await self._missing(ids)
        if missing:
            waiting = await pending_keys(self._outbox)
            missing = await self._missing(missing, waiting=waiting)
        if missing:
            log.info("memories: %s", some_of([f"memory:{id}" for id in missing]))
        if missing and not dry_run:
            await self._mend(missing)
        return Counts(len(ids), len(missing), mended=0 if dry_run else len(missing)), Place("rows", str(ids[-1]))

    async def _missing(self, ids: list[int], *, waiting: frozenset[str] = frozenset()) -> list[int]:
        memories = await self._memories.all_by_ids(ids)
        settled = [each for each in memories.values() if f"message:{each.content.message_id}" not in waiting]
        return sorted(await self._index.missing(settled))

    async def _mend(self, ids: list[int]) -> None:
        """What was forgotten meanwhile has had its removal before this: it is removed again."""
        memories = await self._memories.all_by_ids(ids)
        await self._index.index()  # the whole store may be gone
        await self._index.remove(ids)
        passing("reconcile.removed")
        await self._index.add_batch(list(memories.values()))
        gone = set(ids) - (await self._records.groups(Kind.MEMORY, ids)).keys()
        if gone:
            await self._index.remove(sorted(gone))
