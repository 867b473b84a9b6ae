"""Fields with a resolver. The framework's own decorator is typed as Any; this keeps the resolver's type."""

from collections.abc import Callable
from typing import Any, cast

import strawberry


def field[F: Callable[..., Any]](description: str, *, name: str | None = None) -> Callable[[F], F]:
    return cast("Callable[[F], F]", strawberry.field(description=description, name=name))
