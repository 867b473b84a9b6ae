"""One of the three places that turn an error into an answer."""

import logging

from graphql import GraphQLError

from domain.errors import DomainError, RateLimited, Refused, Unauthenticated
from schema.context import Context
from schema.errors import UserErrorType

FAULT = "Something went wrong on the server; it is logged. Try again later."
log = logging.getLogger(__name__)


class Refusals:
    """Around a command: fresh loaders, and a refusal collected as a userError whose path starts with `field`.

    A failure and a missing token pass through. A class, so that type checkers know that it may end the block early.
    """

    def __init__(self, context: Context, *field: str) -> None:
        self._context = context
        self._field = field
        self._refused: list[UserErrorType] = []

    def __enter__(self) -> list[UserErrorType]:
        self._context.forget()
        return self._refused

    def __exit__(self, kind: object, why: BaseException | None, trace: object) -> bool:
        if not isinstance(why, Refused) or isinstance(why, Unauthenticated):
            return False
        path = (*self._field, *why.field) if why.field else ()
        self._refused.append(UserErrorType.of(why.code, why.message, retryable=why.retryable, field=path))
        return True


def tell(error: GraphQLError) -> None:
    """Give a GraphQL error its code; what is nobody's business stays in the log."""
    cause = error.original_error
    match cause:
        case DomainError():
            error.message = cause.message
            error.extensions = extensions_of(cause)
        case None | GraphQLError():
            error.extensions = {**coded("BAD_USER_INPUT", retryable=False), **(error.extensions or {})}
        case _:
            log.error("A resolver failed at %s", error.path, exc_info=cause)
            error.message = FAULT
            error.extensions = coded("INTERNAL", retryable=True)


def extensions_of(error: DomainError) -> dict[str, object]:
    """Of a GraphQL error; `retryAfter` is in seconds."""
    after = {"retryAfter": error.retry_after} if isinstance(error, RateLimited) else {}
    return {**coded(error.code, retryable=error.retryable, field=error.field), **after}


def coded(code: str, *, retryable: bool, field: tuple[str, ...] = ()) -> dict[str, object]:
    """A GraphQL error's extensions."""
    return {"code": code, "retryable": retryable, **({"field": list(field)} if field else {})}
