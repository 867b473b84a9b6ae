"""GraphQL over a WebSocket: graphql-transport-ws, with a token in connection_init.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson
from starlette.types import Receive, Scope, Send

from app.graphql.engine import Answer, Engine, refused
from app.graphql.operations import Operation, UnknownOperation
from app.graphql.outlets import Outlet, Subscriber, Wire
from app.graphql.persisted import Texts
from app.graphql.requests import Asked, BadRequest
from app.graphql.responses import encoded, refusal, told
from app.graphql.sharing import Sharing
from domain.errors import DomainError, RateLimited, Unauthenticated
from domain.members import Viewer
from schema.context import Context

log = logging.getLogger(__name__)

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
CLOSE_SECONDS = 2.0
MAX_OPERATIONS = 500
"""Under way at once on one socket."""
MAX_ID = 256

type ContextOf = Callable[[Viewer | None], Context]


class Door(Protocol):
    """Who may come in, and how often ask."""

    async def greet(self, authorization: object) -> Viewer | None:
        """Who it is; None without a token. Raises RateLimited, Unauthenticated, Failure."""

    def count(self, viewer: Viewer | None) -> None:
        """One operation more. Raises RateLimited."""

    def leave(self, viewer: Viewer | None) -> None:
        """The socket of one who was greeted ended."""


class Closed(Exception):
    """The socket is to be closed: code and reason, as the protocol has them."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Socket:
    """One connection from its handshake to its end."""

    def __init__(
        self, engine: Engine, texts: Texts, sharing: Sharing, *, door: Door, context_of: ContextOf, wire: Wire
    ) -> None:
        self._engine = engine
        self._sharing = sharing
        self._texts = texts
        self._door = door
        self._context_of = context_of
        self._wire = wire
        self._bearer: Viewer | None = None
        self._greeted = self._acknowledged = False
        self._running: dict[str, asyncio.Task[None]] = {}
        self._timers: list[asyncio.TimerHandle] = []
        self._ending: asyncio.Task[None] | None = None

    async def serve(self, receive: Receive) -> None:
        """Until either side closes."""
        self._close_in(INIT_SECONDS, 4408, "Connection initialisation timeout", unless_greeted=True)
        try:
            while (event := await receive())["type"] == "websocket.receive":
                await self._hear(event)
        except Closed as closed:
            await self._close(closed)
        finally:
            await self._end()

    async def _hear(self, event: Mapping[str, Any]) -> None:
        """Raises Closed."""
        message = message_of(event)
        match message["type"]:
            case "connection_init":
                await self._greet(payload_of(message) or {})
            case "ping":
                payload = payload_of(message)
                await self.tell({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
            case "pong":
                payload_of(message)
            case "subscribe":
                self._subscribe(id_of(message), message.get("payload"))
            case "complete":
                if task := self._running.pop(id_of(message), None):
                    task.cancel()
            case kind:
                raise Closed(4400, f"Unknown message type: {str(kind)[:50]}")

    async def _greet(self, payload: dict[str, Any]) -> None:
        """Raises Closed."""
        if self._greeted:
            raise Closed(4429, "Too many initialisation requests")
        self._greeted = True
        try:
            self._bearer = await self._door.greet(authorization(payload))
        except Unauthenticated as error:
            raise Closed(4403, error.message[:120]) from error
        except DomainError as error:  # try again later
            raise Closed(1013, error.message[:120]) from error
        self._acknowledged = True
        await self.tell({"type": "connection_ack"})
        if self._bearer and self._bearer.expires_at:
            seconds = (self._bearer.expires_at - datetime.now(UTC)).total_seconds()
            self._close_in(seconds, 4403, "The token has expired")

    def _subscribe(self, id: str, payload: object) -> None:
        """Raises Closed."""
        try:
            asked = Asked.of(payload)
        except BadRequest as error:
            raise Closed(4400, error.message) from error
        if not asked.names_a_document:
            raise Closed(4400, "subscribe's payload must have a query")
        if not self._acknowledged:
            raise Closed(4401, "Unauthorized")
        if id in self._running:
            raise Closed(4409, f"Subscriber for {id} already exists")
        task = asyncio.create_task(self._operate(id, asked, beside=len(self._running)))
        self._running[id] = task
        task.add_done_callback(lambda _: self._ended(id, task))

    def _ended(self, id: str, task: asyncio.Task[None]) -> None:
        self._free(id, task)
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, OSError):
            log.error("An operation of a socket failed", exc_info=error)

    def _free(self, id: str, task: asyncio.Task[None] | None) -> None:
        """An id may be used again as soon as its operation's end is told."""
        if self._running.get(id) is task:
            del self._running[id]

    async def _operate(self, id: str, asked: Asked, *, beside: int) -> None:
        failed = await self._run(id, asked, beside)
        self._free(id, asyncio.current_task())
        await self.tell({"id": id, "type": "error", "payload": failed} if failed else {"id": id, "type": "complete"})

    async def _run(self, id: str, asked: Asked, beside: int) -> list[dict[str, Any]] | None:
        """Until the operation ends, so many being under way already; the errors of one that never began."""
        try:
            self._count(beside)
            operation = await self._prepared(asked)
        except BadRequest as error:
            return errors_of(refusal(error.message, code=error.code))
        except RateLimited as error:
            return errors_of(told(error))
        if isinstance(operation, Answer):
            return errors_of(operation.payload)
        if self._bearer and self._sharing.shares(operation):
            subscriber = Subscriber(id, self._wire)
            if await self._sharing.follow(operation, asked.variables, subscriber.hear):
                return None
        return await self._run_alone(id, operation, asked.variables)

    async def _run_alone(self, id: str, operation: Operation, variables: dict[str, Any]) -> list[dict[str, Any]] | None:
        outlet = Outlet(id, self._wire)
        stream = self._engine.stream(operation, variables, self._context_of(self._bearer), outlet.deliver)
        async with aclosing(stream) as answers:
            async for answer in answers:
                if not answer.began:
                    return errors_of(answer.payload)
                await outlet.send(answer.payload)
        return None

    def _count(self, beside: int) -> None:
        """Raises RateLimited."""
        self._door.count(self._bearer)
        if beside >= MAX_OPERATIONS:
            message = f"This socket has {MAX_OPERATIONS} operations under way: complete one first."
            raise RateLimited(message, retry_after=1)

    async def _prepared(self, asked: Asked) -> Operation | Answer:
        """Raises BadRequest."""
        text = asked.text if asked.is_plain and not self._texts.exclusive else None
        if not text:
            text = await self._texts.text(asked, known=self._bearer is not None)
        try:
            return self._engine.prepared(text, asked.operation_name, asked.variables)
        except UnknownOperation as error:
            return refused([error])

    async def tell(self, message: Mapping[str, Any]) -> None:
        await self._wire.send({"type": "websocket.send", "text": encoded(message).decode()})

    def _close_in(self, seconds: float, code: int, reason: str, *, unless_greeted: bool = False) -> None:
        def close() -> None:
            if not (unless_greeted and self._greeted) and self._ending is None:
                self._ending = asyncio.create_task(self._close(Closed(code, reason)))

        self._timers.append(asyncio.get_running_loop().call_later(max(0.0, seconds), close))

    async def _close(self, closed: Closed) -> None:
        """A peer that does not read is not waited for: the server ends its connection."""
        with suppress(OSError, RuntimeError, TimeoutError):  # it is closing already, or gone
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._wire.send({"type": "websocket.close", "code": closed.code, "reason": closed.reason})

    async def _end(self) -> None:
        for timer in self._timers:
            timer.cancel()
        tasks = [*self._running.values(), *([self._ending] if self._ending else [])]
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._acknowledged:
            self._door.leave(self._bearer)


async def serve_socket(scope: Scope, receive: Receive, send: Send, make: Callable[[Wire], Socket]) -> None:
    """The handshake, then the connection."""
    await receive()  # websocket.connect
    if PROTOCOL not in scope["subprotocols"]:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4406, "reason": "Subprotocol not acceptable"})
        return
    await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
    await make(Wire.of(scope, send)).serve(receive)


def message_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Raises Closed."""
    text = event.get("text")
    if text is None:
        raise Closed(4400, "WebSocket message type must be text")
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Closed(4400, "WebSocket message must be valid JSON") from None
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        raise Closed(4400, "A message is an object with a type")
    return found


def payload_of(message: Mapping[str, Any]) -> dict[str, Any] | None:
    """Raises Closed."""
    payload = message.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise Closed(4400, f"{message['type']}'s payload must be an object")
    return payload


def id_of(message: Mapping[str, Any]) -> str:
    """Raises Closed."""
    id = message.get("id")
    if not isinstance(id, str) or not 1 <= len(id) <= MAX_ID:
        raise Closed(4400, f"A message's id is a text of 1 to {MAX_ID} characters")
    return id


def authorization(payload: Mapping[str, Any]) -> object:
    """Several are no bearer token."""
    found = [value for name, value in payload.items() if name.lower() == "authorization" and value is not None]
    return found[0] if len(found) == 1 else found or None


def errors_of(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = payload["errors"]
    return errors
