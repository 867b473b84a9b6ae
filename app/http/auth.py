"""Who is asking: a bearer token as a viewer."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer
from starlette.types import Scope

from app.adapters import wall_clock
from app.container import Container
from app.http.rates import Rates
from domain.errors import RateLimited, Unauthenticated
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
        self._sockets = Counter[int]()
        self._kept: dict[str, tuple[datetime, Viewer]] = {}

    @cached_property
    def rates(self) -> Rates:
        settings = self._container.settings
        return Rates(self._container.rates, member=settings.rate_member, address=settings.rate_address)

    async def enter(self, scope: Scope, authorization: object) -> Viewer | None:
        """The viewer of a request that counts as one operation. Raises RateLimited, Unauthenticated, Failure."""
        self.rates.count_address(scope)
        viewer = await self.viewer_of(authorization)
        if viewer:
            self.rates.count_member(viewer)
        return viewer

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

    def open_socket(self, viewer: Viewer) -> None:
        """Raises RateLimited when the member has too many at this process."""
        most = self._container.settings.sockets_member
        if self._sockets[viewer.member_id] >= most:
            raise RateLimited(f"You have {most:,} sockets open: close one first.", retry_after=1)
        self._sockets[viewer.member_id] += 1

    def close_socket(self, viewer: Viewer) -> None:
        self._sockets[viewer.member_id] -= 1
        if not self._sockets[viewer.member_id]:
            del self._sockets[viewer.member_id]

    @contextmanager
    def streaming(self, viewer: Viewer | None) -> Iterator[None]:
        """A stream of events, which takes a socket's place while it lasts. Raises RateLimited."""
        if viewer:
            self.open_socket(viewer)
        try:
            yield
        finally:
            if viewer:
                self.close_socket(viewer)

    def _keep(self, token: str, viewer: Viewer) -> None:
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        until = wall_clock() + KEPT
        self._kept[token] = (min(until, viewer.expires_at or until), viewer)


class SocketDoor:
    """Who comes over one WebSocket, and how often it may ask."""

    def __init__(self, access: Access, scope: Scope) -> None:
        self._access = access
        self._scope = scope

    async def greet(self, authorization: object) -> Viewer | None:
        """Who it is; None without a token. Raises RateLimited, Unauthenticated, Failure."""
        viewer = await self._access.enter(self._scope, authorization)
        if viewer:
            self._access.open_socket(viewer)
        return viewer

    def count(self, viewer: Viewer | None) -> None:
        """One operation more. Raises RateLimited."""
        self._access.rates.count_address(self._scope)
        if viewer:
            self._access.rates.count_member(viewer)

    def leave(self, viewer: Viewer | None) -> None:
        """The socket of one who was greeted ended."""
        if viewer:
            self._access.close_socket(viewer)


def authorization(scope: Scope) -> str | None:
    """The header's value. Several are put together as RFC 9110 has it, and then are no bearer token."""
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    return b", ".join(found).decode("latin-1") if found else None


def bearer(authorization: object) -> str:
    """The token of `Bearer T`. Raises Unauthenticated."""
    scheme, _, token = authorization.strip().partition(" ") if isinstance(authorization, str) else ("", "", "")
    if scheme.casefold() != "bearer" or not token.strip():
        raise Unauthenticated("Authorization must read `Bearer T`, T being a token.")
    return token.strip()


async def visitor(request: Request, _said: Annotated[object, Security(BEARER)]) -> Viewer | None:
    """Who asks, None without a token. Raises RateLimited, and Unauthenticated for a bad or expired token."""
    access: Access = request.app.state.access
    return await access.enter(request.scope, authorization(request.scope))


async def bearer_of(viewer: Annotated[Viewer | None, Depends(visitor)]) -> Viewer:
    """Who asks. Raises Unauthenticated."""
    if viewer is None:
        raise Unauthenticated("Send a bearer token: `Authorization: Bearer T`.")
    return viewer


Visitor = Annotated[Viewer | None, Depends(visitor)]
Bearer = Annotated[Viewer, Depends(bearer_of)]
"""A parameter of an operation: who asks."""
