"""/graphql: GraphQL over HTTP and WebSocket at one path."""

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send
from strawberry.http.websocket_origin import is_same_origin, normalize_allowed_origins, normalize_origin

from app.container import Container
from app.graphql.engine import Engine
from app.graphql.http import HttpEndpoint
from app.graphql.operations import Documents
from app.graphql.schema import SCHEMA
from app.graphql.sharing import Sharing
from app.graphql.sockets import Socket, serve_socket
from app.http.auth import Access
from domain.members import Viewer
from schema.context import Context
from schema.loaders import Loaders

PATH = "/graphql"


class GraphQLEndpoint:
    """An ASGI application."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._access = Access(container)
        self._origins = normalize_allowed_origins(container.settings.cors_origins)
        graphql = SCHEMA._schema  # the framework gives no other way to it
        self._engine = Engine(graphql, Documents(graphql))
        self._sharing = Sharing(self._engine, self._context_of)
        self._http = HttpEndpoint(self._engine, self._http_context, seconds=30)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif self._is_welcome(Headers(scope=scope)):
            await serve_socket(scope, receive, send, self._socket)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: HTTP 403

    def _is_welcome(self, headers: Headers) -> bool:
        """A page of another site may open a socket only where the settings name its origin."""
        origin = headers.get("origin")
        return (
            origin is None
            or headers.get("sec-fetch-site") == "same-origin"
            or is_same_origin(origin, headers.get("host"))
            or normalize_origin(origin) in self._origins
            or "*" in self._origins
        )

    async def _http_context(self, scope: Scope) -> Context:
        """Raises Unauthenticated."""
        return self._context_of(await self._access.viewer_of(authorization(scope)))

    def _context_of(self, viewer: Viewer | None) -> Context:
        """A fresh one: one operation's."""
        return Context(self._container, viewer, loaders_for=Loaders)

    def _socket(self, send: Send) -> Socket:
        return Socket(self._engine, self._sharing, self._access.viewer_of, self._context_of, send)


def authorization(scope: Scope) -> str | None:
    """The header's value."""
    found = next((value for name, value in scope["headers"] if name == b"authorization"), None)
    return None if found is None else found.decode("latin-1")
