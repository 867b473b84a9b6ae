"""GraphQL over HTTP: https://graphql.github.io/graphql-over-http/draft/"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, aclosing, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from graphql import OperationType
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from app.graphql.engine import Answer, Engine
from app.graphql.operations import Operation, UnknownOperation
from app.graphql.persisted import Texts
from app.graphql.requests import MAX_FILES, PREFLIGHT, Asked, BadRequest, from_form, from_json, from_query_string
from app.graphql.responses import JSON, STREAM, encoded, media_type, refusal, send_json, status_of, told
from app.http.errors import STATUS, headers_of
from app.http.event_stream import EventStream
from app.http.limits import MAX_JSON, BodyLimit, announced, refuse
from domain.errors import DomainError
from domain.members import Viewer
from resolvers.errors import FAULT
from schema.context import Context

log = logging.getLogger(__name__)

type Headers = dict[bytes, bytes]
type ContextOf = Callable[[Scope], Awaitable[object]]
"""The context of one request. Raises Unauthenticated."""
type Streaming = Callable[[Viewer | None], AbstractContextManager[object]]
"""Around a stream of events. Raises RateLimited."""
FORM_FIELDS, FIELD_BYTES = 2, 1024 * 1024
"""Of a multipart request, besides its files: `operations` and `map`, and how large each may be."""
BODY_SECONDS = 30.0
SLOW = f"The body did not arrive within {BODY_SECONDS:.0f} s: send it again."
CLOSE = {"Connection": "close"}
"""What may still come of a body is not the next request."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and the way to answer it."""

    scope: Scope
    headers: Headers
    receive: Receive
    send: Send

    @property
    def method(self) -> str:
        method: str = self.scope["method"]
        return method


class HttpEndpoint:
    """POST, and GET for queries; as a stream of events for who accepts text/event-stream. Any other method is 405."""

    def __init__(
        self, engine: Engine, context_of: ContextOf, texts: Texts, *, streaming: Streaming = nullcontext
    ) -> None:
        self._engine = engine
        self._texts = texts
        self._context_of = context_of
        self._streaming = streaming
        self._forms = BodyLimit(self._answer_form, told=too_large)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._serve(scope, receive, send)
        except Exception:
            log.exception("A request failed")
            await send_json(send, refusal(FAULT, code="INTERNAL", retryable=True), status=500)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: Headers = dict(scope["headers"])
        if scope["method"] == "POST" and headers.get(b"content-type", b"")[:19].lower() == b"multipart/form-data":
            await self._forms(scope, receive, send)
            return
        try:
            body = None if announced(scope) > MAX_JSON else await body_of(receive)
        except TimeoutError:
            await send_json(send, refusal(SLOW, code="TIMEOUT", retryable=True), status=408, headers=CLOSE)
            return
        if body is None:
            await refuse(receive, send, MAX_JSON, told=too_large)
        else:
            await self._respond(Exchange(scope, headers, receive, send), lambda: read(scope, headers, body))

    async def _answer_form(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: Headers = dict(scope["headers"])
        try:
            async with form_of(scope, receive, headers) as asked:
                await self._respond(Exchange(scope, headers, receive, send), lambda: asked)
        except BadRequest as error:
            await send_json(send, refusal(error.message, code=error.code), status=error.status, headers=error.headers)

    async def _respond(self, exchange: Exchange, ask: Callable[[], Asked]) -> None:
        """The answer of what `ask` returns, which raises BadRequest."""
        kind, send = JSON, exchange.send
        try:
            check_method(exchange.method)
            kind = media_type(exchange.headers.get(b"accept", b"").decode("latin-1") or "*/*")
            context = await self._context_of(exchange.scope)
            asked = ask()
            operation = await self._prepared(asked, context)
            if kind == STREAM:
                check_kind(operation, exchange.method, streamed=True)
                await self._stream(exchange, operation, asked, context)
                return
            check_kind(operation, exchange.method, streamed=False)
            answer = (
                operation
                if isinstance(operation, Answer)
                else await self._engine.run(operation, asked.variables, context)
            )
            await send_json(send, answer.payload, status=status_of(answer.payload, kind), kind=kind)
        except BadRequest as error:
            body, kind = refusal(error.message, code=error.code), JSON if kind == STREAM else kind
            await send_json(send, body, status=error.status, kind=kind, headers=error.headers)
        except DomainError as error:
            body, kind = told(error), JSON if kind == STREAM else kind
            await send_json(send, body, status=STATUS[error.code], kind=kind, headers=headers_of(error))

    async def _prepared(self, asked: Asked, context: object) -> Operation | Answer:
        """Raises BadRequest."""
        text = asked.text if asked.is_plain and not self._texts.exclusive else None
        if not text:
            text = await self._texts.text(asked, known=bearer_of(context) is not None)
        try:
            return self._engine.prepared(text, asked.operation_name, asked.variables)
        except UnknownOperation as error:
            raise BadRequest(error.message) from None

    async def _stream(self, exchange: Exchange, operation: Operation | Answer, asked: Asked, context: object) -> None:
        """graphql-sse's distinct connections: an error too is told as an event, for a browser gives up at a 4xx."""
        answers = (
            one(operation)
            if isinstance(operation, Answer)
            else self._engine.stream(operation, asked.variables, context)
        )
        stream = EventStream(frames(answers), headers={}, until=expiry(context))
        with self._streaming(bearer_of(context)):
            await stream(exchange.scope, exchange.receive, exchange.send)


def too_large(message: str) -> Mapping[str, object]:
    return refusal(message, code="FILE_TOO_LARGE")


async def one(answer: Answer) -> AsyncGenerator[Answer]:
    yield answer


async def frames(answers: AsyncGenerator[Answer]) -> AsyncGenerator[bytes]:
    """https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md#distinct-connections-mode"""
    async with aclosing(answers):
        async for answer in answers:
            yield b"event: next\ndata: %b\n\n" % encoded(answer.payload)
    yield b"event: complete\ndata: \n\n"


def expiry(context: object) -> datetime | None:
    """When its bearer's token ends, and what it may hear with it."""
    bearer = bearer_of(context)
    return bearer.expires_at if bearer else None


def bearer_of(context: object) -> Viewer | None:
    return context.bearer if isinstance(context, Context) else None


def check_method(method: str) -> None:
    """Raises BadRequest."""
    if method not in ("GET", "POST"):
        raise BadRequest("Send operations by POST, or queries by GET.", status=405, headers={"Allow": "GET, POST"})


def check_kind(operation: Operation | Answer, method: str, *, streamed: bool) -> None:
    """Raises BadRequest for what this method may not carry."""
    if isinstance(operation, Answer):
        return
    if operation.kind is OperationType.MUTATION and method == "GET":
        raise BadRequest("Send mutations by POST.", status=405, headers={"Allow": "POST"})
    if operation.kind is OperationType.SUBSCRIPTION and not streamed:
        raise BadRequest(
            "Subscriptions come over the WebSocket (graphql-transport-ws), or with Accept: text/event-stream.",
            status=405 if method == "GET" else 400,
            headers={"Allow": "POST"} if method == "GET" else None,
        )


def read(scope: Scope, headers: Headers, body: bytes) -> Asked:
    """What the request asks for. Raises BadRequest."""
    if scope["method"] == "GET":
        return from_query_string(scope["query_string"])
    check_coding(headers)
    kind = headers.get(b"content-type", b"")
    if kind != b"application/json":
        check_type(kind.decode("latin-1").lower())
    return from_json(body)


def check_coding(headers: Headers) -> None:
    """Raises BadRequest: unpacked, a small body may be of any size."""
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        message = "Send the body as it is, without Content-Encoding."
        raise BadRequest(message, status=415, headers={"Accept-Encoding": "identity"})


def check_type(given: str) -> None:
    """Raises BadRequest for what is not JSON in UTF-8."""
    kind, *parameters = (piece.strip() for piece in given.split(";"))
    if kind != "application/json":
        raise BadRequest("Send Content-Type: application/json, or multipart/form-data for files.", status=415)
    for parameter in parameters:
        name, _, charset = parameter.partition("=")
        if name == "charset" and charset.strip('"') not in ("utf-8", "utf8"):
            raise BadRequest("Send the body in UTF-8.", status=415)


@asynccontextmanager
async def form_of(scope: Scope, receive: Receive, headers: Headers) -> AsyncIterator[Asked]:
    """Its files are closed afterwards. Raises BadRequest."""
    if not any(headers.get(name.encode()) for name in PREFLIGHT):
        raise BadRequest("Send the header GraphQL-Require-Preflight: 1 with multipart/form-data.")
    check_coding(headers)
    request = Request(scope, receive)
    try:
        async with request.form(max_files=MAX_FILES, max_fields=FORM_FIELDS, max_part_size=FIELD_BYTES) as form:
            yield from_form(form)
    except MultiPartException as error:
        raise BadRequest(f"The form cannot be read: {error.message}") from None


async def body_of(receive: Receive) -> bytes | None:
    """None when it is too large. Raises TimeoutError for one that takes too long."""
    async with asyncio.timeout(BODY_SECONDS):
        message = await receive()
        pieces = [message.get("body", b"")]
        size = len(pieces[0])
        while message.get("more_body") and size <= MAX_JSON:
            message = await receive()
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
    return b"".join(pieces) if size <= MAX_JSON else None
