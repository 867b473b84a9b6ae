"""Verbs of votes."""

from typing import Annotated

import strawberry

from resolvers.commands import once
from resolvers.errors import Refusals
from resolvers.fields import mutation, query
from schema.commands import Given
from schema.context import Info
from schema.elections import BallotInput
from schema.ids import row_id
from schema.pages import After, Before, First, Last, connection, wanted
from schema.proposals import ProposalType
from schema.votes import CastVoteInput, CastVotePayload, VoteConnection, VoteFilterInput, VoteType
from services.votes import Said


@strawberry.type
class VoteQueries:
    @query("Votes, first cast first; of a hidden proposal only the viewer's own until its close.")
    async def votes(
        self,
        info: Info,
        filter: Annotated[VoteFilterInput | None, strawberry.argument(description="Null: all.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> VoteConnection:
        asked = wanted("votes", first, after, last, before)
        page = await info.context.reads.votes.page(info.context.viewer, asked, VoteFilterInput.domain_of(filter))
        return connection("votes", page, VoteType.from_domain)


@strawberry.type
class VoteMutations:
    @mutation("Cast or change the viewer's ballot. The deciding ballot resolves the proposal at once.")
    async def cast_vote(self, info: Info, input: Given[CastVoteInput]) -> CastVotePayload:
        context = info.context
        with Refusals(context, "input") as refused:
            proposal_id = row_id("Proposal", input.proposal_id, "proposalId")
            said = Said(input.choice, BallotInput.domain_of(input.ballot), input.confidence, input.reason)
            counted = await context.services.votes.cast(context.viewer, proposal_id, said, once=once(info, input))
            if counted.vote and counted.proposal:  # what was just written need not be read again
                return CastVotePayload(
                    vote=VoteType.from_domain(counted.vote), proposal=ProposalType.from_domain(counted.proposal.sealed)
                )
            vote, proposal = context.loaders.votes.load(counted.vote_id), context.loaders.proposals.load(proposal_id)
            return CastVotePayload(vote=await vote, proposal=await proposal)
        return CastVotePayload(user_errors=refused)
