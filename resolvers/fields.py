"""Root fields: before anything else, who asks must be logged in."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import strawberry

from schema.context import Info

type Resolver[**P, R] = Callable[P, Awaitable[R]]


def query[**P, R](description: str) -> Callable[[Resolver[P, R]], Resolver[P, R]]:
    return lambda resolver: strawberry.field(guarded(resolver), description=description)


def mutation[**P, R](description: str) -> Callable[[Resolver[P, R]], Resolver[P, R]]:
    return lambda resolver: strawberry.mutation(guarded(resolver), description=description)


def subscription[**P, R](description: str) -> Callable[[Resolver[P, R]], Resolver[P, R]]:
    return lambda resolver: strawberry.subscription(guarded(resolver), description=description)


def guarded[R](resolver: Callable[..., Awaitable[R]]) -> Callable[..., Awaitable[R]]:
    """The resolver, raising Unauthenticated before it looks at its arguments."""

    @wraps(resolver)
    async def resolve(root: object, info: Info, **arguments: Any) -> R:  # noqa: ANN401  # the field's
        info.context.check_bearer()
        return await resolver(root, info, **arguments)

    return resolve
