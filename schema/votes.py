"""Votes and how one is cast."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.tally import Choice
from domain.votes import CastBy, Vote
from schema.commands import CommandInput, Payload
from schema.context import Info
from schema.enums import described
from schema.fields import field
from schema.ids import global_id
from schema.nodes import Node, present
from schema.pages import Connection

if TYPE_CHECKING:
    from schema.members import MemberType
    from schema.proposals import ProposalType

described(
    CastBy,
    "CastBy",
    "Whose hand cast a vote.",
    MEMBER="The member's own.",
    TWIN="Its twin's.",
    DELEGATE="Its delegate's.",
)


@strawberry.type(
    name="Vote",
    description="A member's effective vote: one a proposal and member, its id stable when the member changes it.",
)
class VoteType(Node):
    vote: strawberry.Private[Vote]
    choice: Choice | None = strawberry.field(description="What it says.")
    weight: int = strawberry.field(description="The member's own, frozen when voting started.")
    confidence: float | None = strawberry.field(description="How sure its caster was, 0..1.")
    cast_at: datetime = strawberry.field(description="When this revision was cast.")
    cast_by: CastBy = strawberry.field(description="Whose hand cast it.")
    reason: str | None = strawberry.field(description="In the caster's words.")

    @field("What was voted on.")
    async def proposal(self, info: Info) -> Annotated["ProposalType", strawberry.lazy("schema.proposals")]:
        return await present(info.context.loaders.proposals.load(self.vote.ballot.proposal_id))

    @field("Whose vote it is.")
    async def member(self, info: Info) -> Annotated["MemberType", strawberry.lazy("schema.members")]:
        return await present(info.context.loaders.members.load(self.vote.ballot.member_id))

    @classmethod
    def from_domain(cls, vote: Vote) -> "VoteType":
        ballot = vote.ballot
        return cls(
            id=global_id("Vote", vote.id),
            vote=vote,
            choice=ballot.choice,
            weight=ballot.weight,
            confidence=ballot.confidence,
            cast_at=vote.cast_at,
            cast_by=ballot.cast_by,
            reason=ballot.reason,
        )


VoteConnection = Connection[VoteType]


@strawberry.input(description="The viewer's ballot, or its change of mind.")
class CastVoteInput(CommandInput):
    proposal_id: strawberry.ID = strawberry.field(description="A proposal in VOTING.")
    choice: Choice | None = strawberry.field(description="FOR, AGAINST or ABSTAIN.", default=None)
    confidence: float | None = strawberry.field(description="How sure the viewer is, 0..1.", default=None)
    reason: str | None = strawberry.field(description="At most 2,000 characters, for all to read.", default=None)


@strawberry.type(description="The vote and how the proposal stands with it, or why it was refused.")
class CastVotePayload(Payload):
    vote: VoteType | None = strawberry.field(description="Null when it was refused.", default=None)
    proposal: Annotated["ProposalType", strawberry.lazy("schema.proposals")] | None = strawberry.field(
        description="Null when it was refused.", default=None
    )
