"""How the schema is served over HTTP. WebSockets are in sockets.py."""

from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from fastapi import FastAPI
from starlette import exceptions as starlette_exceptions
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError, MissingQueryError
from strawberry.http import GraphQLRequestData
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET

from app.container import Container
from app.graphql.schema import SCHEMA
from app.graphql.sockets import Socket, SocketHandler
from app.http.auth import Access
from app.http.limits import BodyLimit
from domain.errors import Unauthenticated
from domain.members import Viewer
from resolvers.errors import coded
from schema.context import Context
from schema.loaders import Loaders


def mount_graphql(app: FastAPI, container: Container) -> None:
    """/graphql, without a redirect to a slash."""
    served = FrontierGraphQL(container)
    app.router.routes.append(Route("/graphql", BodyLimit(served), methods=["GET", "POST"]))
    app.router.routes.append(WebSocketRoute("/graphql", served))


class FrontierGraphQL(GraphQL[Context | Socket, None]):
    """/graphql: POST, GET for queries, and WebSocket with graphql-transport-ws."""

    graphql_transport_ws_handler_class = SocketHandler

    def __init__(self, container: Container) -> None:
        super().__init__(
            SCHEMA,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            multipart_uploads_enabled=True,
            allowed_origins=container.settings.cors_origins,
        )
        self._container = container
        self._access = Access(container)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await super().__call__(scope, receive, send)
            return
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            return await self.run(request)
        except Unauthenticated as error:
            return refusal(401, error.message, code=error.code)
        except HTTPException as error:
            return refusal(error.status_code, error.reason)
        finally:
            await request.close()  # the files of a multipart request

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context | Socket:
        if isinstance(request, WebSocket):
            return Socket(self.context_of)
        return self.context_of(await self._access.viewer_of(request.headers.get("authorization")))

    def context_of(self, viewer: Viewer | None) -> Context:
        """A fresh one: one operation's."""
        return Context(self._container, viewer, loaders_for=Loaders)

    async def on_ws_connect(self, context: Context | Socket) -> Any:  # noqa: ANN401  # the framework's UNSET
        """Raises ConnectionRejectionError, which closes with 4403."""
        try:
            if isinstance(context, Socket):
                context.bearer = await self._access.viewer_of(context.authorization)
        except Unauthenticated as error:
            raise ConnectionRejectionError from error
        return UNSET

    async def execute_single(  # the framework's
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,
        context: Context | Socket,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        """Queries by GET and POST, mutations by POST, subscriptions by WebSocket only."""
        posted = request_adapter.method == "POST"
        try:
            return await self.schema.execute(
                request_data.query,
                request_data.variables,
                context,
                operation_name=request_data.operation_name,
                allowed_operation_types={OperationType.QUERY} | ({OperationType.MUTATION} if posted else set()),
            )
        except MissingQueryError:
            raise HTTPException(400, "Send the operation's text as `query`.") from None
        except CannotGetOperationTypeError as error:
            raise HTTPException(400, error.as_http_error_reason()) from error
        except InvalidOperationTypeError:
            raise HTTPException(
                400 if posted else 405, "Send mutations by POST, and subscriptions over the WebSocket."
            ) from None

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        return orjson.dumps(data).decode()

    def parse_json(self, data: str | bytes) -> Any:  # noqa: ANN401  # the framework's
        """An object: null, numbers, texts and lists are no operations. Raises HTTPException."""
        found = super().parse_json(data)
        if not isinstance(found, dict):
            raise HTTPException(400, "The body, and variables, extensions, operations and map, must be JSON objects.")
        return found

    async def parse_multipart(self, request: AsyncHTTPRequestAdapter) -> dict[str, str]:
        try:
            return await super().parse_multipart(request)
        except starlette_exceptions.HTTPException as error:
            raise HTTPException(400, error.detail) from error
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise HTTPException(400, "`map` must name the files' parts and places in `operations`.") from error


def refusal(status: int, message: str, *, code: str = "BAD_USER_INPUT") -> Response:
    """A request that never became an operation."""
    body = {"errors": [{"message": message, "extensions": coded(code, retryable=False)}]}
    return JSONResponse(body, status, headers={"WWW-Authenticate": "Bearer"} if status == 401 else None)
