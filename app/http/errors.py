"""One of the three places that turn an error into an answer: errors as HTTP responses."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from domain.errors import DomainError, RateLimited, Unauthenticated

STATUS = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "NO_VOTING_POWER": 403,
    "NOT_FOUND": 404,
    "CONFLICT": 409,
    "VOTING_CLOSED": 409,
    "ALREADY_RESOLVED": 409,
    "DELEGATION_CYCLE": 409,
    "FILE_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "RATE_LIMITED": 429,
    "INTERNAL": 500,
    "VOTE_ERROR": 500,
    "NER_ERROR": 500,
    "RETRIEVAL_ERROR": 503,
    "LLM_ERROR": 503,
    "SYNC_ERROR": 503,
    "TIMEOUT": 503,
}
"""Any other code is 422."""
CODES = {
    401: "UNAUTHENTICATED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    413: "FILE_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMITED",
    500: "INTERNAL",
    503: "SYNC_ERROR",
}
"""Of what the framework refuses."""
MOST_BLAMED = 200
"""Characters of a field's name that are said again; a client may have made it up."""


def add_error_handlers(app: FastAPI) -> None:
    """Every error has the same body: a refusal, a path or method that is not there, a fault."""

    async def domain_error(_request: Request, error: Exception) -> JSONResponse:
        return error_response(error if isinstance(error, DomainError) else DomainError(str(error)))

    async def http_error(_request: Request, error: Exception) -> JSONResponse:
        """What does not parse is 422 here, as every other malformed value is."""
        if not isinstance(error, HTTPException):
            raise error
        status = 422 if error.status_code == 400 else error.status_code
        body = body_of(CODES.get(status, "BAD_USER_INPUT"), f"{error.detail}.", field=None, retryable=False)
        return JSONResponse(body, status, headers=error.headers)

    async def invalid(_request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, RequestValidationError):
            raise error
        field, message = blamed(error.errors()[0])
        return JSONResponse(body_of("BAD_USER_INPUT", message, field=field, retryable=False), 422)

    async def fault(_request: Request, _error: Exception) -> JSONResponse:
        message = "Something went wrong on the server; it is logged. Try again later."
        return JSONResponse(body_of("INTERNAL", message, field=None, retryable=True), 500)

    app.add_exception_handler(DomainError, domain_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, fault)


def error_response(error: DomainError) -> JSONResponse:
    """`{"code", "message", "field", "retryable"}`; `field` is a path joined with dots, or null."""
    return JSONResponse(
        body_of(error.code, error.message, field=".".join(error.field) or None, retryable=error.retryable),
        STATUS.get(error.code, 422),
        headers=headers_of(error),
    )


def headers_of(error: DomainError) -> dict[str, str]:
    """What HTTP wants beside its status."""
    if isinstance(error, RateLimited):
        return {"Retry-After": str(error.retry_after)}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthenticated) else {}


@contextmanager
def blaming(**names: str) -> Iterator[None]:
    """Around a command: a refusal names a field of its GraphQL input as this path calls it."""
    try:
        yield
    except DomainError as error:
        error.field = tuple(names.get(name, name) for name in error.field)
        raise


def body_of(code: str, message: str, *, field: str | None, retryable: bool) -> dict[str, object]:
    return {"code": code, "message": message, "field": field, "retryable": retryable}


def blamed(problem: dict[str, Any]) -> tuple[str | None, str]:
    """The field of a validation error, and what is wrong with it."""
    place, said = problem["loc"][1:], problem["msg"]
    if problem["type"] == "json_invalid":
        return None, f"The body is not JSON: {problem['ctx']['error']} at character {place[0]}."
    if not place:
        return None, "Send a JSON object, with Content-Type: application/json."
    field = ".".join(map(str, place))[:MOST_BLAMED]
    return field, f"{field}: {said[:1].lower()}{said[1:]}."
