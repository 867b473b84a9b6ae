"""How an answer is put: media type and status, as GraphQL over HTTP has them."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from starlette.types import Send

from app.graphql.requests import BadRequest, media_types
from domain.errors import DomainError
from resolvers.errors import coded, extensions_of

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
STREAM = "text/event-stream"
OFFERED = (GRAPHQL, JSON, STREAM)
CONTENT_TYPES = {kind: (b"content-type", f"{kind}; charset=utf-8".encode()) for kind in OFFERED}
GUARDED = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
"""An answer is what its type says, and its member's alone."""
NO_HEADERS: Mapping[str, str] = {}
RANGES = {"*/*": (JSON, GRAPHQL, STREAM), "application/*": (JSON, GRAPHQL), "text/*": (STREAM,)}
"""What a range stands for, the likeliest first."""


@lru_cache(256)
def media_type(accept: str) -> str:
    """The offered one that the client wants most; the first of equals, JSON where it does not care. A range stands
    for what is not named beside it. Raises BadRequest for a client that wants none of them."""
    best, weight, asked = "", 0.0, list(media_types(accept))
    named = {kind for kind, _ in asked}
    for kind, wanted in asked:
        unnamed = (each for each in RANGES.get(kind, ()) if each not in named)
        offered = kind if kind in OFFERED else next(unnamed, None)
        if offered and wanted > weight:
            best, weight = offered, wanted
    if not best:
        raise BadRequest(f"This server answers {', '.join(OFFERED)}: see Accept.", status=406)
    return best


def status_of(payload: Mapping[str, Any], kind: str) -> int:
    """A response of the older type is 200 however it went; the newer one says 400 for an operation that never began."""
    return 200 if "data" in payload or kind != GRAPHQL else 400


async def send_json(
    send: Send, payload: Mapping[str, Any], *, status: int, kind: str = JSON, headers: Mapping[str, str] = NO_HEADERS
) -> None:
    body = encoded(payload)
    head = [CONTENT_TYPES[kind], (b"content-length", b"%d" % len(body)), *GUARDED]
    if headers:
        head += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


def encoded(payload: Mapping[str, Any]) -> bytes:
    """As JSON. Half a surrogate pair from a model, which orjson refuses, must not stop a stream."""
    try:
        return orjson.dumps(payload)
    except TypeError:
        return json.dumps(payload, separators=(",", ":")).encode()


def refusal(message: str, *, code: str = "BAD_USER_INPUT", retryable: bool = False) -> dict[str, Any]:
    """The body of a request that never became an operation."""
    return {"errors": [{"message": message, "extensions": coded(code, retryable=retryable)}]}


def told(error: DomainError) -> dict[str, Any]:
    """The same, of an error that is told in an answer's body."""
    return {"errors": [{"message": error.message, "extensions": extensions_of(error)}]}
