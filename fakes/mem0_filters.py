"""Filters of Mem0 Cloud's v3 routes: what they let through, and what they refuse."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

ENTITIES = ("user_id", "agent_id", "app_id", "run_id")
TIMES = ("created_at", "updated_at", "timestamp")
FIELDS = {*ENTITIES, *TIMES, "categories", "metadata", "keywords", "memory_ids", "AND", "OR", "NOT"}
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: bool(value == wanted),
    "ne": lambda value, wanted: bool(value != wanted),
    "in": lambda value, wanted: value in wanted,
    "gt": lambda value, wanted: bool(value > wanted),
    "gte": lambda value, wanted: bool(value >= wanted),
    "lt": lambda value, wanted: bool(value < wanted),
    "lte": lambda value, wanted: bool(value <= wanted),
    "contains": lambda value, wanted: wanted in value,
    "icontains": lambda value, wanted: wanted.lower() in value.lower(),
}

type Filters = Mapping[str, Any]
type Row = dict[str, Any]


class BadFilters(Exception):
    """The detail of a 400."""


def checked(filters: object) -> Filters:
    """Raises BadFilters for unknown fields and operators, and without any entity: nobody lists a whole project."""
    if not isinstance(filters, dict) or not filters:
        raise BadFilters("filters are required")
    if not _named(filters) & set(ENTITIES):
        raise BadFilters(f"filters must name one of {', '.join(ENTITIES)}")
    return filters


def passes(row: Row, filters: Filters) -> bool:
    return all(_meets(row, field, wanted) for field, wanted in filters.items())


def _meets(row: Row, field: str, wanted: Any) -> bool:  # noqa: ANN401  # JSON
    match field:
        case "AND":
            return all(passes(row, each) for each in wanted)
        case "OR":
            return any(passes(row, each) for each in wanted)
        case "NOT":
            return not any(passes(row, each) for each in (wanted if isinstance(wanted, list) else [wanted]))
        case "metadata":
            return all((row["metadata"] or {}).get(name) == value for name, value in wanted.items())
        case "memory_ids":
            return row["id"] in (wanted["in"] if isinstance(wanted, dict) else wanted)
        case "keywords":
            return all(COMPARED[operator](row["memory"], value) for operator, value in wanted.items())
    value = row.get(field)
    if wanted == "*":
        return value is not None
    pairs = wanted.items() if isinstance(wanted, dict) else [("eq", wanted)]
    return all(value is not None and _compared(field, operator, value, other) for operator, other in pairs)


def _compared(field: str, operator: str, value: Any, wanted: Any) -> bool:  # noqa: ANN401  # JSON
    if field in TIMES:
        value, wanted = instant(value), instant(wanted)
    return COMPARED[operator](value, wanted)


def instant(text: str) -> datetime:
    """ISO 8601, a date alone too; without a zone it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _named(filters: Filters) -> set[str]:
    """All fields below. Raises BadFilters."""
    names = set(filters)
    if unknown := names - FIELDS:
        raise BadFilters(f"Unsupported filter field: {', '.join(sorted(unknown))}")
    for field, wanted in filters.items():
        if field in ("AND", "OR", "NOT"):
            names |= {name for each in (wanted if isinstance(wanted, list) else [wanted]) for name in _named(each)}
        elif isinstance(wanted, dict) and field != "metadata" and (unknown := set(wanted) - set(COMPARED)):
            raise BadFilters(f"Unsupported operator for {field}: {', '.join(sorted(unknown))}")
    return names
