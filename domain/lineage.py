"""What one transaction left behind, store by store: ids and times, never anybody's text."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Trace:
    """One row, node, edge, fact, memory or blob that carries a transaction's id.

    kind: what it is there: a table, a label, a relation. key: what names it there, such as `vote:3`. group: whose it
    is (`dao`, `member_<id>`), empty in SQL. state: of the outbox, what was wanted and how far it is.
    """

    store: str
    kind: str
    key: str
    group: str = ""
    at: datetime | None = None
    state: str = ""


class LineageReads(Protocol):
    """For operators: it may walk every row."""

    async def of_transaction(self, transaction_id: str) -> list[Trace]:
        """Rows of every table that carry it, table by table; store "sql"."""

    async def transactions(self, noun: str, row_id: int, *, limit: int) -> list[str]:
        """Transactions that wrote this row, rows that belong to it, or events of it; the newest first.

        `noun` is the contract's name, such as Proposal. Raises BadInput for one that has no rows of its own.
        """
