"""A member's new name in all that the graph tells of it: its facts are in words."""

from domain.reconciliation import NAMED, Records
from services.reconciled_graph import ReconciledGraph

SLICE = 200


class Renames:
    """Slow for who has done much, and safe to stop: it begins anew, and what is written already differs no more."""

    def __init__(self, records: Records, graph: ReconciledGraph) -> None:
        self._records = records
        self._graph = graph

    async def show(self, member_id: int) -> None:
        """Raises SyncFailed, RetrievalFailed."""
        for kind in NAMED:
            after = 0
            while ids := await self._records.of_member(kind, member_id, after, limit=SLICE):
                await self._graph.renew(kind, ids)
                after = ids[-1]
