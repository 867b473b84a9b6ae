"""The API process: GraphQL, uploads, GraphiQL and health on one ASGI application."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app.container import Container
from app.graphql.endpoint import mount_graphql
from app.graphql.snapshot import add_snapshot
from app.http.erc4824 import erc4824_routes
from app.http.errors import add_error_handlers
from app.http.graphiql import add_graphiql
from app.http.health import health_routes
from app.http.proposals import proposal_routes
from app.http.receipts import receipt_routes
from app.http.uploads import upload_routes
from app.settings import Settings

SWITCH_SECONDS = 0.0005
"""How long a thread may keep Python for itself. With the default, ten times as long, SQLite's threads wait for the
event loop after every statement: half as many ballots a second."""


def create_app(settings: Settings, *, container: Container | None = None) -> FastAPI:
    """`container` is made here, unless a test brings one with a clock of its own."""
    container = container or Container(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with container:
            gc.collect()
            gc.freeze()  # what lives as long as the process need not be looked at again with every thousand requests
            sys.setswitchinterval(SWITCH_SECONDS)
            yield

    app = FastAPI(title="Frontier", lifespan=lifespan, openapi_url=None)
    app.include_router(health_routes(container.checks))
    app.include_router(upload_routes(container))
    app.include_router(receipt_routes(container))
    app.include_router(proposal_routes(container))
    app.include_router(erc4824_routes(container))
    add_error_handlers(app)
    add_graphiql(app)
    mount_graphql(app, container)
    add_snapshot(app, container)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "GraphQL-Require-Preflight"],
        )
    return app
