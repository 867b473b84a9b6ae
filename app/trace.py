"""`frontier trace`: an operation's lineage as lines."""

from itertools import groupby

from app.container import Container
from app.settings import Settings
from domain.errors import NotFound
from domain.lineage import Trace
from schema.ids import UUID, noun_and_key

MOST = 20
"""Transactions of one node that are shown."""


async def lineage_of(settings: Settings, given: str) -> list[str]:
    """Of a transaction, or of those that made a node. Raises BadInput, NotFound, RetrievalFailed."""
    async with Container(settings) as container:
        lines: list[str] = []
        for transaction_id in [given] if UUID.fullmatch(given) else await transactions(container, given):
            found = await container.lineage.of_transaction(transaction_id)
            if found:
                lines += [f"transaction {transaction_id}", *(line for line in lines_of(found))]
        if not lines:
            raise NotFound(f"No store knows {given}: give a transaction's id, or the id of a node.")
        return lines


async def transactions(container: Container, given: str) -> list[str]:
    noun, key = noun_and_key(given, "ID")
    return await container.lineage.transactions(noun, int(key) if isinstance(key, int) else 0, limit=MOST)


def lines_of(traces: list[Trace]) -> list[str]:
    """Kinds of more than a handful are counted."""
    lines = []
    for (store, kind), group in groupby(traces, key=lambda trace: (trace.store, trace.kind)):
        same = list(group)
        lines += [f"  {store:9} {kind:22} {line_of(trace)}" for trace in same[:MOST]]
        if len(same) > MOST:
            lines.append(f"  {store:9} {kind:22} and {len(same) - MOST} more")
    return lines


def line_of(trace: Trace) -> str:
    at = trace.at.isoformat(timespec="milliseconds") if trace.at else ""
    return "  ".join(part for part in (trace.key, trace.group, at, trace.state) if part)
