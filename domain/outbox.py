"""The outbox: what a transaction wants done after it, until it is done."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An event or a job that has left its transaction. `attempt` counts from 1 once claimed and fences older ones.

    `args` are an event's fields or, under "args", a job's arguments.
    """

    id: int
    kind: Literal["event", "job"]
    name: str
    args: dict[str, Any]
    attempt: int
    transaction_id: str
    created_at: datetime


class Outbox(Protocol):
    """The worker's side: jobs are done at least once, events projected in order."""

    async def claim(self, *, limit: int, lease_seconds: float, skip: Collection[str] = ()) -> list[OutboxEntry]:
        """Due jobs whose lease is free, now leased to the caller as a new attempt; none whose name is in `skip`."""

    async def beat(self, entry: OutboxEntry, lease_seconds: float) -> bool:
        """Extend the lease; False when a later attempt owns the job, or it has ended."""

    async def done(self, entry: OutboxEntry) -> None:
        """This and the next two change nothing when a later attempt owns the job."""

    async def retry(self, entry: OutboxEntry, *, after_seconds: float, error: str) -> None: ...

    async def dead(self, entry: OutboxEntry, *, error: str) -> None:
        """Given up; kept with its error."""

    async def next_due(self) -> float | None:
        """Seconds until the next job is due; 0 when one is, None when none waits."""

    async def projectable(self, *, limit: int) -> list[OutboxEntry]:
        """Events not yet projected, oldest first."""

    async def projected(self, ids: list[int]) -> None: ...


class Backlog(Protocol):
    """What waits for longer than it should."""

    async def stalled(self, *, seconds: float, limit: int) -> list[OutboxEntry]:
        """Events that have waited for longer than that, oldest first."""
