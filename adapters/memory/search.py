"""Candidates of a memory search on any vector store: by meaning from each group, by words from all."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

EXACT_BELOW = 5_000
"""Vectors of a group up to which each one is compared: 5 ms, and a small group is not lost among large ones."""
FIRST_ASK, ASK_COSTS = 200, 8
"""How many hits the vector index is asked for; one takes as long as comparing eight vectors."""
MIN_CANDIDATES = 40
COUNTS_KEPT = 60.0
"""Seconds that a group's size is believed: it only chooses the way."""
FIELDS = frozenset({"domain", "kind", "source", "importance", "session_id", "created", "expires", "transaction_id"})

type Row = dict[str, Any]
type Rows = list[Row]
type Filters = Mapping[str, Any]


class OtherVectors(Exception):
    """The store holds vectors of another embedder: writing ours beside them would spoil it."""

    def __init__(self, held: int, wanted: int) -> None:
        super().__init__(f"it holds vectors of {held} dimensions and the embedder makes {wanted}")


def check_dimensions(held: int | None, wanted: int) -> None:
    """`held` is None in an empty store. Raises OtherVectors."""
    if held not in (None, wanted):
        raise OtherVectors(held, wanted)


@dataclass(frozen=True, slots=True)
class Condition:
    """One of Mem0's filters; `name` is its parameter's."""

    field: str
    operator: str
    value: object

    @property
    def name(self) -> str:
        return f"{self.field}_{self.operator}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What every statement of one search is given. Each names the groups itself: none trusts another's filter."""

    vector: Sequence[float]
    filters: Filters
    limit: int


class MemorySearch(ABC):
    """Rows with id, memory_id, user_id, data and `distance` (1 - cosine); an id may come twice.

    Those found by words have `score` too, the higher the rarer the words.
    """

    most_ask: int | None = None
    """The most hits that the vector index gives."""

    def __init__(self) -> None:
        self._sizes: dict[str, tuple[float, int]] = {}

    def candidates(self, query: str, vector: Sequence[float], top_k: int, filters: Filters) -> Rows:
        asked = Asked(vector, filters, max(MIN_CANDIDATES, top_k))
        groups = groups_of(filters)
        small = [group for group in groups if self.size(group) <= EXACT_BELOW]
        rows = self.each(small, asked) if small else []
        for group in groups:
            if group not in small:
                rows += self._nearest(group, asked)
        return rows + self.with_words(query, groups, asked)

    @abstractmethod
    def each(self, groups: list[str], asked: Asked) -> Rows:
        """The nearest of these groups, every vector of them compared."""

    @abstractmethod
    def nearest(self, group: str, ask: int, asked: Asked) -> Rows:
        """Those of the group among the `ask` nearest of all."""

    @abstractmethod
    def with_words(self, query: str, groups: list[str], asked: Asked) -> Rows: ...

    @abstractmethod
    def count(self, group: str) -> int: ...

    def size(self, group: str) -> int:
        """Of a minute ago at most."""
        now = time.monotonic()
        known = self._sizes.get(group)
        if known is None or now - known[0] > COUNTS_KEPT:
            known = self._sizes[group] = (now, self.count(group))
        return known[1]

    def _nearest(self, group: str, asked: Asked) -> Rows:
        """The index knows no filter: ask for more than wanted, four times as many while too few fit, then compare."""
        ask = max(FIRST_ASK, 4 * asked.limit)
        while self.size(group) > ask * ASK_COSTS and ask <= (self.most_ask or ask):
            rows = self.nearest(group, ask, asked)
            if len(rows) >= asked.limit:
                return rows
            ask *= 4
        return self.each([group], asked)


def groups_of(filters: Filters) -> list[str]:
    """Mem0 wants one user_id: it names the groups, joined by commas."""
    return str(filters["user_id"]).split(",")


def conditions(filters: Filters) -> list[Condition]:
    """Mem0's filters (`{"importance": {"gte": 0.5}}`) without user_id. Raises ValueError."""
    found = []
    for field, wanted in filters.items():
        if field == "user_id":
            continue
        if field not in FIELDS:
            raise ValueError(f"Memories cannot be filtered by {field!r}: use one of {', '.join(sorted(FIELDS))}.")
        pairs = wanted.items() if isinstance(wanted, dict) else [("eq", wanted)]
        found += [Condition(field, operator, value) for operator, value in pairs]
    return found
