"""Which of the facts that two searches found are given, and in which order."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.graph.falkordb_connection import Reader, Row
from adapters.graph.falkordb_records import OPEN, microseconds
from adapters.graph.fusion import Relevance, fused
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
class FactQuery:
    text: str
    vector: Sequence[float]
    window: Window | None
    at: datetime
    limit: int


async def hits_of(driver: Reader, group: str, query: FactQuery) -> dict[FactKey, Hit]:
    """The candidates of one group, by meaning and by words."""
    from adapters.graph.falkordb_search import Wanted, nearest, with_words

    wanted = Wanted(
        columns="e.uuid AS uuid, e.starts <= $at AND e.ends > $at AS in_force",
        where="e.starts < $until AND e.ends > $since",
        params=_times(query),
        limit=max(MIN_CANDIDATES, 4 * query.limit),
    )
    by_meaning, by_words = await asyncio.gather(
        nearest(driver, query.vector, wanted), with_words(driver, query.text, query.vector, wanted)
    )
    return {(group, row["uuid"]): _hit(row) for row in (*by_meaning, *by_words)}


def ranked(hits: Mapping[FactKey, Hit], limit: int) -> list[FactKey]:
    """The best `limit`, those in force before closed ones, then by fused score."""
    scores = fused({key: hit.relevance for key, hit in hits.items()})
    best = sorted(hits, key=lambda key: (CLOSED_DISCOUNT * (not hits[key].in_force) - scores[key], key))[:limit]
    return sorted(best, key=lambda key: (not hits[key].in_force, -scores[key], key))


def _times(query: FactQuery) -> dict[str, int]:
    window = query.window or Window(None, None)
    return {
        "at": microseconds(query.at, otherwise=0),
        "since": microseconds(window.start, otherwise=-OPEN - 1),
        "until": microseconds(window.end, otherwise=OPEN + 1),
    }


def _hit(row: Row) -> Hit:
    return Hit(Relevance(1 - row["distance"], row.get("score", 0.0)), in_force=row["in_force"])
