"""Ballots, votes and the electorate that may cast them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.members import Viewer
from domain.pages import Page, Slice
from domain.tally import Choice


class CastBy(StrEnum):
    MEMBER = "MEMBER"
    TWIN = "TWIN"
    DELEGATE = "DELEGATE"


@dataclass(frozen=True, slots=True)
class Ballot:
    """One cast of one member, with the weight that was frozen when voting started."""

    proposal_id: int
    member_id: int
    choice: Choice
    weight: int
    cast_by: CastBy = CastBy.MEMBER
    confidence: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Vote:
    """A member's effective vote: one a proposal and member, its id stable over revisions."""

    id: int
    revision: int
    ballot: Ballot
    cast_at: datetime
    transaction_id: str


class Ballots(Protocol):
    """Ballots inside one transaction. Every revision is kept; the newest of a member counts."""

    def freeze(self, proposal_id: int) -> int:
        """Write the electorate of admitted members with weight; its total weight."""

    def frozen_weight(self, proposal_id: int, member_id: int) -> int:
        """The member's weight when voting started; 0 for who was not eligible."""

    def current(self, proposal_id: int, member_id: int) -> Vote | None: ...

    def add(self, ballot: Ballot, *, replaces: Vote | None, at: datetime) -> Vote: ...


class VoteReads(Protocol):
    """Votes as every member may read them."""

    async def by_ids(self, viewer: Viewer, ids: list[int]) -> dict[int, Vote]: ...
    async def own(self, viewer: Viewer, proposal_ids: list[int]) -> dict[int, Vote]:
        """The viewer's own votes by proposal."""

    async def page(self, viewer: Viewer, proposal_id: int, wanted: Slice) -> Page[Vote]: ...

    async def revisions(self, vote_id: int) -> list[Vote]:
        """For projections only: every ballot of a vote, oldest first."""

    async def of_proposal(self, proposal_id: int) -> list[Vote]:
        """For projections only: every vote on a proposal."""
