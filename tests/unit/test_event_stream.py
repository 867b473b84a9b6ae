"""A stream of server-sent events, spoken to as a server speaks to it."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.http.event_stream import HEARTBEAT, OPENING, EventStream


class Restless(EventStream):
    heartbeat_seconds = 0.001


class Client:
    """Keeps what it is sent; leaves once it has had enough."""

    def __init__(self, *, enough: int | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self._enough = enough
        self._left = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:  # noqa: ANN401  # the server's
        self.sent.append(message)
        if len(self.sent) == self._enough:
            self._left.set()

    @property
    def bodies(self) -> list[bytes]:
        return [message["body"] for message in self.sent if message["type"] == "http.response.body"]


class Frames:
    """What is sent, and whether it was closed."""

    def __init__(self, *frames: bytes, then: Exception | None = None, for_ever: bool = False) -> None:
        self.closed = False
        self._frames = frames
        self._then = then
        self._for_ever = for_ever

    async def run(self) -> AsyncGenerator[bytes]:
        try:
            for frame in self._frames:
                yield frame
            if self._then:
                raise self._then
            if self._for_ever:
                await asyncio.Event().wait()
        finally:
            self.closed = True


async def test_frames_follow_the_opening_and_the_stream_ends_with_them() -> None:
    client, frames = Client(), Frames(b"a", b"b")
    await EventStream(frames.run(), headers={"X": "y"})({"type": "http"}, client.receive, client.send)
    assert client.bodies == [OPENING, b"a", b"b", b""]
    assert dict(client.sent[0]["headers"])[b"x"] == b"y"
    assert (client.sent[-1]["more_body"], frames.closed) == (False, True)


async def test_comments_keep_a_silent_stream_open() -> None:
    client, frames = Client(enough=4), Frames(for_ever=True)
    await Restless(frames.run(), headers={})({"type": "http"}, client.receive, client.send)
    assert client.bodies[:3] == [OPENING, HEARTBEAT, HEARTBEAT]


async def test_it_is_closed_when_the_client_goes() -> None:
    client, frames = Client(enough=3), Frames(b"a", for_ever=True)
    await EventStream(frames.run(), headers={})({"type": "http"}, client.receive, client.send)
    assert (client.bodies[:2], frames.closed) == ([OPENING, b"a"], True)


async def test_it_ends_at_its_moment() -> None:
    client, frames = Client(), Frames(for_ever=True)
    over = datetime.now(UTC) - timedelta(seconds=1)
    await EventStream(frames.run(), headers={}, until=over)({"type": "http"}, client.receive, client.send)
    assert (client.sent[-1]["more_body"], client.bodies[-1]) == (False, b"")


async def test_a_fault_breaks_the_answer_off() -> None:
    client, frames = Client(), Frames(b"a", then=ValueError("x"))
    with pytest.raises(ValueError, match="x"):
        await EventStream(frames.run(), headers={})({"type": "http"}, client.receive, client.send)
    assert (client.bodies, client.sent[-1]["more_body"], frames.closed) == ([OPENING, b"a"], True, True)
