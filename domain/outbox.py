"""The outbox: what a transaction wants done after it, until it is done."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

type Kind = Literal["event", "job"]
HINTS: dict[Kind, str] = {"event": "outbox:events", "job": "outbox:jobs"}
"""The bus topics on which a commit tells that it has left entries of a kind."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An event or a job that has left its transaction. `attempt` counts from 1 once claimed and fences older ones.

    `args` are an event's fields or, under "args", a job's arguments. Of the attempts, `uncounted` tell nothing of the
    entry: its worker was stopped, another store was away, or it was driven again afterwards. `aggregate` names what an
    event changes.
    """

    id: int
    kind: Kind
    name: str
    args: dict[str, Any]
    attempt: int
    transaction_id: str
    created_at: datetime
    uncounted: int = 0
    aggregate: str = ""

    @property
    def tried(self) -> int:
        """Attempts that count, this one with them."""
        return self.attempt - self.uncounted


class Outbox(Protocol):
    """The worker's side: jobs are done at least once, events projected in order."""

    async def claim(self, *, limit: int, lease_seconds: float, skip: Collection[str] = ()) -> list[OutboxEntry]:
        """Due jobs whose lease is free, now leased to the caller as a new attempt; none whose name is in `skip`."""

    async def claim_events(self, *, limit: int, lease_seconds: float) -> list[OutboxEntry]:
        """Due events in the order of their ids, now leased to the caller as a new attempt.

        None of an aggregate of which an event is leased or waits to be tried again.
        """

    async def beat(self, entry: OutboxEntry, lease_seconds: float) -> bool:
        """Extend the lease; False when a later attempt owns the entry, or it has ended."""

    async def beat_events(self, entries: Sequence[OutboxEntry], lease_seconds: float) -> None:
        """Extend the leases that are still the caller's."""

    async def done(self, entry: OutboxEntry) -> None:
        """This and the next three change nothing when a later attempt owns the entry."""

    async def retry(self, entry: OutboxEntry, *, after_seconds: float, error: str) -> None: ...

    async def release(self, entries: Sequence[OutboxEntry], *, error: str, after_seconds: float = 0.0) -> None:
        """Give them back untried: the attempt does not count."""

    async def dead(self, entry: OutboxEntry, *, code: str, message: str) -> None:
        """Given up; a dead letter and an audit entry tell of it."""

    async def next_due(self) -> float | None:
        """Seconds until the next job is due; 0 when one is, None when none waits."""

    async def projected(self, entries: Sequence[OutboxEntry]) -> None:
        """Done. One that a later attempt owns, or has ended, is told once more behind all others of its aggregate: the
        caller overran its lease, and what it wrote may be older than what the other did."""


class Backlog(Protocol):
    """What waits for longer than it should."""

    async def projectable(self, *, limit: int) -> list[OutboxEntry]:
        """Events that are not projected yet, oldest first, leased or not."""

    async def stalled(self, *, seconds: float, limit: int) -> list[OutboxEntry]:
        """Events that have waited for longer than that, oldest first."""
