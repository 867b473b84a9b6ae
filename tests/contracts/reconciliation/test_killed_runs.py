"""A run whose process is killed is gone on with when its lease is over, and is told as such."""

import asyncio
import signal

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from adapters.sql.reconciliations import ReconcilingRow
from app.reconcile import reconcile
from domain.reconciliation import Counts, Store
from evals.crashes.processes import Command, Program
from tests.contracts.reconciliation.world import House

DAMAGES = {
    Store.MEMORIES: ("memories", "MATCH (m:MemoryVector {memory_id: 3}) SET m.data = 'Nobody repairs anything.'"),
    Store.GRAPH: ("dao", "MATCH ()-[e:RELATES_TO {name: 'JOINED'}]->() SET e.fact = 'Nobody joined.'"),
}
MENDED = {Store.MEMORIES: Counts(5, missing=1, mended=1), Store.GRAPH: Counts(17, missing=2, mended=2)}


async def killed(house: House, store: Store, crash_at: str) -> None:
    """As an operator runs it, in a process of its own, which kills itself there."""
    settings = house.container.settings
    urls = {"DATABASE_URL": settings.database, "REDIS_URL": house.redis_url}
    stores = {"GRAPH_URL": settings.graph_url, "MEMORY_URL": settings.memory_url}
    arguments = ["reconcile", "--data-dir", str(settings.data_dir), "--store", store.value]
    environment, folder = {**urls, **stores, "CRASH_AT": crash_at}, settings.data_dir
    program = Program(Command(arguments, environment, folder, folder / "killed.log"))
    try:
        assert await asyncio.wait_for(program.wait(), 60) == -signal.SIGKILL
    finally:
        program.kill()


def lapse(session: Session) -> None:
    session.execute(update(ReconcilingRow).values(lease_until=None))


@pytest.mark.parametrize(
    ("point", "store", "told"),
    [
        ("begun", Store.GRAPH, MENDED[Store.GRAPH]),
        ("removed", Store.GRAPH, MENDED[Store.GRAPH]),
        ("removed", Store.MEMORIES, MENDED[Store.MEMORIES]),
        ("mended", Store.GRAPH, Counts(17)),
        ("kept", Store.GRAPH, MENDED[Store.GRAPH]),
    ],
)
async def test_a_killed_run_is_gone_on_with_and_told(house: House, point: str, store: Store, told: Counts) -> None:
    whole = await house.held()
    await house.damage(*DAMAGES[store])
    await killed(house, store, f"reconcile.{point}:1")
    settings, runs = house.container.settings, house.container.services.reconciliation
    assert await runs.latest(10) == []
    held = [f"{store.value}: another run compares it right now"]
    assert await reconcile(settings, [store], dry_run=False) == (held, False)
    await house.container.database.writer(lapse)
    line = f"{told.checked} checked, {told.missing} missing, {told.extra} extra, {told.mended} mended"
    assert await reconcile(settings, [store], dry_run=False) == ([f"{store.value}: {line}"], True)
    assert await house.held() == whole
    assert [(run.store, run.counts, run.interruptions) for run in await runs.latest(10)] == [(store, told, 1)]


async def test_a_run_that_is_killed_after_its_end_is_told_once(house: House) -> None:
    await house.damage(*DAMAGES[Store.MEMORIES])
    await killed(house, Store.MEMORIES, "reconcile.finished:1")
    assert await house.run(Store.MEMORIES) == Counts(5)
    runs = await house.container.services.reconciliation.latest(10)
    assert [(run.counts, run.interruptions) for run in runs] == [(Counts(5), 0), (MENDED[Store.MEMORIES], 0)]
