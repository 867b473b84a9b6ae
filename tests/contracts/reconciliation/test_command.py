"""`frontier reconcile`: what it prints, and whether all is well then."""

import pytest

from app.reconcile import reconcile
from domain.reconciliation import Store
from tests.contracts.reconciliation.world import House

WHOLE = [
    "blobs: 2 checked, 0 missing, 0 extra, 0 mended",
    "memories: 5 checked, 0 missing, 0 extra, 0 mended",
    "graph: 17 checked, 0 missing, 0 extra, 0 mended",
]


async def test_a_dry_run_tells_what_differs_and_changes_nothing(house: House) -> None:
    settings, stores = house.container.settings, list(Store)
    assert await reconcile(settings, stores, dry_run=True) == (WHOLE, True)
    await house.damage("memories", "MATCH (m:MemoryVector {memory_id: 3}) DELETE m")
    damaged = await house.held()
    found = [WHOLE[0], "memories: 5 checked, 1 missing, 0 extra, 0 mended", WHOLE[2]]
    assert await reconcile(settings, stores, dry_run=True) == (found, False)
    assert await house.held() == damaged
    mended = [WHOLE[0], "memories: 5 checked, 1 missing, 0 extra, 1 mended", WHOLE[2]]
    assert await reconcile(settings, stores, dry_run=False) == (mended, True)
    assert await reconcile(settings, stores, dry_run=True) == (WHOLE, True)


@pytest.mark.parametrize(("away", "number", "what"), [("memory_url", 1, "memory index"), ("graph_url", 2, "graph")])
async def test_a_store_that_is_away_is_told_and_the_others_are_compared(
    house: House, away: str, number: int, what: str
) -> None:
    settings = house.container.settings.model_copy(update={away: "falkordb://127.0.0.1:1"})
    lines, whole = await reconcile(settings, list(Store), dry_run=False)
    told = lines.pop(number)
    assert told.startswith(f"{list(Store)[number].value}: not compared: The {what} could not be read")
    assert (lines, whole) == (WHOLE[:number] + WHOLE[number + 1 :], False)
    assert await reconcile(house.container.settings, list(Store), dry_run=False) == (WHOLE, True)
    assert [run.interruptions for run in await house.container.services.reconciliation.latest(5)].count(1) == 1


async def test_a_lost_file_is_told_by_a_run_too(house: House) -> None:
    house.blob("notes").unlink()
    lost = ["blobs: 2 checked, 1 missing, 0 extra, 0 mended"]
    for dry_run in (True, False):
        assert await reconcile(house.container.settings, [Store.BLOBS], dry_run=dry_run) == (lost, False)
