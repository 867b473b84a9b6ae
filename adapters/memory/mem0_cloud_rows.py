"""Memories as rows of Mem0 Cloud: what is sent, how they are found again, and what has to change."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from adapters.graph.records import OPEN, microseconds
from adapters.memory.metadata import hash_of, metadata_of, text_of
from domain.memories import Memory, MemoryFilter

MARGIN = timedelta(days=1)
"""By which their clock may differ from ours: what is let through too much, `wanted` takes away."""

type Row = dict[str, Any]


class Unsettled(Exception):
    """What was accepted is not seen yet."""


class Garbled(Exception):
    """JSON, but not what was asked for."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What has to be done until the rows are the memories: each once, with its newest text, in its group."""

    add: list[Memory] = field(default_factory=list)
    update: list[tuple[str, Memory]] = field(default_factory=list)
    delete: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.add or self.update or self.delete)


def changes(memories: Iterable[Memory], rows: Iterable[Row]) -> Changes:
    """Of several rows of one memory the one with the least id stays, so that all processes keep the same."""
    held = defaultdict(list)
    for row in sorted(rows, key=lambda row: str(row["id"])):
        held[memory_id(row)].append(row)
    todo = Changes()
    for memory in memories:
        of_group = [row for row in held[memory.id] if row.get("user_id") == memory.content.group]
        right = [row for row in of_group if _says(row, memory)]
        kept = (right or of_group)[:1]
        if not kept:
            todo.add.append(memory)
        elif not right:
            todo.update.append((kept[0]["id"], memory))
        todo.delete.extend(row["id"] for row in held[memory.id] if row not in kept)
    return todo


def _says(row: Row, memory: Memory) -> bool:
    """Mem0 may trim a text."""
    known = row["metadata"] or {}
    same = all(known.get(name) == value for name, value in sent(memory)["metadata"].items())
    return same and str(row["memory"]).split() == text(memory).split()


def results(answer: object) -> list[Row]:
    """Of a search or a page. Raises Garbled."""
    found = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(map(_is_memory, found)):
        raise Garbled
    return found


def count(answer: object) -> int:
    """Of all rows that a list has. Raises Garbled."""
    found = answer.get("count") if isinstance(answer, dict) else None
    if not isinstance(found, int):
        raise Garbled
    return found


def memory_id(row: Row) -> int | None:
    """Ours; None for a row that somebody else put into the project."""
    value = (row.get("metadata") or {}).get("memory_id")
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def sent(memory: Memory) -> Row:
    """The arguments of an add and of an update. Their filters compare metadata as text."""
    known = {name: value for name, value in metadata_of(memory).items() if value is not None}
    expires = memory.content.expires_at
    return {
        "metadata": {**known, "memory_id": str(memory.id), "hash": hash_of(memory)},
        "expiration_date": expires and expires.astimezone(UTC).date().isoformat(),
    }


def added(memory: Memory) -> Row:
    timestamp = int(memory.created_at.timestamp())
    return {"user_id": memory.content.group, "infer": False, "timestamp": timestamp, **sent(memory)}


def text(memory: Memory) -> str:
    """Mem0 refuses an empty message."""
    return text_of(memory) or " "


def of_memories(memory_ids: Iterable[int]) -> Row:
    """Filters for these of ours, in whatever group."""
    return {"AND": [{"user_id": "*"}, {"OR": [{"metadata": {"memory_id": str(id)}} for id in memory_ids]}]}


def before(moment: str) -> Row:
    """Filters for all that was there at a moment."""
    return {"AND": [{"user_id": "*"}, {"created_at": {"lte": moment}}]}


def of_transaction(transaction_id: str) -> Row:
    return {"AND": [{"user_id": "*"}, {"metadata": {"transaction_id": transaction_id}}]}


def of_group(group: str, where: MemoryFilter) -> Row:
    """Filters for what may be wanted; they know equality of metadata only, and no moments but their own."""
    terms: list[Row] = [{"user_id": group}]
    for name, values in (("domain", where.domains), ("kind", where.kinds)):
        if values:
            terms.append({"OR": [{"metadata": {name: value.value}} for value in values]})
    if where.created_after is not None:
        terms.append({"created_at": {"gte": (where.created_after - MARGIN).astimezone(UTC).isoformat()}})
    return {"AND": terms}


def wanted(row: Row, group: str, where: MemoryFilter, at: datetime) -> bool:
    """Whether it may be found: nothing of the server's own filtering is believed."""
    known = row.get("metadata") or {}
    after = microseconds(where.created_after, otherwise=-OPEN)
    return (
        row.get("user_id") == group
        and memory_id(row) is not None
        and _among(known.get("domain"), where.domains)
        and _among(known.get("kind"), where.kinds)
        and _number(known, "importance", 0.0) >= (where.min_importance or 0.0)
        and _number(known, "created", 0.0) > after
        and _number(known, "expires", OPEN) > microseconds(at, otherwise=0)
    )


def best(rows: Iterable[Row], limit: int) -> list[Row]:
    """Each memory once, nearest first."""
    nearest: dict[int | None, Row] = {}
    for row in sorted(rows, key=lambda row: (-row.get("score", 0.0), memory_id(row) or 0)):
        nearest.setdefault(memory_id(row), row)
    return list(nearest.values())[:limit]


def _is_memory(row: object) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("id"), str)
        and isinstance(row.get("memory"), str)
        and isinstance(row.get("metadata"), dict | None)
        and isinstance(row.get("score", 0.0), int | float)
    )


def _number(known: Row, name: str, otherwise: float) -> float:
    value = known.get(name, otherwise)
    return value if isinstance(value, int | float) else otherwise


def _among(value: object, wanted: Sequence[StrEnum]) -> bool:
    return not wanted or value in [each.value for each in wanted]
