"""Which of the facts that two searches found are given, and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from adapters.graph.fusion import Relevance, fused
from adapters.graph.records import OPEN, microseconds
from domain.periods import Window

CLOSED_DISCOUNT = 0.25
"""A fact that is no longer in force is given only when it fits clearly better than one that is."""
MIN_CANDIDATES = 40

type FactKey = tuple[str, str]
"""Group and id."""


@dataclass(frozen=True, slots=True)
class Hit:
    relevance: Relevance
    in_force: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """`columns` of the edges `e` (from `n` to `m`) that fit `where`, at most `limit`."""

    columns: str
    where: str
    params: Mapping[str, Any]
    limit: int


@dataclass(frozen=True, slots=True)
class FactQuery:
    text: str
    vector: Sequence[float]
    window: Window | None
    at: datetime
    limit: int

    @property
    def wanted(self) -> Wanted:
        """The candidates: more than `limit`, as two searches are joined."""
        window = self.window or Window(None, None)
        return Wanted(
            columns="e.group_id AS group_id, e.uuid AS uuid, e.starts <= $at AND e.ends > $at AS in_force",
            where="e.starts < $until AND e.ends > $since",
            params={
                "at": microseconds(self.at, otherwise=0),
                "since": microseconds(window.start, otherwise=-OPEN - 1),
                "until": microseconds(window.end, otherwise=OPEN + 1),
            },
            limit=max(MIN_CANDIDATES, 4 * self.limit),
        )


def hits_by_key(*searches: Sequence[Mapping[str, Any]]) -> dict[FactKey, Hit]:
    """Rows with `wanted.columns` and `distance` (1 - cosine); a later search, by words, brings `score` too."""
    return {(row["group_id"], row["uuid"]): _hit(row) for rows in searches for row in rows}


def ranked(hits: Mapping[FactKey, Hit], limit: int) -> list[FactKey]:
    """The best `limit`, those in force before closed ones, then by fused score."""
    scores = fused({key: hit.relevance for key, hit in hits.items()})
    best = sorted(hits, key=lambda key: (CLOSED_DISCOUNT * (not hits[key].in_force) - scores[key], key))[:limit]
    return sorted(best, key=lambda key: (not hits[key].in_force, -scores[key], key))


def _hit(row: Mapping[str, Any]) -> Hit:
    """A fact that has lost its vector, or its times, is found by its words alone, as one in force."""
    distance = row["distance"]
    cosine = 1 - distance if distance is not None and isfinite(distance) else 0.0
    return Hit(Relevance(cosine, row.get("score", 0.0)), in_force=row["in_force"] is not False)
