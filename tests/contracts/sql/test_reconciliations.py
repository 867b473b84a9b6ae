"""Runs of the reconciliation: one a store at a time, gone on with where it stopped, whoever stops."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete

from adapters.sql.reconciliations import ReconcilingRow, SqlReconciliationReads
from domain.alerts import AlertCode
from domain.errors import SyncFailed
from domain.meters import Unmetered
from domain.reconciliation import Counts, Place, Progress, Store
from domain.transactions import Work
from evals.hall import Hall
from services.reconciliation import LEASE, Reconciliation
from tests.contracts.sql.times import T0, Clock

SLICES = 6
EACH = Counts(checked=10, missing=2, extra=1, mended=3)


class Slices:
    """A store of SLICES slices; what is in `before` happens before the slice of that number."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.before: dict[int, Callable[[], object]] = {}

    async def step(self, place: Place, *, dry_run: bool) -> tuple[Counts, Place | None]:
        number = int(place.after or 0)
        happens = self.before.pop(number, None)
        if happens is not None:
            found = happens()
            if asyncio.isfuture(found) or asyncio.iscoroutine(found):
                await found
        self.seen.append(number)
        counts = replace(EACH, mended=0) if dry_run else EACH
        return counts, Place("slices", str(number + 1)) if number + 1 < SLICES else None


class Heard:
    """Port `Alerts`."""

    def __init__(self) -> None:
        self.alerts: list[tuple[AlertCode, str, str]] = []

    def raise_(self, code: AlertCode, *, subject: str, message: str) -> None:
        self.alerts.append((code, subject, message))


@pytest.fixture
def slices() -> Slices:
    return Slices()


@pytest.fixture
def heard() -> Heard:
    return Heard()


def of(database: Hall, slices: Slices, heard: Heard) -> Reconciliation:
    """As a process of its own has it."""
    stores = dict.fromkeys(Store, slices)
    reads = SqlReconciliationReads(database.reader)
    return Reconciliation(database.transact, reads, stores, alerts=heard, meters=Unmetered())


@pytest.fixture
def reconciliation(database: Hall, slices: Slices, heard: Heard) -> Reconciliation:
    return of(database, slices, heard)


def whole(times: int = SLICES) -> Counts:
    return Counts(*(times * each for each in (EACH.checked, EACH.missing, EACH.extra, EACH.mended)))


async def begun(database: Hall, *, after: timedelta = timedelta()) -> Progress | None:
    """Another process takes the graph's run."""

    def command(work: Work) -> Progress | None:
        now = work.now() + after
        return work.reconciliations.begin(Store.GRAPH, at=now, until=now + LEASE)

    return await database.transact(command)


async def test_a_run_that_ends_is_written_down_and_told(
    reconciliation: Reconciliation, slices: Slices, heard: Heard
) -> None:
    assert await reconciliation.run(Store.GRAPH) == whole()
    assert slices.seen == list(range(SLICES))
    [run] = await reconciliation.latest(10)
    assert (run.store, run.ran_at, run.counts, run.interruptions) == (Store.GRAPH, T0, whole(), 0)
    [(code, subject, message)] = heard.alerts
    assert (code, subject) == ("SYNC_ERROR", "store:graph")
    assert message.startswith("12 missing and 6 extra of 60 rows; 18 mended.")


async def test_a_look_writes_nothing_down(reconciliation: Reconciliation, heard: Heard) -> None:
    assert await reconciliation.look(Store.GRAPH) == replace(whole(), mended=0)
    assert (await reconciliation.latest(10), heard.alerts) == ([], [])


async def test_a_cancelled_run_is_gone_on_with_at_once_and_counts_nothing_twice(
    database: Hall, reconciliation: Reconciliation, slices: Slices, heard: Heard
) -> None:
    reached = asyncio.Event()

    async def hang() -> None:
        reached.set()
        await asyncio.Event().wait()

    slices.before[3] = hang
    running = asyncio.create_task(reconciliation.run(Store.GRAPH))
    await asyncio.wait_for(reached.wait(), 10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await reconciliation.latest(10), slices.seen) == ([], [0, 1, 2])
    assert await of(database, slices, heard).run(Store.GRAPH) == whole()
    assert slices.seen == list(range(SLICES))
    assert [(run.counts, run.interruptions) for run in await reconciliation.latest(10)] == [(whole(), 1)]


async def test_a_killed_run_is_gone_on_with_when_its_lease_is_over(
    database: Hall, reconciliation: Reconciliation, slices: Slices, clock: Clock
) -> None:
    """Its process said nothing more after the second slice."""
    killed = await begun(database)
    assert killed is not None
    at = replace(killed, place=Place("slices", "2"), counts=whole(2))
    assert await database.transact(lambda work: work.reconciliations.keep(at, until=T0 + LEASE))
    assert await reconciliation.run(Store.GRAPH) is None
    clock.forward(seconds=LEASE.total_seconds() - 1)
    assert await reconciliation.run(Store.GRAPH) is None
    clock.forward(seconds=1)
    assert await reconciliation.run(Store.GRAPH) == whole()
    assert slices.seen == [2, 3, 4, 5]
    [run] = await reconciliation.latest(10)
    assert (run.ran_at, run.counts, run.interruptions) == (T0, whole(), 1)


async def test_of_two_at_once_one_compares(database: Hall, slices: Slices, heard: Heard) -> None:
    first, second = of(database, slices, heard), of(database, slices, heard)
    found = await asyncio.gather(first.run(Store.GRAPH), second.run(Store.GRAPH))
    assert sorted(found, key=str) == [whole(), None]
    assert (slices.seen, len(await first.latest(10))) == (list(range(SLICES)), 1)


async def test_who_slept_past_its_lease_writes_nothing_over_the_other(
    database: Hall, slices: Slices, heard: Heard, clock: Clock
) -> None:
    sleeper, other = of(database, slices, heard), of(database, slices, heard)

    async def overtaken() -> None:
        clock.forward(hours=1)
        assert await other.run(Store.GRAPH) == whole()

    slices.before[2] = overtaken
    await sleeper.run(Store.GRAPH)
    [run] = await sleeper.latest(10)
    assert (run.counts, len(heard.alerts)) == (whole(), 1)
    fresh = await begun(database)
    assert fresh is not None
    assert (fresh.place, fresh.counts) == (Place(), Counts())


async def test_each_store_has_its_run(database: Hall, reconciliation: Reconciliation) -> None:
    assert await begun(database) is not None
    assert await reconciliation.run(Store.BLOBS) == whole()
    assert await reconciliation.run(Store.GRAPH) is None


async def test_a_store_whose_row_was_lost_is_compared_all_the_same_and_by_one(database: Hall) -> None:
    await database.writer(lambda session: session.execute(delete(ReconcilingRow)))
    begun_runs = [await begun(database) for _ in range(2)]
    assert [run and (run.store, run.ran_at, run.fence) for run in begun_runs] == [(Store.GRAPH, T0, 1), None]


async def test_a_store_that_fails_is_told_and_the_others_are_compared(
    reconciliation: Reconciliation, slices: Slices, heard: Heard, clock: Clock
) -> None:
    def fail() -> None:
        raise SyncFailed("The store is away.")

    slices.before[1] = fail
    await reconciliation.hourly()
    assert [(subject, message[:13]) for _, subject, message in heard.alerts if "Not" in message] == [
        ("store:blobs", "Not compared:")
    ]
    assert [run.store for run in await reconciliation.latest(10)] == [Store.GRAPH, Store.MEMORIES]
    clock.forward(hours=1)
    await reconciliation.hourly()
    assert [run.counts for run in await reconciliation.latest(10)] == [whole()] * 5
    assert [run.store for run in await reconciliation.latest(3)] == [Store.GRAPH, Store.MEMORIES, Store.BLOBS]


async def test_the_newest_come_first(reconciliation: Reconciliation, clock: Clock) -> None:
    for _ in range(3):
        await reconciliation.run(Store.MEMORIES)
        clock.forward(hours=1)
    times = [run.ran_at for run in await reconciliation.latest(2)]
    assert times == [T0 + timedelta(hours=2), T0 + timedelta(hours=1)]
