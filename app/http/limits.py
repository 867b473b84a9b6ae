"""How large a body may be, counted while it streams: a Content-Length may lie or be absent."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.errors import body_of

MAX_BODY = 24 * 1024 * 1024
LINGER_SECONDS = 5.0
"""How long the rest of a refused body is read and thrown away: a connection that is closed while its client still
sends is reset, and the client may never see the answer."""
MAX_JSON = 1024 * 1024


type Told = Callable[[str], Mapping[str, object]]
"""The answer's body, of why."""


def told_by_rest(message: str) -> Mapping[str, object]:
    return body_of("FILE_TOO_LARGE", message, field=None, retryable=False)


class BodyTooLarge(Exception):
    """Ends the reading of a body that is over the limit."""


class BodyLimit:
    """An ASGI endpoint with a limit around it: 413 and the connection closed for a body that is larger."""

    def __init__(self, app: ASGIApp, *, limit: int = MAX_BODY, told: Told = told_by_rest) -> None:
        self._app = app
        self._limit = limit
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if announced(scope) > self._limit:
            await refuse(receive, send, self._limit, told=self._told)
        else:
            await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        size, begun = 0, False

        async def count() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._limit:
                raise BodyTooLarge
            return message

        async def watch(message: Message) -> None:
            nonlocal begun
            if begun or size <= self._limit:
                begun = True
                await send(message)

        with suppress(BodyTooLarge):  # answered below, as when the app made an answer of its own of it
            await self._app(scope, count, watch)
        if size > self._limit and not begun:
            await refuse(receive, send, self._limit, told=self._told)


async def refuse(receive: Receive, send: Send, limit: int, *, told: Told) -> None:
    """The whole answer first, then what the client still sends, for a while, then the end."""
    remedy = "send a file of at most 20 MiB" if limit == MAX_BODY else "send less at once"
    said = f"The body is larger than {limit // 1024**2} MiB: {remedy}."
    refusal = json.dumps(told(said)).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(refusal)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": refusal, "more_body": True})
    with suppress(TimeoutError):  # it goes on sending: let it be reset
        async with asyncio.timeout(LINGER_SECONDS):
            while (message := await receive())["type"] == "http.request" and message.get("more_body"):
                pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def announced(scope: Scope) -> int:
    """The body's size as the client says it; 0 when it says nothing that is a number."""
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(said) if said.isdigit() else 0
