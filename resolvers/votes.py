"""Verbs of votes."""

import strawberry

from resolvers.commands import once, row
from resolvers.errors import Refusals
from resolvers.fields import mutation
from schema.commands import Given
from schema.context import Info
from schema.ids import row_id
from schema.votes import CastVoteInput, CastVotePayload


@strawberry.type
class VoteMutations:
    @mutation("Cast or change the viewer's ballot. The deciding ballot resolves the proposal at once.")
    async def cast_vote(self, info: Info, input: Given[CastVoteInput]) -> CastVotePayload:
        context = info.context
        with Refusals(context, "input") as refused:
            proposal_id = row_id("Proposal", input.proposal_id, "proposalId")
            sure, why = input.confidence, input.reason
            ids = await context.services.votes.cast(
                context.viewer, proposal_id, input.choice, confidence=sure, reason=why, once=once(info, input)
            )
            vote, proposal = context.loaders.votes.load(row(ids, "vote")), context.loaders.proposals.load(proposal_id)
            return CastVotePayload(vote=await vote, proposal=await proposal)
        return CastVotePayload(user_errors=refused)
