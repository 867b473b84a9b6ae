"""One of the three places that turn an error into an answer: errors as HTTP responses."""

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from domain.errors import DomainError

STATUS = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "CONFLICT": 409,
    "FILE_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "SYNC_ERROR": 503,
    "INTERNAL": 500,
}
"""Any other code is 422."""
CODES = {status: code for code, status in STATUS.items()}


def add_error_handlers(app: FastAPI) -> None:
    """Every error has the same body: a refusal, a path or method that is not there, a fault."""

    async def domain_error(_request: Request, error: Exception) -> JSONResponse:
        return error_response(error if isinstance(error, DomainError) else DomainError(str(error)))

    async def http_error(_request: Request, error: Exception) -> JSONResponse:
        status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, str(error))
        code = CODES.get(status, "BAD_USER_INPUT")
        return JSONResponse(body_of(code, f"{detail}.", field=None, retryable=False), status)

    async def fault(_request: Request, _error: Exception) -> JSONResponse:
        message = "Something went wrong on the server; it is logged. Try again later."
        return JSONResponse(body_of("INTERNAL", message, field=None, retryable=True), 500)

    app.add_exception_handler(DomainError, domain_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, fault)


def error_response(error: DomainError) -> JSONResponse:
    """`{"code", "message", "field", "retryable"}`; `field` is a path joined with dots, or null."""
    return JSONResponse(
        body_of(error.code, error.message, field=".".join(error.field) or None, retryable=error.retryable),
        STATUS.get(error.code, 422),
        headers={"WWW-Authenticate": "Bearer"} if error.code == "UNAUTHENTICATED" else None,
    )


def body_of(code: str, message: str, *, field: str | None, retryable: bool) -> dict[str, object]:
    return {"code": code, "message": message, "field": field, "retryable": retryable}
