"""Snapshot's hub at /compat/snapshot/graphql: a second small schema, mounted apart, for anybody to read."""

from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, ValidationCache
from strawberry.http import GraphQLRequestData
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from app.container import Container, wall_clock
from app.graphql.http import refusal
from app.graphql.schema import CACHED_OPERATIONS, MAX_TOKENS, ParsedOnce, Schema
from app.http.limits import BodyLimit
from app.http.public import home_of, not_public
from resolvers.snapshot.loaders import snapshot_context
from resolvers.snapshot.roots import SnapshotQuery
from resolvers.snapshot.shape import ShapeRule
from schema.snapshot.context import SnapshotContext
from schema.snapshot.scalars import SCALARS

PATH = "/compat/snapshot/graphql"
SCHEMA = Schema(
    query=SnapshotQuery,
    config=StrawberryConfig(auto_camel_case=False, scalar_map=SCALARS),
    extensions=[
        lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
        lambda: AddValidationRules([ShapeRule]),
        ParsedOnce,
        lambda: ValidationCache(maxsize=CACHED_OPERATIONS),
    ],
)


def add_snapshot(app: FastAPI, container: Container) -> None:
    """404 unless the setting PUBLIC is on. Pages of any origin may ask: there is nothing here that is not public."""
    if not container.settings.public:
        app.router.routes.append(Route(PATH, not_public, methods=["GET", "POST", "OPTIONS"]))
        return
    served = BodyLimit(SnapshotGraphQL(container))
    open_to_all = CORSMiddleware(served, allow_origins=["*"], allow_methods=["GET", "POST"], allow_headers=["*"])
    app.router.routes.append(Route(PATH, open_to_all))


class SnapshotGraphQL(GraphQL[SnapshotContext, None]):
    """Queries by POST and GET. No token is read."""

    def __init__(self, container: Container) -> None:
        super().__init__(SCHEMA, graphql_ide=None, subscription_protocols=())
        self._container = container

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            return await self.run(request)
        except HTTPException as error:
            return refusal(error.status_code, error.reason)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> SnapshotContext:
        return snapshot_context(self._container.public, home=home_of(request), now=wall_clock())

    async def execute_single(  # the framework's
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,
        context: SnapshotContext,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        try:
            return await self.schema.execute(
                request_data.query,
                request_data.variables,
                context,
                operation_name=request_data.operation_name,
                allowed_operation_types={OperationType.QUERY},
            )
        except MissingQueryError:
            raise HTTPException(400, "Send the query's text as `query`.") from None
        except CannotGetOperationTypeError as error:
            raise HTTPException(400, error.as_http_error_reason()) from error
        except InvalidOperationTypeError:
            raise HTTPException(400, "This view is read only: send queries.") from None

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        return orjson.dumps(data).decode()

    def parse_json(self, data: str | bytes) -> Any:  # noqa: ANN401  # the framework's
        """Raises HTTPException for what is not an object."""
        found = super().parse_json(data)
        if not isinstance(found, dict):
            raise HTTPException(400, "The body, and variables and extensions, must be JSON objects.")
        return found
