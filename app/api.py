"""The API process: GraphQL, uploads, GraphiQL and health on one ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app.container import Container
from app.graphql import mount_graphql
from app.http.errors import add_error_handlers
from app.http.graphiql import add_graphiql
from app.http.health import health_routes
from app.http.uploads import upload_routes
from app.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    container = Container(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with container:
            yield

    app = FastAPI(title="Frontier", lifespan=lifespan, openapi_url=None)
    app.include_router(health_routes(container.checks))
    app.include_router(upload_routes(container))
    add_error_handlers(app)
    add_graphiql(app)
    mount_graphql(app, container)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "GraphQL-Require-Preflight"],
        )
    return app
