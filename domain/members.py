"""Members of the DAO, their twins, and who is looking."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from domain.inputs import given_text
from domain.pages import Page, Slice
from domain.weights import Formula

ACTIVE_DAYS = 90
SEEN_EVERY = timedelta(hours=1)
"""`last_seen` is written at most this often."""
MAX_NAME = 80
DAO_GROUP = "dao"
"""The group of what every member may read, in memory and graph."""


class Role(StrEnum):
    MEMBER = "MEMBER"
    ADMIN = "ADMIN"


class Admission(StrEnum):
    """open: a newcomer is admitted with weight 1; approve: it waits with weight 0."""

    OPEN = "open"
    APPROVE = "approve"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says of its bearer."""

    subject: str
    handle: str
    role: Role
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Viewer:
    """On whose behalf something is done; `role` is the token's, `handle` empty where nobody is logged in."""

    member_id: int
    role: Role
    expires_at: datetime | None = None
    handle: str = ""

    @property
    def group(self) -> str:
        return member_group(self.member_id)

    @property
    def groups(self) -> tuple[str, str]:
        """Whose memories and facts the viewer may read: its own and the DAO's."""
        return self.group, DAO_GROUP


def member_group(member_id: int) -> str:
    return f"member_{member_id}"


def member_of(group: str) -> int | None:
    """Whose group it is; None for the DAO's, and for what is no group."""
    number = group.removeprefix("member_")
    return int(number) if number != group and number.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Member:
    """A member and, under the same id, its twin."""

    id: int
    subject: str
    handle: str
    display_name: str
    role: Role
    weight: int
    admitted: bool
    joined_at: datetime
    last_seen: datetime
    attributes: Mapping[str, int] = field(default_factory=dict)
    fixed_weight: int | None = None
    """Set by hand or by vote; None: the DAO's formula over `attributes`."""
    transaction_id: str = field(default="", compare=False)
    """The newest that changed the row."""

    def weighed(self, formula: Formula, **changes: object) -> "Member":
        """With these changes, and the weight that follows from them: none before it is admitted."""
        changed = replace(self, **changes)  # type: ignore[arg-type]  # the callers' keywords are fields
        weight = formula.weight(changed.attributes) if changed.fixed_weight is None else changed.fixed_weight
        return replace(changed, weight=weight if changed.admitted else 0)

    def active(self, *, at: datetime) -> bool:
        """An act of the member's own within the DAO's number of days."""
        return self.last_seen > inactive_before(at)


def inactive_before(at: datetime) -> datetime:
    """Who was last seen then, or earlier, is inactive at `at`."""
    return at - timedelta(days=ACTIVE_DAYS)


def checked_name(name: str) -> str:
    """Raises BadInput."""
    return given_text(" ".join(name.split()), MAX_NAME, "displayName")


class Tokens(Protocol):
    """Reads bearer tokens."""

    async def verify(self, token: str) -> Claims:
        """Raises Unauthenticated."""


class Members(Protocol):
    """Members inside one transaction."""

    def by_subject(self, subject: str) -> Member | None: ...

    def by_id(self, member_id: int) -> Member:
        """Raises NotFound."""

    def handle_taken(self, handle: str) -> bool: ...

    def add(self, claims: Claims, *, handle: str, at: datetime) -> Member:
        """The member and its twin, waiting to be admitted."""

    def save(self, member: Member) -> None: ...

    def total_weight(self) -> int:
        """Of all members together."""

    def by_formula(self) -> list[Member]:
        """Admitted members whose weight is not set by hand."""


class MemberReads(Protocol):
    """Members as any member may see them."""

    async def by_ids(self, ids: list[int]) -> dict[int, Member]: ...
    async def by_handle(self, handle: str) -> Member | None: ...
    async def by_subject(self, subject: str) -> Member | None: ...
    async def page(self, wanted: Slice) -> Page[Member]: ...
