"""The application: GraphQL answered first, for it is asked most, and everything else by FastAPI's routes."""

import sys
from collections.abc import Sequence

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from app.http.request_ids import identified
from app.settings import BadSettings
from domain.errors import DomainError

GRAPHQL = "/graphql"


class Frontier(FastAPI):
    """`origins` are those of other sites whose pages may call."""

    def __init__(self, graphql: ASGIApp, *, origins: Sequence[str], lifespan: Lifespan["Frontier"]) -> None:
        super().__init__(title="Frontier", lifespan=lifespan, openapi_url=None)
        self._graphql = graphql
        self._door: ASGIApp = open_to(origins, self._enter) if origins else self._enter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, in_a_line(send))
        else:
            await self._door(scope, receive, identified(scope, send))

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == GRAPHQL:
            await self._graphql(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def in_a_line(send: Send) -> Send:
    """What its user can mend of a failed start, told without the traceback that Starlette makes of it."""

    async def told(message: Message) -> None:
        error = sys.exception()  # Starlette tells while it handles it
        if message["type"] == "lifespan.startup.failed" and isinstance(error, BadSettings | DomainError):
            message = {**message, "message": str(error)}
        await send(message)

    return told


def open_to(origins: Sequence[str], app: ASGIApp) -> ASGIApp:
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=[
            "Apollo-Require-Preflight",
            "Authorization",
            "Content-Type",
            "GraphQL-Require-Preflight",
            "Idempotency-Key",
            "Last-Event-ID",
            "X-Apollo-Operation-Name",
            "X-Request-Id",
        ],
        expose_headers=["Content-Location", "Retry-After", "Session-Id", "X-Request-Id"],
    )
