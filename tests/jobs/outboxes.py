"""An outbox on a plain SQLite file: all that the port promises, between processes too, and nothing else."""

import json
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from domain.outbox import OutboxEntry

TABLE = """
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY, kind TEXT, name TEXT, args TEXT, attempt INTEGER DEFAULT 0, created REAL, due REAL,
  lease REAL DEFAULT 0, state TEXT DEFAULT 'open', error TEXT
);
CREATE TABLE IF NOT EXISTS diary (id INTEGER PRIMARY KEY, at REAL, line TEXT);
"""
MINE = "WHERE id = ? AND attempt = ? AND state = 'open'"


class FileOutbox:
    def __init__(self, path: Path) -> None:
        self._path = path
        with self._transaction() as connection:
            connection.executescript(TABLE)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            if connection.in_transaction:
                connection.commit()

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._transaction() as connection:
            return connection.execute(statement, values).fetchall()

    def enqueue(self, name: str, *args: int | str, after: float = 0) -> int:
        return self._add("job", name, {"args": list(args)}, after)

    def emit(self, name: str, **fields: int) -> int:
        return self._add("event", name, fields, 0)

    def _add(self, kind: Literal["event", "job"], name: str, args: dict[str, Any], after: float) -> int:
        now = time.time()
        statement = "INSERT INTO outbox (kind, name, args, created, due) VALUES (?, ?, ?, ?, ?) RETURNING id"
        return int(self._rows(statement, kind, name, json.dumps(args), now, now + after)[0][0])

    def state(self, entry_id: int) -> tuple[str, int, str | None]:
        """State, attempt, error."""
        [(state, attempt, error)] = self._rows("SELECT state, attempt, error FROM outbox WHERE id = ?", entry_id)
        return state, attempt, error

    def note(self, line: str) -> None:
        self._rows("INSERT INTO diary (at, line) VALUES (?, ?)", time.time(), line)

    def diary(self) -> list[str]:
        return [line for (line,) in self._rows("SELECT line FROM diary ORDER BY id")]

    async def claim(self, *, limit: int, lease_seconds: float, skip: Collection[str] = ()) -> list[OutboxEntry]:
        now = time.time()
        due = (
            "SELECT id FROM outbox WHERE kind = 'job' AND state = 'open' AND due <= ? AND lease <= ? "  # noqa: S608  # holders
            f"AND name NOT IN ({','.join('?' * len(skip))}) ORDER BY id LIMIT ?"
        )
        change = f"UPDATE outbox SET attempt = attempt + 1, lease = ? WHERE id IN ({due}) RETURNING *"  # noqa: S608  # same
        rows = self._rows(change, now + lease_seconds, now, now, *skip, limit)
        return sorted(map(entry, rows), key=lambda each: each.id)

    async def beat(self, entry: OutboxEntry, lease_seconds: float) -> bool:
        return self._change(entry, "lease = ?", time.time() + lease_seconds)

    async def done(self, entry: OutboxEntry) -> None:
        self._change(entry, "state = 'done'")

    async def retry(self, entry: OutboxEntry, *, after_seconds: float, error: str) -> None:
        self._change(entry, "lease = 0, due = ?, error = ?", time.time() + after_seconds, error)

    async def dead(self, entry: OutboxEntry, *, error: str) -> None:
        self._change(entry, "state = 'dead', error = ?", error)

    async def next_due(self) -> float | None:
        [(due,)] = self._rows("SELECT min(max(due, lease)) FROM outbox WHERE kind = 'job' AND state = 'open'")
        return None if due is None else max(0.0, due - time.time())

    async def projectable(self, *, limit: int) -> list[OutboxEntry]:
        events = "SELECT * FROM outbox WHERE kind = 'event' AND state = 'open' ORDER BY id LIMIT ?"
        return list(map(entry, self._rows(events, limit)))

    async def projected(self, ids: list[int]) -> None:
        for entry_id in ids:
            self._rows("UPDATE outbox SET state = 'done' WHERE id = ?", entry_id)

    def _change(self, entry: OutboxEntry, change: str, *values: object) -> bool:
        statement = f"UPDATE outbox SET {change} {MINE} RETURNING id"  # noqa: S608  # our own words
        return bool(self._rows(statement, *values, entry.id, entry.attempt))


def entry(row: tuple[Any, ...]) -> OutboxEntry:
    created = datetime.fromtimestamp(row[5], UTC)
    return OutboxEntry(row[0], row[1], row[2], json.loads(row[3]), row[4], f"transaction-{row[0]}", created)
