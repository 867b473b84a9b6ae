"""Verbs of proposals."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Annotated

import strawberry

from domain.errors import BadInput
from domain.proposals import ProposalOrder
from domain.transactions import Ids
from resolvers.commands import once, row
from resolvers.errors import Refusals
from resolvers.fields import mutation, query, subscription
from resolvers.streams import states
from schema.commands import Given
from schema.context import Info
from schema.drafts import CreateProposalInput, UpdateProposalInput
from schema.ids import row_id
from schema.pages import After, Before, First, Last, connection, wanted
from schema.proposals import (
    CancelProposalInput,
    CreateProposalPayload,
    MarkImplementedInput,
    ProposalConnection,
    ProposalFilterInput,
    ProposalIdInput,
    ProposalPayload,
    ProposalType,
    ResolveStalledInput,
    SponsorProposalInput,
)
from schema.tally import QuorumState

ProposalId = Annotated[strawberry.ID, strawberry.argument(description="Of a Proposal.")]


@strawberry.type
class ProposalQueries:
    @query("A proposal by id or by number; null when the viewer may see none.")
    async def proposal(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Of a Proposal.")] = None,
        number: Annotated[int | None, strawberry.argument(description="As people say it: 1, 2, 3.")] = None,
    ) -> ProposalType | None:
        if (id is None) == (number is None):
            raise BadInput("Give either id or number.", field=("id",))
        if id is not None:
            return await info.context.loaders.proposals.load(row_id("Proposal", id, "id"))
        found = await info.context.reads.proposals.by_number(info.context.viewer, number or 0)
        return None if found is None else ProposalType.from_domain(found)

    @query("Proposals that the viewer may see.")
    async def proposals(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            ProposalFilterInput | None, strawberry.argument(description="Only proposals like these; null: all.")
        ] = None,
        order_by: Annotated[
            ProposalOrder | None, strawberry.argument(description="Null: newest first.")
        ] = ProposalOrder.CREATED_DESC,
    ) -> ProposalConnection:
        order = order_by or ProposalOrder.CREATED_DESC
        tag = f"proposals {order}"
        asked, where = wanted(tag, first, after, last, before), ProposalFilterInput.domain_of(filter)
        page = await info.context.reads.proposals.page(info.context.viewer, asked, where, order)
        return connection(tag, page, ProposalType.from_domain)


@strawberry.type
class ProposalMutations:
    @mutation("Draft a proposal. Only its author and ADMIN see it until it is opened.")
    async def create_proposal(self, info: Info, input: Given[CreateProposalInput]) -> CreateProposalPayload:
        context = info.context
        with Refusals(context, "input") as refused:
            ids = await context.services.proposals.create(context.viewer, input.edit(), once=once(info, input))
            return CreateProposalPayload(proposal=await context.loaders.proposals.load(row(ids, "proposal")))
        return CreateProposalPayload(user_errors=refused)

    @mutation("Change a draft of the viewer's.")
    async def update_proposal(self, info: Info, input: Given[UpdateProposalInput]) -> ProposalPayload:
        proposals = info.context.services.proposals
        return await stepped(
            info,
            input.proposal_id,
            lambda key: proposals.update(info.context.viewer, key, input.edit(), once=once(info, input)),
        )

    @mutation("Show a draft to all members; from then on nothing of it changes.")
    async def open_proposal(self, info: Info, input: Given[ProposalIdInput]) -> ProposalPayload:
        proposals = info.context.services.proposals
        return await stepped(
            info, input.proposal_id, lambda key: proposals.open(info.context.viewer, key, once=once(info, input))
        )

    @mutation("Put an open proposal to the vote; the electorate and its weights are frozen.")
    async def start_voting(self, info: Info, input: Given[ProposalIdInput]) -> ProposalPayload:
        proposals = info.context.services.proposals
        return await stepped(
            info, input.proposal_id, lambda key: proposals.start(info.context.viewer, key, once=once(info, input))
        )

    @mutation("Back another member's open proposal.")
    async def sponsor_proposal(self, info: Info, input: Given[SponsorProposalInput]) -> ProposalPayload:
        proposals = info.context.services.proposals
        return await stepped(
            info, input.proposal_id, lambda key: proposals.sponsor(info.context.viewer, key, once=once(info, input))
        )

    @mutation("Count a proposal again from its ballots, and close it if it is past its end; ADMIN only.")
    async def resolve_stalled(self, info: Info, input: Given[ResolveStalledInput]) -> ProposalPayload:
        proposals = info.context.services.proposals
        return await stepped(
            info,
            input.proposal_id,
            lambda key: proposals.resolve_stalled(info.context.viewer, key, input.reason, once=once(info, input)),
        )

    @mutation("Take a proposal back: its author before VOTING, an ADMIN until the decision.")
    async def cancel_proposal(self, info: Info, input: Given[CancelProposalInput]) -> ProposalPayload:
        proposals = info.context.services.proposals
        return await stepped(
            info,
            input.proposal_id,
            lambda key: proposals.cancel(info.context.viewer, key, input.reason, once=once(info, input)),
        )

    @mutation("Say that a passed proposal is done; ADMIN only.")
    async def mark_implemented(self, info: Info, input: Given[MarkImplementedInput]) -> ProposalPayload:
        proposals = info.context.services.proposals
        return await stepped(
            info,
            input.proposal_id,
            lambda key: proposals.implement(info.context.viewer, key, input.evidence, once=once(info, input)),
        )


@strawberry.type
class ProposalSubscriptions:
    @subscription("The proposal as it is, then each newer state.")
    async def proposal_changed(self, info: Info, proposal_id: ProposalId) -> AsyncGenerator[ProposalType]:
        context, key = info.context, row_id("Proposal", proposal_id, "proposalId")
        watched = context.services.proposals.watch(context.viewer, key)
        return states(context, watched, ProposalType.from_domain, field="proposalId")

    @subscription("How the vote stands, then each newer state.")
    async def quorum(self, info: Info, proposal_id: ProposalId) -> AsyncGenerator[QuorumState]:
        context, key = info.context, row_id("Proposal", proposal_id, "proposalId")
        watched = context.services.proposals.watch(context.viewer, key)
        return states(context, watched, QuorumState.of_proposal, field="proposalId")


async def stepped(info: Info, given: strawberry.ID, step: Callable[[int], Awaitable[Ids]]) -> ProposalPayload:
    """The proposal after one step of its way."""
    with Refusals(info.context, "input") as refused:
        ids = await step(row_id("Proposal", given, "proposalId"))
        return ProposalPayload(proposal=await info.context.loaders.proposals.load(row(ids, "proposal")))
    return ProposalPayload(user_errors=refused)
