"""What one process knows of one reply: a log whose index is the seq, so that it can hold neither gap nor repeat."""

import asyncio

import orjson

from domain.replies import ReplyEvent, Sequenced, Tap, decode, ends, event_of


class Follower:
    """A cursor into a feed's log. `position` is the seq of what it wants next."""

    def __init__(self, position: int, tap: Tap | None) -> None:
        self.position = position
        self._tap = tap
        self._waits = False
        self._woken = asyncio.Event()

    async def moved(self) -> None:
        """Until there is more than its tap took, or the feed is stale. Without a clock, which would have to be wound up
        for every event."""
        self._waits = True
        try:
            await self._woken.wait()
        finally:
            self._waits = False
        self._woken.clear()

    def take(self, log: list[ReplyEvent]) -> None:
        if self._waits and self._tap is not None:
            while self.position < len(log) and not ends(event := log[self.position]):
                if not self._tap(Sequenced(self.position, event)):
                    break
                self.position += 1
        if self.position < len(log):
            self.wake()

    def wake(self) -> None:
        self._woken.set()


class Feed:
    """Followers are cursors into the log: a slow one costs nothing. `stale` asks any of them to read it again."""

    def __init__(self) -> None:
        self.log: list[ReplyEvent] = []
        self.followers: set[Follower] = set()
        self.stale = True
        self.quiet = 0
        self.reading = asyncio.Lock()
        self._torn = False

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
        for follower in self.followers:
            follower.wake()

    def extend(self, events: list[ReplyEvent]) -> None:
        self.log += events
        self.quiet = 0
        for follower in tuple(self.followers):
            follower.take(self.log)

    def tick(self, most: int) -> None:
        """After so many in a row without an event, something may have been missed."""
        self.quiet += 1
        if self.quiet >= most:
            self.quiet = 0
            self.spoil()

    def tear(self) -> None:
        """The stream itself lacks what comes next: stop asking at every event, look again when idle."""
        self._torn = True


def read(text: bytes) -> ReplyEvent:
    """What `decode` reads, in half the time unless half a surrogate pair is in it, which orjson refuses."""
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError:
        return decode(text)
    return event_of(fields)
