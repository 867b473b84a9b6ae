"""Who is asking: a bearer token as a viewer."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from app.container import Container, wall_clock
from domain.errors import Unauthenticated
from domain.members import Viewer

KEPT = timedelta(seconds=10)
"""How long a token's viewer is remembered, so that not every request verifies it and reads the member."""
MOST_KEPT = 1_000
BEARER = HTTPBearer(
    scheme_name="bearer",
    auto_error=False,
    description="A member's token: of `frontier token HANDLE`, or of the issuer that this server trusts.",
)
"""For the description only: `Access` reads the header."""


class Access:
    """Reads `Authorization` values. A first login creates the member."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._kept: dict[str, tuple[datetime, Viewer]] = {}

    async def viewer_of(self, authorization: object) -> Viewer | None:
        """The viewer, None without a token. Raises Unauthenticated for a bad or expired one."""
        if authorization is None:
            return None
        token = bearer(authorization)
        until, viewer = self._kept.get(token, (None, None))
        if until is None or viewer is None or until <= wall_clock():
            viewer = await self._container.services.members.login(await self._container.tokens.verify(token))
            self._keep(token, viewer)
        return viewer

    def _keep(self, token: str, viewer: Viewer) -> None:
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        until = wall_clock() + KEPT
        self._kept[token] = (min(until, viewer.expires_at or until), viewer)


def bearer(authorization: object) -> str:
    """The token of `Bearer T`. Raises Unauthenticated."""
    scheme, _, token = authorization.strip().partition(" ") if isinstance(authorization, str) else ("", "", "")
    if scheme.casefold() != "bearer" or not token.strip():
        raise Unauthenticated("Authorization must read `Bearer T`, T being a token.")
    return token.strip()


async def visitor(request: Request, _said: Annotated[object, Security(BEARER)]) -> Viewer | None:
    """Who asks, None without a token. Raises Unauthenticated for a bad or expired one."""
    access: Access = request.app.state.access
    return await access.viewer_of(request.headers.get("authorization"))


async def bearer_of(viewer: Annotated[Viewer | None, Depends(visitor)]) -> Viewer:
    """Who asks. Raises Unauthenticated."""
    if viewer is None:
        raise Unauthenticated("Send a bearer token: `Authorization: Bearer T`.")
    return viewer


Visitor = Annotated[Viewer | None, Depends(visitor)]
Bearer = Annotated[Viewer, Depends(bearer_of)]
"""A parameter of an operation: who asks."""
