"""Fields with a resolver, in the hub's spelling."""

from collections.abc import Callable
from typing import Any, cast

import strawberry


def field[F: Callable[..., Any]](description: str, *, name: str | None = None) -> Callable[[F], F]:
    """Keeps the resolver's type, which the framework's own decorator loses."""
    return cast("Callable[[F], F]", strawberry.field(description=description, name=name))
