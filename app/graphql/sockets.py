"""GraphQL over a WebSocket: graphql-transport-ws with a token in connection_init."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    PingMessage,
)

from domain.members import Viewer
from schema.context import Context

FORBIDDEN = 4403


class Socket:
    """One connection: who is at its other end, and a fresh context for each of its operations."""

    def __init__(self, context_of: Callable[[Viewer | None], Context]) -> None:
        self.connection_params: dict[str, object] = {}
        self.bearer: Viewer | None = None
        self._context_of = context_of

    @property
    def authorization(self) -> object:
        return next((value for name, value in self.connection_params.items() if name.lower() == "authorization"), None)

    def operation(self) -> Context:
        return self._context_of(self.bearer)


class SocketHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """The framework's, with its faults mended; the token's expiry closes the socket."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # handed on
        super().__init__(*args, **kwargs)
        self.socket: Socket = self.context
        self._expiry: asyncio.Task[None] | None = None

    async def handle_message(self, message: Message) -> None:
        if well_formed(message):
            await super().handle_message(message)
        else:
            await self.handle_invalid_message("Failed to parse message")

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        if message.get("payload") is None:
            message = {"type": "connection_init"}
        await super().handle_connection_init(message)
        expires_at = self.socket.bearer and self.socket.bearer.expires_at
        if expires_at and self.connection_acknowledged and self._expiry is None:
            self._expiry = asyncio.create_task(self._close_at(expires_at))

    async def handle_ping(self, message: PingMessage) -> None:
        payload = message.get("payload")
        await self.send_message({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})

    async def run_operation(self, operation: Operation[Any, None]) -> None:
        self.context = self.socket.operation()  # taken by the next line before anything else can run
        await super().run_operation(operation)

    async def handle_task_exception(self, error: Exception) -> None:
        if not isinstance(error, WebSocketDisconnected):  # who left need not be told, nor logged
            await super().handle_task_exception(error)

    async def shutdown(self) -> None:
        if self._expiry:
            self._expiry.cancel()
        await super().shutdown()

    @staticmethod
    def _get_pre_execution_close_reason(error: object) -> str | None:
        """One operation's syntax error ends that operation, not the others of the socket."""
        return None

    async def _close_at(self, moment: datetime) -> None:
        await asyncio.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))
        with suppress(WebSocketDisconnected, RuntimeError):  # it may be closing already
            await self.websocket.close(code=FORBIDDEN, reason="The token has expired")


def well_formed(message: object) -> bool:
    """What the framework would stumble over: not an object, an id that is no text, a payload without its query."""
    if not isinstance(message, dict):
        return False
    if message.get("type") in ("subscribe", "complete") and not isinstance(message.get("id"), str):
        return False
    return message.get("type") != "subscribe" or is_operation(message.get("payload"))


def is_operation(payload: object) -> bool:
    return (
        isinstance(payload, dict)
        and isinstance(payload.get("query"), str)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("operationName"), str | None)
    )
