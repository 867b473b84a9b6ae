"""Root fields: before anything else, who asks must be logged in."""

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Any, cast

import strawberry

from schema.context import Info


def query[F: Callable[..., Awaitable[Any]]](description: str) -> Callable[[F], F]:
    made = partial(strawberry.field, description=description)
    return cast("Callable[[F], F]", lambda resolver: made(guarded(resolver)))


def mutation[F: Callable[..., Awaitable[Any]]](description: str) -> Callable[[F], F]:
    made = partial(strawberry.mutation, description=description)
    return cast("Callable[[F], F]", lambda resolver: made(guarded(resolver)))


def subscription[F: Callable[..., Awaitable[Any]]](description: str) -> Callable[[F], F]:
    made = partial(strawberry.subscription, description=description)
    return cast("Callable[[F], F]", lambda resolver: made(guarded(resolver)))


def guarded[R](resolver: Callable[..., Awaitable[R]]) -> Callable[..., Awaitable[R]]:
    """The resolver, raising Unauthenticated before it looks at its arguments."""

    @wraps(resolver)
    async def resolve(root: object, info: Info, **arguments: Any) -> R:  # noqa: ANN401  # the field's
        info.context.check_bearer()
        return await resolver(root, info, **arguments)

    return resolve
