"""Votes and how one is cast."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.tally import CastBy, Choice
from domain.votes import Vote, VoteFilter
from schema.commands import CommandInput, Payload
from schema.context import Info
from schema.elections import BallotInput, BallotType
from schema.enums import described
from schema.fields import field
from schema.ids import global_id, row_id
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
    choice: Choice | None = strawberry.field(
        description="BASIC: what it says; null while it is sealed from the viewer."
    )
    ballot: BallotType | None = strawberry.field(description="Any other system: what it says.")
    weight: int = strawberry.field(description="The member's own, frozen when voting started.")
    confidence: float | None = strawberry.field(description="How sure its caster was, 0..1.")
    cast_at: datetime = strawberry.field(description="When this revision was cast.")
    cast_by: CastBy = strawberry.field(description="Whose hand cast it.")
    reason: str | None = strawberry.field(description="In the caster's words.")

    @field("The delegates that a DELEGATE's vote went through, the voter last.")
    async def via(self, info: Info) -> list[Annotated["MemberType", strawberry.lazy("schema.members")]]:
        found = await info.context.loaders.members.load_many(self.vote.via)
        return [member for member in found if member]

    @field("Ed25519 signature of the DAO, base64url, over the ballot's canonical bytes; null for what a delegate said.")
    async def acknowledgement(self, info: Info) -> str | None:
        found = await self._acknowledged(info)
        return None if found is None else found[0]

    @field("The bytes that acknowledgement signs, with the receipt's opaque id; for the caster only.")
    async def canonical_ballot(self, info: Info) -> str | None:
        if self.vote.ballot.member_id != info.context.viewer.member_id:
            return None
        found = await self._acknowledged(info)
        return None if found is None else found[1].decode()

    async def _acknowledged(self, info: Info) -> tuple[str, bytes] | None:
        proposal = await present(info.context.loaders.proposals.load(self.vote.ballot.proposal_id))
        return info.context.services.receipts.acknowledge(self.vote, proposal.proposal)

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
            ballot=None if ballot.options is None else BallotType.from_domain(ballot.options),
            weight=ballot.weight,
            confidence=ballot.confidence,
            cast_at=vote.cast_at,
            cast_by=ballot.cast_by,
            reason=ballot.reason,
        )


VoteConnection = Connection[VoteType]


@strawberry.input(name="VoteFilter", description="Which votes; every condition that is given must hold.")
class VoteFilterInput:
    member: strawberry.ID | None = strawberry.field(description="Of this Member.", default=None)
    proposal: strawberry.ID | None = strawberry.field(description="On this Proposal.", default=None)
    cast_by: CastBy | None = strawberry.field(description="By this hand.", default=None)
    cast_after: datetime | None = strawberry.field(description="After this moment.", default=None)

    @staticmethod
    def domain_of(given: "VoteFilterInput | None") -> VoteFilter:
        """Raises BadInput."""
        if given is None:
            return VoteFilter()
        return VoteFilter(
            member_id=None if given.member is None else row_id("Member", given.member, "filter", "member"),
            proposal_id=None if given.proposal is None else row_id("Proposal", given.proposal, "filter", "proposal"),
            cast_by=given.cast_by,
            cast_after=given.cast_after,
        )


@strawberry.input(description="The viewer's ballot, or its change of mind.")
class CastVoteInput(CommandInput):
    proposal_id: strawberry.ID = strawberry.field(description="A proposal in VOTING.")
    choice: Choice | None = strawberry.field(description="BASIC: FOR, AGAINST or ABSTAIN.", default=None)
    ballot: BallotInput | None = strawberry.field(description="Any other system: the ballot.", default=None)
    confidence: float | None = strawberry.field(description="How sure the viewer is, 0..1.", default=None)
    reason: str | None = strawberry.field(description="At most 2,000 characters, for all to read.", default=None)


@strawberry.type(description="The vote and how the proposal stands with it, or why it was refused.")
class CastVotePayload(Payload):
    vote: VoteType | None = strawberry.field(description="Null when it was refused.", default=None)
    proposal: Annotated["ProposalType", strawberry.lazy("schema.proposals")] | None = strawberry.field(
        description="Null when it was refused.", default=None
    )
