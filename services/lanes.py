"""How many jobs of a kind one process runs at once, so that a folder of documents never holds up a reply."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from math import inf

from domain.outbox import OutboxEntry

type Attempt = tuple[int, int]


class Lanes:
    """A lane a job's name. `freed` is set when one may have room again."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        self.freed = asyncio.Event()
        self._limits = dict(limits)
        self._turns = {name: asyncio.Semaphore(limit) for name, limit in limits.items()}
        self._taken: dict[Attempt, tuple[str, float]] = {}
        self._shut: dict[str, frozenset[str]] = {}

    def turn(self, name: str) -> asyncio.Semaphore:
        return self._turns[name]

    def hand(self, entry: OutboxEntry, *, until: float) -> None:
        """Keep a place for a job on its way to a worker, until that loop time: another process may start it."""
        self._taken.setdefault((entry.id, entry.attempt), (entry.name, until))

    def enter(self, entry: OutboxEntry) -> bool:
        """Take the place for good; False when this very attempt runs here already."""
        attempt = (entry.id, entry.attempt)
        if self._taken.get(attempt, (entry.name, 0.0))[1] == inf:
            return False
        self._taken[attempt] = (entry.name, inf)
        return True

    def leave(self, entry: OutboxEntry) -> None:
        self._taken.pop((entry.id, entry.attempt), None)
        self.freed.set()

    def shut(self, missing: str, names: Collection[str]) -> None:
        """While an engine is missing, jobs of these names are not begun; none: it is back."""
        self._shut[missing] = frozenset(names)
        self.freed.set()

    def free(self, *, at: float) -> dict[str, int]:
        """Places free at that loop time, by name. A claim may bring more of a kind than fit: those wait their turn."""
        self._taken = {attempt: place for attempt, place in self._taken.items() if place[1] > at}
        taken = Counter(name for name, _ in self._taken.values())
        shut = frozenset().union(*self._shut.values())
        return {name: 0 if name in shut else max(0, limit - taken[name]) for name, limit in self._limits.items()}
