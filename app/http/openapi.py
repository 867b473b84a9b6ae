"""OpenAPI 3.1 at /openapi.json, generated from the routes; docs/howto/rest.md says it in words."""

from functools import cache
from importlib.metadata import version
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response

from app.http.replies import EVENTS

TITLE = "Frontier"
PATH = "/openapi.json"
DESCRIPTION = """The REST façade over the same commands and reads as GraphQL at `/graphql`, which has everything;
`/graphiql` explores it. Names are those of the GraphQL schema, ids are good for both, and so are idempotency keys."""
TAGS = [
    {"name": "proposals", "description": "What is being discussed and voted on."},
    {"name": "votes", "description": "Ballots."},
    {"name": "twins", "description": "Members' digital twins."},
    {"name": "chats", "description": "Conversations with one's own twin, as server-sent events."},
    {"name": "documents", "description": "What twins learn from."},
    {"name": "receipts", "description": "Resolutions that anybody can check."},
    {"name": "health", "description": "For whoever watches this server."},
]


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The document, with the events of replies, which no route answers as a body of its own."""
    document = get_openapi(
        title=TITLE, version=version("frontier"), description=DESCRIPTION, routes=app.routes, tags=TAGS
    )
    _, events = models_json_schema(
        [(view, "serialization") for view in EVENTS], ref_template="#/components/schemas/{model}"
    )
    document["components"]["schemas"] |= events["$defs"]
    return document


def add_openapi(app: FastAPI) -> None:
    """After all routes: it is generated at the first request for it."""

    @cache
    def document() -> bytes:
        return orjson.dumps(openapi_of(app))

    async def answer(_request: Request) -> Response:
        return Response(document(), media_type="application/json")

    app.add_route(PATH, answer, include_in_schema=False)
