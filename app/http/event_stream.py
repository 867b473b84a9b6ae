"""Server-sent events: frames as they come, a comment while nothing does, and the end when the client goes."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

HEARTBEAT = b":\n\n"
OPENING = b"retry: 1000\n\n"
"""Sent at once, so that proxies and clients see that the stream is open."""
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """`frames` are closed with the stream, which ends with them, with the client, or at the moment `until`.

    A client that reads slowly holds up its own frames only.
    """

    media_type = "text/event-stream"
    heartbeat_seconds = 15.0

    def __init__(
        self, frames: AsyncGenerator[bytes], *, headers: Mapping[str, str], until: datetime | None = None
    ) -> None:
        super().__init__(frames, headers={**HEADERS, **headers})
        self._frames = frames
        self._until = until

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        sending = asyncio.create_task(self._send(send))
        tasks = (sending, asyncio.create_task(self._beat(send)), asyncio.create_task(gone(receive)))
        try:
            await asyncio.wait(tasks, timeout=self._seconds(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._frames.aclose()
        if not sending.cancelled():
            sending.result()  # a fault breaks the connection off, so that the client asks again
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send) -> None:
        await send(part(OPENING))
        async for frame in self._frames:
            await send(part(frame))

    async def _beat(self, send: Send) -> None:
        while True:
            await asyncio.sleep(self.heartbeat_seconds)
            await send(part(HEARTBEAT))

    def _seconds(self) -> float | None:
        """How long the stream may last."""
        if self._until is None:
            return None
        return max(0.0, (self._until - datetime.now(self._until.tzinfo)).total_seconds())


async def gone(receive: Receive) -> None:
    """Returns when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def part(body: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": True}
