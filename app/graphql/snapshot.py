"""Snapshot's hub at /compat/snapshot/graphql: a second small schema, mounted apart, for anybody to read."""

import strawberry
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Scope
from strawberry.schema.config import StrawberryConfig

from app.container import Container
from app.graphql.engine import Engine
from app.graphql.http import HttpEndpoint
from app.graphql.operations import RULES, Documents
from app.graphql.persisted import Persisted
from app.http.limits import BodyLimit
from app.http.public import home_of, not_public
from resolvers.snapshot.loaders import snapshot_context
from resolvers.snapshot.roots import SnapshotQuery
from resolvers.snapshot.shape import ShapeRule
from schema.snapshot.context import SnapshotContext
from schema.snapshot.scalars import SCALARS

PATH = "/compat/snapshot/graphql"
SCHEMA = strawberry.Schema(query=SnapshotQuery, config=StrawberryConfig(auto_camel_case=False, scalar_map=SCALARS))


def add_snapshot(app: FastAPI, container: Container) -> None:
    """404 unless the setting PUBLIC is on. Pages of any origin may ask: there is nothing here that is not public."""
    if not container.settings.public:
        app.router.routes.append(Route(PATH, not_public, methods=["GET", "POST", "OPTIONS"]))
        return
    served = BodyLimit(snapshot_endpoint(container))
    open_to_all = CORSMiddleware(served, allow_origins=["*"], allow_methods=["GET", "POST"], allow_headers=["*"])
    app.router.routes.append(Route(PATH, open_to_all))


def snapshot_endpoint(container: Container) -> HttpEndpoint:
    """Queries by POST and GET. No token is read."""

    async def context_of(scope: Scope) -> SnapshotContext:
        return snapshot_context(container.public, home=home_of(Request(scope)), now=container.now())

    graphql = SCHEMA._schema  # the framework gives no other way to it
    documents = Documents(graphql, rules=(*RULES, ShapeRule), planned=None)
    engine = Engine(graphql, documents, seconds=container.settings.operation_seconds)
    return HttpEndpoint(engine, context_of, Persisted(container.persisted))
