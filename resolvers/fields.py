"""Root fields: before anything else, who asks must be logged in."""

from collections.abc import Awaitable, Callable, Collection
from functools import partial, wraps
from typing import Any, cast

import strawberry
from graphql import FieldNode

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


def asks_only(info: Info, names: Collection[str]) -> bool:
    """Whether what is selected of the field is among these names, written out."""
    return all(
        isinstance(each, FieldNode) and each.name.value in names
        for node in info._raw_info.field_nodes  # the framework's own view of it costs more than the field
        for each in (node.selection_set.selections if node.selection_set else ())
    )


def guarded[R](resolver: Callable[..., Awaitable[R]]) -> Callable[..., Awaitable[R]]:
    """The resolver, raising Unauthenticated before it looks at its arguments."""

    @wraps(resolver)
    async def resolve(root: object, info: Info, **arguments: Any) -> R:  # noqa: ANN401  # the field's
        info.context.check_bearer()
        return await resolver(root, info, **arguments)

    return resolve
