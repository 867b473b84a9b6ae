"""Delegations, and the one that acts for each member when voting starts.

Semantics: the contract's section Delegation; precedence of levels as in LiquidFeedback (issue > area > unit).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from domain.members import Viewer
from domain.pages import Page, Slice


class Level(StrEnum):
    SCOPE = "SCOPE"
    GLOBAL = "GLOBAL"


class Delegation(NamedTuple):
    """A member's weight given to another, in one scope or (`scope_id` None) everywhere.

    `receiver_id` None: nobody, at this level and below. `when_inactive`: acts only while its giver is inactive.
    `accepts_twin`: the weight also follows a ballot that the receiver's twin cast.
    """

    id: int
    giver_id: int
    receiver_id: int | None
    scope_id: int | None
    created_at: datetime
    when_inactive: bool = False
    accepts_twin: bool = False
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    declined_at: datetime | None = None

    @property
    def age(self) -> tuple[datetime, int]:
        """Sorts the oldest first."""
        return self.created_at, self.id

    def live(self, *, at: datetime) -> bool:
        """From its creation until it expires, is revoked or declined; at that instant it is over."""
        return (
            self.created_at <= at
            and (self.expires_at is None or at < self.expires_at)
            and (self.revoked_at is None or at < self.revoked_at)
            and (self.declined_at is None or at < self.declined_at)
        )


class Edge(NamedTuple):
    """Where a member's weight goes on one proposal, fixed when voting starts.

    `carried` is False where it goes nowhere: to nobody, to a delegate outside the electorate, or over the cap.
    """

    to: int | None
    scope_id: int | None
    accepts_twin: bool
    delegation_id: int
    carried: bool

    @property
    def target(self) -> int | None:
        return self.to if self.carried else None

    @property
    def level(self) -> Level:
        return Level.GLOBAL if self.scope_id is None else Level.SCOPE


@dataclass(frozen=True, slots=True)
class Electorate:
    """Who may vote on a proposal, with what weight, and who of them was inactive when voting started."""

    weights: Mapping[int, int]
    inactive: Collection[int] = frozenset()

    @property
    def eligible(self) -> int:
        return sum(self.weights.values())


def acting(
    delegations: Iterable[Delegation], electorate: Electorate, *, at: datetime, levels: Sequence[int | None]
) -> dict[int, Delegation]:
    """The one delegation that acts for each giver at `at`.

    `levels` names the scopes that count, the most specific first: (scope, None), or (None,) for a proposal without a
    scope. The most specific level wins; in it, while its giver is inactive, whenInactive wins; then the newest.
    """
    rank = {scope: -position for position, scope in enumerate(levels)}

    def order(row: Delegation) -> tuple[int, bool, datetime, int]:
        return (rank[row.scope_id], row.when_inactive, *row.age)

    found: dict[int, Delegation] = {}
    for row in delegations:
        giver = row.giver_id
        if giver not in electorate.weights or row.scope_id not in rank or not row.live(at=at):
            continue
        if row.when_inactive and giver not in electorate.inactive:
            continue
        if giver not in found or order(row) > order(found[giver]):
            found[giver] = row
    return found


def closes_cycle(new: Delegation, others: Iterable[Delegation], *, at: datetime) -> bool:
    """Whether `new` certainly leads back to its giver: reason to refuse it with DELEGATION_CYCLE.

    Certain when every delegation on the way lives at `at`, is given for the very same scope (or everywhere), and does
    not wait for its giver's inactivity: then each proposal at that level meets the cycle until one of them ends.
    Cycles over mixed levels, through whenInactive, or that appear later are not found here; they carry no weight.
    """
    if new.receiver_id == new.giver_id:
        return True
    if new.when_inactive:
        return False
    newest: dict[int, Delegation] = {}
    for row in sorted(others, key=lambda row: row.age):
        if row.scope_id == new.scope_id and not row.when_inactive and row.live(at=at):
            newest[row.giver_id] = row
    seen: set[int] = set()
    receiver = new.receiver_id
    while receiver is not None and receiver not in seen:
        if receiver == new.giver_id:
            return True
        seen.add(receiver)
        receiver = newest[receiver].receiver_id if receiver in newest else None
    return False


class Delegations(Protocol):
    """Delegations inside one transaction."""

    def live(self, *, at: datetime) -> list[Delegation]: ...

    def live_of(self, giver_id: int, scope_id: int | None, *, at: datetime) -> list[Delegation]:
        """The giver's, at this level."""

    def by_id(self, delegation_id: int) -> Delegation:
        """Held until the transaction ends. Raises NotFound."""

    def add(self, delegation: Delegation) -> Delegation:
        """A new row; its id is not read."""

    def save(self, delegation: Delegation) -> None:
        """When it was revoked or declined."""


class DelegationReads(Protocol):
    """Delegations as giver, receiver and ADMIN may see them; what is invisible is absent."""

    async def by_ids(self, viewer: Viewer, ids: list[int]) -> dict[int, Delegation]: ...

    async def page(self, viewer: Viewer, member_id: int | None, wanted: Slice) -> Page[Delegation]:
        """Those that a member gave or was given, newest first; None: all that the viewer may see."""

    async def live_given_by(self, viewer: Viewer, giver_ids: list[int]) -> dict[int, list[Delegation]]: ...

    async def running(self, giver_id: int, delegation_id: int | None) -> list[int]:
        """Ids of proposals in VOTING whose frozen graph has this giver, or this very delegation of it."""

    async def weights(self, member_ids: list[int], scope_id: int | None) -> dict[int, int]:
        """The weight that would follow each member's ballot in the scope if voting started now."""
