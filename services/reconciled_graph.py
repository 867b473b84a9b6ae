"""The graph against SQL: every group's nodes, native edges and facts, and nothing that no row stands for."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from itertools import batched

from domain.crashes import passing
from domain.facts import Graph, GraphBatch, HeldKey
from domain.members import DAO_GROUP, member_group, member_of
from domain.outbox import Backlog
from domain.reconciliation import (
    SHARED,
    Counts,
    Difference,
    Expected,
    Held,
    Kind,
    Place,
    Records,
    difference,
    pending_keys,
    row_of,
    some_of,
    wanted_nodes,
)
from services.expectations import Expectations

log = logging.getLogger(__name__)

SLICE = 200
KEYS_AT_ONCE = 500
GROUPS_AT_ONCE = 8
ROUNDS = 3
"""How often a row that changes while it is mended is written again; then its own event brings the rest."""
MOST_TOLD = 100_000
KINDS = tuple(kind for kind in Kind if kind is not Kind.TOPIC)
LAST_PART = "held"
BEGIN = "-"
"""A place within a group: before its first slice."""


class ReconciledGraph:
    """`told`: what one run has counted already, as it may come by in several slices."""

    def __init__(self, records: Records, expectations: Expectations, graph: Graph, outbox: Backlog) -> None:
        self._records = records
        self._expectations = expectations
        self._graph = graph
        self._outbox = outbox
        self._told: set[str] = set()

    async def step(self, place: Place, *, dry_run: bool) -> tuple[Counts, Place | None]:
        """One slice, and where the next begins; None after the last. Raises SyncFailed, RetrievalFailed."""
        if place == Place():
            self._told.clear()
            return await self._begun(dry_run), Place(KINDS[0].value)
        if place.part == LAST_PART:
            return await self._walk(place.after, dry_run)
        kind = Kind(place.part)
        ids = await self._records.rows(kind, int(place.after or 0), limit=SLICE)
        if not ids:
            later = KINDS[KINDS.index(kind) + 1 :]
            return Counts(), Place(later[0].value if later else LAST_PART)
        return await self._rows(kind, ids, dry_run), Place(kind.value, str(ids[-1]))

    async def renew(self, kind: Kind, ids: list[int]) -> None:
        """Write what differs of these rows now, for what changed them. Raises SyncFailed, RetrievalFailed."""
        wrong = await self._differences(await self._expectations.of(kind, ids))
        if wrong:
            await self._mend(wrong)
            await self._settle(kind, [each for each, _ in wrong])

    async def _begun(self, dry_run: bool) -> Counts:
        """The largest graph gets its indexes first: without them it answers too late to be compared."""
        if await self._graph.next_group("") != DAO_GROUP:
            return Counts()
        return await self._indexed(DAO_GROUP, dry_run)

    async def _indexed(self, group: str, dry_run: bool) -> Counts:
        missing = await self._graph.lacking(group)
        if missing:
            log.info("graph: %s", some_of(missing))
        lacking = self._untold(missing)
        if lacking and not dry_run:
            await self._graph.index(group)
        return Counts(missing=lacking, mended=0 if dry_run else lacking)

    # what should be held

    async def _rows(self, kind: Kind, ids: list[int], dry_run: bool) -> Counts:
        """What differs is looked at again, as of now, before it counts: it may have been on its way."""
        wrong = await self._differences(await self._expectations.of(kind, ids))
        if wrong:
            waiting = await pending_keys(self._outbox)
            again = await self._expectations.of(kind, sorted({each.id for each, _ in wrong}))
            wrong = await self._differences(each for each in again if not each.keys & waiting)
        missing, extra = self._counted(wrong)
        if wrong:
            names = [f"{each.owners[0]} in {each.batch.group}" for each, _ in wrong]
            log.info("graph: %s", some_of(names))
        if wrong and not dry_run:
            await self._mend(wrong)
            await self._settle(kind, [each for each, _ in wrong])
        elif wrong:  # a run would link these by now, and so not find them loose
            self._untold(f"{row.batch.group}|{key}" for row, _ in wrong for key in wanted_nodes([row]))
        return Counts(len(ids), missing, extra, 0 if dry_run else missing + extra)

    async def _differences(self, expected: Iterable[Expected]) -> list[tuple[Expected, Difference]]:
        by_group: dict[str, list[Expected]] = {}
        for each in expected:
            by_group.setdefault(each.batch.group, []).append(each)
        found: list[tuple[Expected, Difference]] = []
        for some in batched(by_group.items(), GROUPS_AT_ONCE):
            helds = await asyncio.gather(*(self._held(group, rows) for group, rows in some))
            for (_, rows), held in zip(some, helds, strict=True):
                found += [(row, difference(row, held)) for row in rows]
        return [(row, wrong) for row, wrong in found if wrong.missing or wrong.extra]

    async def _held(self, group: str, rows: Sequence[Expected]) -> Held:
        owners = [owner for row in rows for owner in row.owners]
        first, *rest = [list(part) for part in batched(wanted_nodes(rows), KEYS_AT_ONCE)] or [[]]
        held = await self._graph.held(group, owners, first)
        nodes = list(held.nodes)
        for part in rest:
            nodes += (await self._graph.held(group, (), part)).nodes
        return Held.of(GraphBatch(group, tuple(nodes), held.edges, held.facts))

    def _counted(self, wrong: Sequence[tuple[Expected, Difference]]) -> tuple[int, int]:
        """Missing and extra; a shared node counts once, however many rows lack it."""
        missing = extra = 0
        for row, each in wrong:
            lost, doubled = ([key for key in keys if key.startswith(SHARED)] for keys in (each.nodes, each.doubled))
            missing += each.missing - len(lost) + self._untold(f"{row.batch.group}|{key}" for key in lost)
            extra += each.extra - len(doubled) + self._untold(f"{row.batch.group}|{key}" for key in doubled)
        return missing, extra

    def _untold(self, keys: Iterable[str]) -> int:
        new = set(keys) - self._told
        if len(self._told) < MOST_TOLD:
            self._told |= new
        return len(new)

    async def _mend(self, wrong: Sequence[tuple[Expected, Difference]]) -> None:
        for group in {row.batch.group for row, _ in wrong}:
            await self._graph.index(group)  # it may have been wiped
        removals = [(each.removal(row.batch.group), row.batch.group) for row, each in wrong]
        await self._graph.record([batch for batch, group in removals if batch != GraphBatch(group)])
        passing("reconcile.removed")
        if any(each.doubled for _, each in wrong):  # with the nodes that went others' edges may have gone
            wrong = await self._differences([row for row, _ in wrong])
        await self._graph.record([each.record(row.batch.group) for row, each in wrong])
        for group in {row.batch.group for row, each in wrong if each.extra}:
            await self._graph.forget(group, [])

    async def _settle(self, kind: Kind, written: list[Expected]) -> None:
        """A row may have changed between reading and writing, its event shown in between: write it as it is by now."""
        for _ in range(ROUNDS):
            now = await self._expectations.of(kind, sorted({each.id for each in written}))
            for gone in (each for each in written if each.id not in {row.id for row in now}):
                await self._graph.forget(gone.batch.group, list(gone.owners))
            changed = [each for each in now if each not in written]
            if not changed:
                return
            await self._mend(await self._differences(changed))
            written = now

    # what is held

    async def _walk(self, after: str, dry_run: bool) -> tuple[Counts, Place | None]:
        """`after` is a group and a place within it."""
        group, _, within = after.partition("|")
        if not within:
            later = await self._graph.next_group(group)
            if later is None:
                return Counts(), None
            return await self._entered(later, dry_run)
        keys, following = await self._graph.keys(group, within.removeprefix(BEGIN), limit=SLICE)
        counts = await self._strange(group, [each.key for each in keys], dry_run)
        counts += await self._strays(group, keys, dry_run)
        return counts, Place(LAST_PART, f"{group}|{following}" if following else group)

    async def _entered(self, group: str, dry_run: bool) -> tuple[Counts, Place]:
        """A group that no member has is dropped; the others get back what their searches go by."""
        if not await self._known(group):
            return await self._drop(group, dry_run), Place(LAST_PART, group)
        return await self._indexed(group, dry_run), Place(LAST_PART, f"{group}|{BEGIN}")

    async def _known(self, group: str) -> bool:
        member_id = member_of(group)
        if member_id is None:
            return group == DAO_GROUP
        return bool(await self._records.groups(Kind.MEMBER, [member_id]))

    async def _drop(self, group: str, dry_run: bool) -> Counts:
        found: set[str] = set()
        after = ""
        while True:
            keys, after = await self._graph.keys(group, after, limit=KEYS_AT_ONCE)
            found.update(key.key for key in keys)
            if not after:
                break
        if not dry_run:
            await self._graph.drop(group)
        return Counts(extra=len(found), mended=0 if dry_run else len(found))

    async def _strange(self, group: str, keys: Sequence[str], dry_run: bool) -> Counts:
        """Edges and facts of the nodes that no row owns: we write none."""
        shared = [key for key in keys if key.startswith(SHARED)]
        strays = await self._not_of(group, shared)
        owners = tuple(key for key in shared if key not in strays)
        nobody = Expected(Kind.TOPIC, 0, owners, GraphBatch(group))
        wrong = await self._differences([nobody]) if nobody.owners else []
        names = [name for _, each in wrong for name in each.extra_names]
        if wrong:
            log.info("graph: too much in %s: %s", group, some_of(names))
        if wrong and not dry_run:
            await self._mend(wrong)
        new = self._untold(f"{group}|{name}" for name in names)
        return Counts(extra=new, mended=0 if dry_run else new)

    async def _strays(self, group: str, keys: Sequence[HeldKey], dry_run: bool) -> Counts:
        strays = await self._not_of(group, [each.key for each in keys])
        loose = {each.key for each in keys if not each.linked and each.key.startswith(SHARED)}
        if strays:
            waiting = await pending_keys(self._outbox)
            strays = [key for key in await self._not_of(group, strays) if key not in waiting]
        if loose or strays:
            log.info("graph: too much in %s: %s", group, some_of(sorted(loose.union(strays))))
        new = self._untold(f"{group}|{key}" for key in loose.union(strays))
        if not dry_run and (strays or loose):
            await self._graph.forget(group, strays)
        return Counts(extra=new, mended=0 if dry_run else new)

    async def _not_of(self, group: str, keys: Sequence[str]) -> list[str]:
        """Those that no row stands for in this group. The graph was read before SQL: it is not a row to come."""
        by_kind: dict[Kind, set[int]] = {}
        for row in filter(None, map(row_of, keys)):
            by_kind.setdefault(row[0], set()).add(row[1])
        groups = {kind: await self._records.groups(kind, sorted(ids)) for kind, ids in by_kind.items()}
        return [key for key in keys if not belongs(key, group, groups)]


def belongs(key: str, group: str, groups: dict[Kind, dict[int, str]]) -> bool:
    """`groups`: by kind, of the rows that there are, whose they are."""
    row = row_of(key)
    if row is None:
        return key.startswith(SHARED)
    kind, id = row
    whose = groups[kind].get(id)
    if kind is Kind.MEMBER:
        return whose is not None and group in (DAO_GROUP, member_group(id))
    return whose in (group, "")
