"""State streams: the present state first, then newer ones."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from domain.bus import Bus
from domain.errors import SyncFailed

AWAY_SECONDS = 0.5
"""Between two looks at a database that does not answer."""
RECHECK_SECONDS = 5.0
"""A hint may be lost between commit and publish; the state is then read again after this long."""


@dataclass(frozen=True, slots=True)
class Watched[T]:
    """A state, and how many a slow reader missed before it."""

    state: T
    skipped: int


async def watch[T](
    bus: Bus, topic: str, read: Callable[[], Awaitable[T | None]], seq_of: Callable[[T], int]
) -> AsyncIterator[Watched[T]]:
    """States with rising seq; ends when the viewer can no longer see the object. Joins the bus before it reads.

    Once it has begun it outlives a database that does not answer. Raises SyncFailed when it cannot begin.
    """
    async with bus.listen(topic) as listener:
        last: int | None = None
        state = await read()
        while state is not None:
            seq = seq_of(state)
            if last is None or seq > last:
                yield Watched(state, 0 if last is None else seq - last - 1)
                last = seq
            await listener.wait(RECHECK_SECONDS)
            state = await patiently(read)


async def patiently[T](read: Callable[[], Awaitable[T]]) -> T:
    """However long the database is away."""
    while True:
        try:
            return await read()
        except SyncFailed:
            await asyncio.sleep(AWAY_SECONDS)
