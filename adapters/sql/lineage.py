"""What a transaction left in SQL, and which transactions made a row."""

from typing import Any

from sqlalchemy import ColumnElement, Table, literal, select
from sqlalchemy.orm import Session

from adapters.sql.reader import Reader
from adapters.sql.tables import METADATA
from domain.errors import BadInput
from domain.lineage import Trace

TIMES = ("created_at", "cast_at", "uploaded_at", "started_at", "joined_at", "decided_at", "sealed_at", "answered_at",
         "last_failed_at", "at", "in_force_from")  # fmt: skip
"""The first of these that a table has is its rows' time."""
TEXTS = {"idempotent_answer": {"key"}}
"""Key columns whose words are a client's."""
NOUNS = {
    "Member": "member",
    "Twin": "member",
    "Memory": "memory",
    "PolicyTopic": "policy_topic",
    "Document": "document",
    "ChatSession": "chat_session",
    "ChatMessage": "chat_message",
    "Proposal": "proposal",
    "Vote": "vote",
    "Resolution": "resolution",
    "Policy": "policy",
    "Delegation": "delegation",
    "AuditEntry": "audit_entry",
    "DeadLetter": "dead_letter",
    "Dao": "dao",
}


class SqlLineageReads:
    """Port `LineageReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def of_transaction(self, transaction_id: str) -> list[Trace]:
        def read(session: Session) -> list[Trace]:
            return [trace for table in METADATA.sorted_tables for trace in traces(session, table, transaction_id)]

        return await self._reader(read)

    async def transactions(self, noun: str, row_id: int, *, limit: int) -> list[str]:
        if noun not in NOUNS:
            raise BadInput(f"A {noun} has no rows of its own: give a transaction's id, or another node's.")
        outbox = METADATA.tables["outbox"]
        of_row = {table: owned_by(table, NOUNS[noun], row_id) for table in METADATA.sorted_tables}
        of_row[outbox] = [outbox.c.aggregate == f"{NOUNS[noun]}:{row_id}"]

        def read(session: Session) -> list[str]:
            found = {
                row.transaction_id: row.at
                for table, conditions in of_row.items()
                for condition in conditions
                for row in session.execute(
                    select(table.c.transaction_id, time_of(table).label("at")).where(condition).distinct()
                )
                if row.transaction_id
            }
            return sorted(found, key=lambda id_: (found[id_] is not None, found[id_]), reverse=True)[:limit]

        return await self._reader(read)


def owned_by(table: Table, owner: str, row_id: int) -> list[ColumnElement[bool]]:
    """The owner's row itself, or the rows that refer to it by what names them."""
    if table.name == owner:
        return [table.c.id == row_id]
    return [
        column == row_id
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name == owner and owner != "member"  # who refers to a member is the work of years
    ]


def traces(session: Session, table: Table, transaction_id: str) -> list[Trace]:
    names = [column for column in table.primary_key if column.name not in TEXTS.get(table.name, ())]
    state = [table.c[name] for name in ("name", "done_at", "dead_at") if table.name == "outbox"]
    rows = session.execute(
        select(*names, time_of(table).label("at"), *state)
        .where(table.c.transaction_id == transaction_id)
        .order_by(*table.primary_key)
    )
    return [
        Trace("sql", table.name, "/".join(str(row[at]) for at in range(len(names))), at=row.at, state=state_of(row))
        for row in rows
    ]


def time_of(table: Table) -> ColumnElement[Any]:
    name = next((name for name in TIMES if name in table.c), None)
    return table.c[name] if name else literal(None)


def state_of(row: Any) -> str:  # noqa: ANN401  # of the outbox, or of a table without one
    if not hasattr(row, "done_at"):
        return ""
    return f"{row.name} {'dead' if row.dead_at else 'done' if row.done_at else 'open'}"
