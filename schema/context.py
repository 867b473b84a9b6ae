"""What every resolver of one operation sees."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import strawberry

from domain.errors import Unauthenticated
from domain.members import Viewer
from services.house import Reads, Services

if TYPE_CHECKING:  # the nouns, which it loads, import this module
    from schema.loaders import Loaders


class House(Protocol):
    """What a process lends to its operations."""

    @property
    def services(self) -> Services: ...
    @property
    def reads(self) -> Reads: ...

    def now(self) -> datetime:
        """The database's time, as far as this process knows it without asking."""


type LoadersFor = Callable[[Viewer, House], "Loaders"]


class Context:
    """One operation of one viewer. Services, reads and loaders are there for who is logged in only."""

    def __init__(self, house: House, bearer: Viewer | None, *, loaders_for: LoadersFor) -> None:
        self._house = house
        self.bearer = bearer
        self._loaders_for = loaders_for
        self._loaders: Loaders | None = None
        self.skipped: int | None = None
        """States that a slow reader of a subscription missed before the one being sent."""
        self.push: Callable[[object], bool] | None = None
        """Sends a subscription's event on the spot if nothing need be loaded for it; False: it has to be yielded."""

    def now(self) -> datetime:
        return self._house.now()

    @property
    def viewer(self) -> Viewer:
        """Raises Unauthenticated."""
        return self.check_bearer()

    @property
    def services(self) -> Services:
        """Raises Unauthenticated."""
        self.check_bearer()
        return self._house.services

    @property
    def reads(self) -> Reads:
        """Raises Unauthenticated."""
        self.check_bearer()
        return self._house.reads

    @property
    def loaders(self) -> "Loaders":
        """Raises Unauthenticated."""
        if self._loaders is None:
            self._loaders = self._loaders_for(self.check_bearer(), self._house)
        return self._loaders

    def check_bearer(self) -> Viewer:
        """Raises Unauthenticated."""
        if self.bearer is None:
            raise Unauthenticated("Send a bearer token: `Authorization: Bearer T`, or in connection_init's payload.")
        return self.bearer

    def forget(self) -> None:
        """Before a subscription's next event, or after a command: what was loaded may have changed."""
        self._loaders = None


Info = strawberry.Info[Context, None]
