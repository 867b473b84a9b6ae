"""What one process knows of one reply: a log whose index is the seq, so that it can hold neither gap nor repeat."""

import asyncio
from contextlib import suppress

from domain.replies import ReplyEvent, decode, ends


class Feed:
    """Followers are cursors into the log: a slow one costs nothing. `stale` asks any of them to read it again."""

    def __init__(self) -> None:
        self.log: list[ReplyEvent] = []
        self.followers = 0
        self.stale = True
        self.read_at = 0.0
        self.reading = asyncio.Lock()
        self._torn = False
        self._moved = asyncio.Event()

    @property
    def ended(self) -> bool:
        return bool(self.log) and ends(self.log[-1])

    def joined(self) -> None:
        self._torn = False
        self.spoil()

    def heard(self, data: bytes) -> None:
        seq, _, text = data.partition(b":")
        if int(seq) == len(self.log):
            self.extend([decode(text)])
        elif int(seq) > len(self.log) and not self._torn:
            self.spoil()

    def spoil(self) -> None:
        self.stale = True
        self._pulse()

    def extend(self, events: list[ReplyEvent]) -> None:
        self.log += events
        self._pulse()

    def tear(self) -> None:
        """The stream itself lacks what comes next: stop asking at every event, look again when idle."""
        self._torn = True

    async def moved(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._moved.wait()
        return False

    def _pulse(self) -> None:
        """Wake who waits now; who comes later has seen the log."""
        self._moved.set()
        self._moved.clear()
