"""What one process knows of one reply: a log whose index is the seq, so that it can hold neither gap nor repeat."""

import asyncio

import orjson

from domain.replies import ReplyEvent, decode, ends, event_of


class Feed:
    """Followers are cursors into the log: a slow one costs nothing. `stale` asks any of them to read it again."""

    def __init__(self) -> None:
        self.log: list[ReplyEvent] = []
        self.followers = 0
        self.stale = True
        self.quiet = 0
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
            self.extend([read(text)])
        elif int(seq) > len(self.log) and not self._torn:
            self.spoil()

    def spoil(self) -> None:
        self.stale = True
        self._pulse()

    def extend(self, events: list[ReplyEvent]) -> None:
        self.log += events
        self.quiet = 0
        self._pulse()

    def tick(self, most: int) -> None:
        """After so many in a row without an event, something may have been missed."""
        self.quiet += 1
        if self.quiet >= most:
            self.quiet = 0
            self.spoil()

    def tear(self) -> None:
        """The stream itself lacks what comes next: stop asking at every event, look again when idle."""
        self._torn = True

    async def moved(self) -> None:
        """Until there is more, or it is stale. Without a clock, which would have to be wound up for every event."""
        await self._moved.wait()

    def _pulse(self) -> None:
        """Wake who waits now; who comes later has seen the log."""
        self._moved.set()
        self._moved.clear()


def read(text: bytes) -> ReplyEvent:
    """What `decode` reads, in half the time unless half a surrogate pair is in it, which orjson refuses."""
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError:
        return decode(text)
    return event_of(fields)
