"""An id for each request: in its answer and in the log, so that a member's report leads to the lines about it."""

import logging
import re
from collections.abc import Awaitable
from contextvars import ContextVar
from secrets import token_hex

from starlette.types import Message, Scope, Send

HEADER = b"x-request-id"
GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")
"""What a client or proxy may have called it already."""

request_id: ContextVar[str] = ContextVar("request_id", default="-")


def identified(scope: Scope, send: Send) -> Send:
    """`send`, telling the request's id with the answer's headers or the socket's handshake."""
    given = next((value for name, value in scope["headers"] if name == HEADER), b"")
    id = given if GIVEN.fullmatch(given) else token_hex(8).encode()
    request_id.set(id.decode())

    def tell(message: Message) -> Awaitable[None]:
        if message["type"] in ("http.response.start", "websocket.accept"):
            message["headers"] = [*message.get("headers", ()), (HEADER, id)]
        return send(message)

    return tell


class RequestIds(logging.Filter):
    """Gives each log line the id of the request that it is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True
