"""The outbox on a database file of its own, shared between processes, with a diary beside it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, MetaData, Row, String, Table, insert, select, update

from adapters.sql.engine import sqlite_engine
from adapters.sql.naming import table_of
from adapters.sql.outbox import SqlOutbox
from adapters.sql.outbox_rows import OutboxRow
from adapters.sql.reader import SqliteReader
from adapters.sql.tables import METADATA
from adapters.sql.writer import SqliteWriter

OUTBOX = table_of(OutboxRow)
DIARY = Table("diary", MetaData(), Column("id", Integer, primary_key=True), Column("line", String))


class FileOutbox(SqlOutbox):
    """Written to directly, as a transaction's end would."""

    def __init__(self, path: Path) -> None:
        url = f"sqlite+aiosqlite:///{path}"
        self._file = sqlite_engine(url, connections=1, writes=True)
        with self._file.begin() as connection:
            METADATA.create_all(connection)
            DIARY.create(connection, checkfirst=True)
        self._owned = (SqliteReader(url), SqliteWriter(url))
        super().__init__(*self._owned)

    async def close(self) -> None:
        for part in self._owned:
            await part.close()
        self._file.dispose()

    def enqueue(self, name: str, *args: int | str, after: float = 0) -> int:
        return self._add(kind="job", name=name, args={"args": list(args)}, after=after)

    def emit(self, name: str, *, aggregate: str = "", **fields: int) -> int:
        return self._add(kind="event", name=name, args=fields, aggregate=aggregate)

    def _add(self, *, after: float = 0, **values: object) -> int:
        now = datetime.now(UTC)
        row = {"aggregate": "", "attempt": 0, "uncounted": 0, **values, "transaction_id": "t", "created_at": now}
        with self._file.begin() as connection:
            added = insert(OUTBOX).values(**row, due_at=now + timedelta(seconds=after)).returning(OUTBOX.c.id)
            return int(connection.scalars(added).one())

    def hasten(self, entry_id: int) -> None:
        """It is due now."""
        with self._file.begin() as connection:
            now = datetime.now(UTC)
            connection.execute(update(OUTBOX).where(OUTBOX.c.id == entry_id).values(due_at=now, lease_until=None))

    def row(self, entry_id: int) -> Row[Any]:
        with self._file.connect() as connection:
            return connection.execute(select(OUTBOX).where(OUTBOX.c.id == entry_id)).one()

    def state(self, entry_id: int) -> tuple[str, int, str | None]:
        """State, attempt, error."""
        row = self.row(entry_id)
        return "done" if row.done_at else "dead" if row.dead_at else "open", row.attempt, row.error

    def note(self, line: str) -> None:
        with self._file.begin() as connection:
            connection.execute(insert(DIARY).values(line=line))

    def diary(self) -> list[str]:
        with self._file.connect() as connection:
            return list(connection.scalars(select(DIARY.c.line).order_by(DIARY.c.id)))
