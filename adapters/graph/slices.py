"""Walking a store by its uuids: a range holds about as many of them as any other of its width."""

from collections.abc import Iterable
from typing import Any

SPACE = 16**8
"""The first eight hex digits of a uuid."""
FIRST = "0"
"""No uuid is less; what is no text is neither less nor more."""

type Rows = list[dict[str, Any]]


def bounds(after: str, *, count: int, limit: int) -> tuple[str, str | None]:
    """The half-open range of uuids that begins at `after` and holds about `limit` of `count`; None: all the rest.

    The upper bound is where the next slice begins. What is no uuid falls into some range too.
    """
    start = int(after, 16) if after else 0
    until = start + max(1, limit * SPACE // max(count, 1))
    return after, None if until >= SPACE else f"{until:08x}"


def within(rows: Iterable[dict[str, Any]], field: str, start: str, until: str | None) -> Rows:
    """FalkorDB's index of strings finds some beyond a range's ends too, though it misses none."""
    return [row for row in rows if start <= row[field] and (until is None or row[field] < until)]
