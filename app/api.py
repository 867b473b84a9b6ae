"""The API process: GraphQL, uploads, GraphiQL and health on one ASGI application."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.container import Container
from app.graphql.endpoint import GraphQLEndpoint
from app.graphql.snapshot import add_snapshot
from app.http.auth import Access
from app.http.chats import chat_routes
from app.http.erc4824 import erc4824_routes
from app.http.errors import add_error_handlers
from app.http.frontier import Frontier
from app.http.graphiql import add_graphiql
from app.http.health import health_routes
from app.http.openapi import add_openapi
from app.http.proposals import proposal_routes
from app.http.receipts import receipt_routes
from app.http.twins import twin_routes
from app.http.uploads import upload_routes
from app.http.votes import vote_routes
from app.settings import Settings

SWITCH_SECONDS = 0.0005
"""How long a thread may keep Python for itself. With the default, ten times as long, SQLite's threads wait for the
event loop after every statement: half as many ballots a second."""
COLLECTED_AFTER = (20_000, 20, 20)
"""Objects made until Python looks for rings of dead ones. With the default, 700, it looks twice while it answers with a
list of a hundred, and finds nothing."""


def create_app(settings: Settings, *, container: Container | None = None) -> FastAPI:
    """`container` is made here, unless a test brings one with a clock of its own."""
    container = container or Container(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with container:
            gc.collect()
            gc.freeze()  # what lives as long as the process need not be looked at again with every thousand requests
            gc.set_threshold(*COLLECTED_AFTER)
            sys.setswitchinterval(SWITCH_SECONDS)
            yield

    access = Access(container)
    app = Frontier(GraphQLEndpoint(container, access), origins=settings.cors_origins, lifespan=lifespan)
    app.state.access = access
    app.include_router(health_routes(container.watch, open_metrics=settings.metrics == "all"))
    app.include_router(upload_routes(container))
    app.include_router(vote_routes(container))
    app.include_router(twin_routes(container))
    app.include_router(chat_routes(container))
    app.include_router(receipt_routes(container))
    app.include_router(proposal_routes(container))
    app.include_router(erc4824_routes(container))
    add_openapi(app)
    add_error_handlers(app)
    if settings.introspection:  # without it the explorer knows no type
        add_graphiql(app)
    add_snapshot(app, container)
    return app
