"""What wakes a worker for a job. The record of jobs is the outbox: a lost wake-up costs a lease, never the job."""

from typing import Protocol

from domain.outbox import OutboxEntry


class Queue(Protocol):
    async def put(self, entry: OutboxEntry) -> None:
        """Wake a worker for this attempt, at least once. Raises SyncFailed when the queue cannot be reached."""

    async def ping(self) -> None:
        """Raises SyncFailed while nothing can be put: out of reach, or its disk is full."""

    async def alive(self) -> bool:
        """Whether a worker gave a sign of life within the last seconds. Raises SyncFailed."""
