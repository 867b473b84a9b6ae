"""/graphql: GraphQL over HTTP and WebSocket at one path."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from graphql.validation import NoSchemaIntrospectionCustomRule
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send
from strawberry.http.websocket_origin import is_same_origin, normalize_allowed_origins, normalize_origin

from app.container import Container
from app.graphql.engine import Engine
from app.graphql.http import HttpEndpoint
from app.graphql.operations import RULES, Documents
from app.graphql.outlets import Wire
from app.graphql.persisted import Persisted, Texts, Trusted
from app.graphql.schema import SCHEMA
from app.graphql.sharing import Sharing
from app.graphql.sockets import Socket, serve_socket
from app.http.auth import Access, SocketDoor, authorization
from app.settings import BadSettings
from domain.members import Viewer
from schema.context import Context
from schema.loaders import Loaders

PATH = "/graphql"


class GraphQLEndpoint:
    """An ASGI application."""

    def __init__(self, container: Container, access: Access) -> None:
        self._container = container
        self._access = access
        settings = container.settings
        self._origins = normalize_allowed_origins(settings.cors_origins)
        graphql = SCHEMA._schema  # the framework gives no other way to it
        rules = RULES if settings.introspection else (*RULES, NoSchemaIntrospectionCustomRule)
        self._engine = Engine(
            graphql,
            Documents(graphql, rules=rules, hints=settings.introspection),
            seconds=settings.operation_seconds,
            meters=container.meters,
        )
        self._texts = texts_of(container)
        self._sockets = 0
        self._sharing = Sharing(self._engine, self._context_of)
        self._http = HttpEndpoint(self._engine, self._http_context, self._texts, streaming=access.streaming)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif self._is_welcome(Headers(scope=scope)):
            door = SocketDoor(self._access, scope)
            with self._counted_socket():
                await serve_socket(scope, receive, send, partial(self._socket, door))
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: HTTP 403

    @contextmanager
    def _counted_socket(self) -> Iterator[None]:
        self._sockets += 1
        self._container.meters.set("sockets", self._sockets)
        try:
            yield
        finally:
            self._sockets -= 1
            self._container.meters.set("sockets", self._sockets)

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
        """Raises RateLimited, Unauthenticated, Failure."""
        return self._context_of(await self._access.enter(scope, authorization(scope)))

    def _context_of(self, viewer: Viewer | None) -> Context:
        """A fresh one: one operation's."""
        return Context(self._container, viewer, loaders_for=Loaders)

    def _socket(self, door: SocketDoor, wire: Wire) -> Socket:
        return Socket(self._engine, self._texts, self._sharing, door=door, context_of=self._context_of, wire=wire)


def texts_of(container: Container) -> Texts:
    """Raises BadSettings for a list of trusted documents that cannot be read."""
    path = container.settings.trusted_documents
    if path is None:
        return Persisted(container.persisted)
    try:
        return Trusted.read(path)
    except (OSError, ValueError) as error:
        raise BadSettings(f"TRUSTED_DOCUMENTS: {path} cannot be read: {error}.") from None
