"""GraphQL over HTTP: https://graphql.github.io/graphql-over-http/draft/"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from graphql import GraphQLError, OperationType
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from app.graphql.engine import Answer, Engine, refused
from app.graphql.operations import Operation
from app.graphql.requests import MAX_FILES, PREFLIGHT, Asked, BadRequest, from_form, from_json, from_query_string
from app.graphql.responses import JSON, STREAM, media_type, refusal, send_json, status_of
from domain.errors import Unauthenticated

type Headers = dict[bytes, bytes]
type ContextOf = Callable[[Scope], Awaitable[object]]
"""The context of one request. Raises Unauthenticated."""
FORM_FIELDS, FIELD_BYTES = 2, 1024 * 1024
"""Of a multipart request, besides its files: `operations` and `map`, and how large each may be."""


class HttpEndpoint:
    """POST, and GET for queries. Any other method is 405."""

    def __init__(self, engine: Engine, context_of: ContextOf, *, seconds: float) -> None:
        self._engine = engine
        self._context_of = context_of
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: Headers = dict(scope["headers"])
        kind = JSON
        try:
            check_method(scope["method"])
            kind = media_type(headers.get(b"accept", b"*/*").decode("latin-1"))
            context = await self._context_of(scope)
            async with asked(scope, receive, headers) as wanted:
                answer = await self._answer(scope["method"], wanted, context)
            await send_json(send, answer.payload, status=status_of(answer.payload, kind), kind=kind)
        except BadRequest as error:
            kind = JSON if kind == STREAM else kind
            await send_json(send, refusal(error.message), status=error.status, kind=kind, headers=error.headers)
        except Unauthenticated as error:
            body = refusal(error.message, code=error.code)
            await send_json(send, body, status=401, kind=kind, headers={"WWW-Authenticate": "Bearer"})

    async def _answer(self, method: str, wanted: Asked, context: object) -> Answer:
        """Raises BadRequest."""
        if not wanted.text:
            raise BadRequest("Send the operation's text as `query`.")
        document = self._engine.documents.read(wanted.text)
        if document.errors:
            return refused(list(document.errors))
        try:
            operation = document.operation(wanted.operation_name)
        except GraphQLError as error:
            raise BadRequest(error.message) from None
        check_kind(operation, method)
        return await self._run(operation, wanted.variables, context)

    async def _run(self, operation: Operation, variables: dict[str, Any], context: object) -> Answer:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._engine.run(operation, variables, context)
        except TimeoutError:
            message = f"The operation took longer than {self._seconds:g} s: ask for less at once."
            return Answer(refusal(message, code="TIMEOUT", retryable=True))


def check_method(method: str) -> None:
    """Raises BadRequest."""
    if method not in ("GET", "POST"):
        raise BadRequest("Send operations by POST, or queries by GET.", status=405, headers={"Allow": "GET, POST"})


def check_kind(operation: Operation, method: str) -> None:
    """Raises BadRequest for what this method may not carry."""
    match operation.kind, method:
        case OperationType.SUBSCRIPTION, _:
            raise BadRequest(
                "Subscriptions come over the WebSocket (graphql-transport-ws), or with Accept: text/event-stream.",
                status=405 if method == "GET" else 400,
                headers={"Allow": "POST"} if method == "GET" else None,
            )
        case OperationType.MUTATION, "GET":
            raise BadRequest("Send mutations by POST.", status=405, headers={"Allow": "POST"})


@asynccontextmanager
async def asked(scope: Scope, receive: Receive, headers: Headers) -> AsyncIterator[Asked]:
    """What the request asks for; its files are closed afterwards. Raises BadRequest."""
    if scope["method"] == "GET":
        yield from_query_string(scope["query_string"])
        return
    kind, _, parameters = headers.get(b"content-type", b"").decode("latin-1").lower().partition(";")
    match kind.strip():
        case "application/json":
            check_charset(parameters)
            yield from_json(await body_of(receive))
        case "multipart/form-data":
            async with form_of(scope, receive, headers) as form:
                yield form
        case _:
            raise BadRequest("Send Content-Type: application/json, or multipart/form-data for files.", status=415)


@asynccontextmanager
async def form_of(scope: Scope, receive: Receive, headers: Headers) -> AsyncIterator[Asked]:
    """Raises BadRequest."""
    if not any(headers.get(name.encode()) for name in PREFLIGHT):
        raise BadRequest("Send the header GraphQL-Require-Preflight: 1 with multipart/form-data.")
    request = Request(scope, receive)
    try:
        async with request.form(max_files=MAX_FILES, max_fields=FORM_FIELDS, max_part_size=FIELD_BYTES) as form:
            yield from_form(form)
    except HTTPException as error:
        raise BadRequest(f"The form cannot be read: {error.detail}") from None


def check_charset(parameters: str) -> None:
    """Raises BadRequest."""
    _, named, charset = parameters.partition("charset=")
    if named and charset.split(";")[0].strip(' "') not in ("utf-8", "utf8"):
        raise BadRequest("Send the body in UTF-8.", status=415)


async def body_of(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    pieces = [body]
    while message.get("more_body"):
        message = await receive()
        pieces.append(message.get("body", b""))
    return b"".join(pieces)
