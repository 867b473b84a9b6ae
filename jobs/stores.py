"""Whether graph and memory index can be written, as one worker knows it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""A store that has just been started is slow at first."""
FIRST_DELAY, LAST_DELAY = 0.2, 1.0

type Probe = Callable[[], Awaitable[object]]


async def always_there() -> None:
    """For services without stores."""


class Stores:
    """`probe` raises while one of them is away; `told` hears whether they are there, each time that it changes."""

    def __init__(self, probe: Probe = always_there, *, told: Callable[[bool], None] = lambda _: None) -> None:
        self._probe = probe
        self._told = told
        self._there = True

    async def reach(self, *, seconds: float = PATIENCE_SECONDS) -> bool:
        """Whether they can be written now."""
        try:
            async with asyncio.timeout(seconds):
                await self._probe()
        except Exception as error:  # noqa: BLE001  # whatever it is, a store cannot be written
            self._found(str(error) or f"no answer within {seconds:g} s")
        else:
            self._found(None)
        return self._there

    async def back(self) -> None:
        """Returns when they can be written, at once as long as nobody found them away."""
        delay = FIRST_DELAY
        while not self._there:
            await asyncio.sleep(delay)
            delay = min(delay * 2, LAST_DELAY)
            await self.reach()

    def _found(self, missing: str | None) -> None:
        there = missing is None
        if there is self._there:
            return
        self._there = there
        if there:
            log.warning("Graph and memory index can be written again.")
        else:
            log.warning("What is written to graph and memory index waits: %s", missing)
        self._told(there)
