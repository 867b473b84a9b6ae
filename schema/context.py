"""What every resolver of one operation sees."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import strawberry
from strawberry.dataloader import DataLoader

from domain.entities import Mention
from domain.errors import Unauthenticated
from domain.members import Viewer
from services.house import Reads, Services

if TYPE_CHECKING:  # the nouns import this module
    from schema.chats import ChatMessageType, ChatSessionType
    from schema.documents import DocumentType
    from schema.facts import FactType
    from schema.members import MemberType
    from schema.memories import MemoryType
    from schema.proposals import ProposalType
    from schema.resolutions import ResolutionType
    from schema.topics import PolicyTopicType
    from schema.twins import TwinType
    from schema.votes import VoteType


@dataclass(frozen=True, slots=True)
class Loaders:
    """Nouns by key as the viewer may see them, batched; null for what is absent or invisible."""

    members: "DataLoader[int, MemberType | None]"
    twins: "DataLoader[int, TwinType | None]"
    memories: "DataLoader[int, MemoryType | None]"
    facts: "DataLoader[str, FactType | None]"
    topics: "DataLoader[int, PolicyTopicType | None]"
    documents: "DataLoader[int, DocumentType | None]"
    mentions: DataLoader[int, list[Mention]]
    sessions: "DataLoader[int, ChatSessionType | None]"
    messages: "DataLoader[int, ChatMessageType | None]"
    proposals: "DataLoader[int, ProposalType | None]"
    votes: "DataLoader[int, VoteType | None]"
    own_votes: "DataLoader[int, VoteType | None]"
    """The viewer's own, by proposal."""
    resolutions: "DataLoader[int, ResolutionType | None]"
    outcomes: "DataLoader[int, ResolutionType | None]"
    """Resolutions by proposal."""


class House(Protocol):
    """What a process lends to its operations."""

    @property
    def services(self) -> Services: ...
    @property
    def reads(self) -> Reads: ...


type LoadersFor = Callable[[Viewer, House], Loaders]


class Context:
    """One operation of one viewer. Services, reads and loaders are there for who is logged in only."""

    def __init__(
        self, house: House, bearer: Viewer | None, *, loaders_for: LoadersFor, now: Callable[[], datetime]
    ) -> None:
        self._house = house
        self._bearer = bearer
        self._loaders_for = loaders_for
        self._loaders: Loaders | None = None
        self.now = now
        self.skipped: int | None = None
        """States that a slow reader of a subscription missed before the one being sent."""

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
    def loaders(self) -> Loaders:
        """Raises Unauthenticated."""
        if self._loaders is None:
            self._loaders = self._loaders_for(self.check_bearer(), self._house)
        return self._loaders

    def check_bearer(self) -> Viewer:
        """Raises Unauthenticated."""
        if self._bearer is None:
            raise Unauthenticated("Send a bearer token: `Authorization: Bearer T`, or in connection_init's payload.")
        return self._bearer

    def forget(self) -> None:
        """Before a subscription's next event, or after a command: what was loaded may have changed."""
        self._loaders = None


Info = strawberry.Info[Context, None]
