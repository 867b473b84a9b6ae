"""Where a store's reconciliation is."""

from datetime import timedelta

from sqlalchemy import delete

from adapters.sql.reconciliations import ReconcilingRow
from domain.reconciliation import Store
from evals.hall import Hall
from tests.contracts.sql.times import T0


async def test_a_store_whose_row_was_lost_is_compared_all_the_same_and_by_one(database: Hall) -> None:
    await database.writer(lambda session: session.execute(delete(ReconcilingRow)))
    until = T0 + timedelta(minutes=1)
    begun = [
        await database.transact(lambda work: work.reconciliations.begin(Store.GRAPH, at=T0, until=until))
        for _ in range(2)
    ]
    assert [run and (run.store, run.ran_at, run.fence) for run in begun] == [(Store.GRAPH, T0, 1), None]
