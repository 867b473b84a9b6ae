"""Who hears of what the hourly run found: metrics, an alert, and the list that ADMIN reads."""

import pytest

from domain.reconciliation import Counts, Store
from tests.contracts.reconciliation.world import House


async def test_the_hourly_run_tells_what_it_found(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.damage("memories", "MATCH (m:MemoryVector {memory_id: 3}) DELETE m")
    run = house.container.services.reconciliation
    await run.hourly()
    found = {Store.BLOBS: Counts(2), Store.MEMORIES: Counts(5, missing=1, mended=1), Store.GRAPH: Counts(17)}
    assert {each.store: each.counts for each in await run.latest(10)} == found
    told = house.container.meters.text().decode().splitlines()
    for store, counts in found.items():
        for outcome in ("checked", "missing", "extra", "mended"):
            count = float(getattr(counts, outcome))
            assert f'frontier_reconciled_rows{{outcome="{outcome}",store="{store.value}"}} {count}' in told
    alerts = [record.getMessage() for record in caplog.records if "code=SYNC_ERROR" in record.getMessage()]
    assert [alert.split(" Ask")[0] for alert in alerts] == [
        "code=SYNC_ERROR subject=store:memories 1 missing and 0 extra of 5 rows; 1 mended."
    ]
