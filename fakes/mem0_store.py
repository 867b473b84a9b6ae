"""What Mem0 Cloud keeps: one project's memories, its events and, with a file, both after a restart."""

import json
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fakes.meaning import meanings, shared_words
from fakes.mem0_filters import ENTITIES, Filters, Row, passes

SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass
class Project:
    """Everything that one API key sees. Oldest first; `log` takes every change as a line of JSON."""

    rows: dict[str, Row] = field(default_factory=dict)
    events: dict[str, Row] = field(default_factory=dict)
    history: dict[str, list[Row]] = field(default_factory=dict)
    log: Path | None = None

    def add(self, text: str, given: Row) -> Row:
        """One memory of `given`, the body of an add."""
        now = _stamp(datetime.fromtimestamp(given["timestamp"], UTC)) if given.get("timestamp") else _now()
        row: Row = {
            "id": str(uuid.uuid4()),
            "memory": text,
            "metadata": given.get("metadata"),
            "categories": None,
            "expiration_date": given.get("expiration_date"),
            "created_at": now,
            "updated_at": now,
        }
        row |= {name: given.get(name) for name in ENTITIES}
        self._keep(row, "ADD")
        return row

    def event(self) -> Row:
        """Of an add that is not done yet."""
        event: Row = {"id": str(uuid.uuid4()), "event_type": "ADD", "status": "PENDING", "results": []}
        self.events[event["id"]] = event
        return event

    async def infer(self, event: Row, messages: Iterable[Row], given: Row) -> None:
        """Each sentence that the user said is a memory."""
        said = [part for each in messages if each["role"] == "user" for part in SENTENCE.split(each["content"]) if part]
        rows = [self.add(text, given) for text in said]
        results = [{"id": row["id"], "event": "ADD", "data": {"memory": row["memory"]}} for row in rows]
        event |= {"status": "SUCCEEDED", "results": results}

    def update(self, id: str, changes: Row) -> Row:
        """Raises KeyError."""
        row = dict(self.rows[id])
        if "text" in changes:
            row["memory"] = changes["text"]
        row |= {name: changes[name] for name in ("metadata", "expiration_date") if name in changes}
        row["updated_at"] = _now()
        self._keep(row, "UPDATE")
        return row

    def delete(self, ids: Iterable[str]) -> int:
        known = [id for id in ids if id in self.rows]
        for id in known:
            self.history[id].append({"memory_id": id, "event": "DELETE", "created_at": _now()})
            del self.rows[id]
            self._write({"id": id, "deleted": True})
        return len(known)

    def found(self, filters: Filters, *, expired: bool) -> list[Row]:
        today = datetime.now(UTC).date().isoformat()
        rows = (row for row in self.rows.values() if expired or (row["expiration_date"] or today) >= today)
        return [row for row in rows if passes(row, filters)]

    def nearest(self, query: str, rows: list[Row], *, top_k: int, threshold: float) -> list[Row]:
        """By meaning and words, half each; equal ones by id."""
        [asked] = meanings([query])
        near = meanings([row["memory"] for row in rows]) @ asked
        scores = [
            max(0.0, float(cosine) + shared_words(query, row["memory"])) / 2
            for cosine, row in zip(near, rows, strict=True)
        ]
        hits = [{**row, "score": score} for score, row in zip(scores, rows, strict=True) if score >= threshold]
        return sorted(hits, key=lambda hit: (-hit["score"], hit["id"]))[:top_k]

    def load(self, lines: Iterable[str]) -> None:
        for row in map(json.loads, lines):
            if row.get("deleted"):
                self.rows.pop(row["id"], None)
            else:
                self.rows[row["id"]] = row
                self.history.setdefault(row["id"], [])

    def _keep(self, row: Row, event: str) -> None:
        self.rows[row["id"]] = row
        past = {"memory_id": row["id"], "event": event, "new_memory": row["memory"], "created_at": row["updated_at"]}
        self.history.setdefault(row["id"], []).append(past)
        self._write(row)

    def _write(self, row: Row) -> None:
        if self.log:
            with self.log.open("a") as file:
                file.write(json.dumps(row) + "\n")


def _now() -> str:
    return _stamp(datetime.now(UTC))


def _stamp(moment: datetime) -> str:
    return moment.isoformat()


def page(rows: list[Any], number: int, size: int, url: str) -> Row:
    """One page of a list, numbers from 1."""
    start = (number - 1) * size
    more = start + size < len(rows)
    return {
        "count": len(rows),
        "next": f"{url}?page={number + 1}&page_size={size}" if more else None,
        "previous": f"{url}?page={number - 1}&page_size={size}" if number > 1 else None,
        "results": rows[start : start + size],
    }
