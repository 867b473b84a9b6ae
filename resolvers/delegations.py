"""Verbs of delegations."""

from typing import Annotated

import strawberry

from domain.errors import BadInput, Forbidden
from domain.members import Role
from domain.transactions import Ids
from resolvers.commands import once, row
from resolvers.errors import Refusals
from resolvers.fields import mutation, query
from schema.commands import Given
from schema.context import Info
from schema.delegations import (
    DeclineDelegationInput,
    DelegateInput,
    DelegatePayload,
    DelegationConnection,
    DelegationType,
    RevokeDelegationInput,
)
from schema.ids import row_id
from schema.pages import After, Before, First, Last, connection, wanted
from services.delegations import Mandate


@strawberry.type
class DelegationQueries:
    @query("Delegations that the viewer gave or was given, ended ones too, newest first; an ADMIN sees all.")
    async def delegations(
        self,
        info: Info,
        member_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Of a Member; another's for ADMIN only.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> DelegationConnection | None:
        context = info.context
        key = None if member_id is None else row_id("Member", member_id, "memberId")
        if key not in (None, context.viewer.member_id) and context.viewer.role is not Role.ADMIN:
            raise Forbidden("Another member's delegations are seen by ADMIN only.", field=("memberId",))
        asked = wanted("delegations", first, after, last, before)
        page = await context.reads.delegations.page(context.viewer, key, asked)
        return connection("delegations", page, DelegationType.from_domain)


@strawberry.type
class DelegationMutations:
    @mutation("Let the viewer's weight follow another member's ballot in votes that start from now on.")
    async def delegate(self, info: Info, input: Given[DelegateInput]) -> DelegatePayload:
        context = info.context
        with Refusals(context, "input") as refused:
            ids = await context.services.delegations.give(context.viewer, mandate_of(input), once=once(info, input))
            return await bound(info, ids, all_running=True)
        return DelegatePayload(user_errors=refused)

    @mutation("Take a delegation back.")
    async def revoke_delegation(self, info: Info, input: Given[RevokeDelegationInput]) -> DelegatePayload:
        context = info.context
        with Refusals(context, "input") as refused:
            key = row_id("Delegation", input.delegation_id, "delegationId")
            ids = await context.services.delegations.revoke(context.viewer, key, once=once(info, input))
            return await bound(info, ids, all_running=False)
        return DelegatePayload(user_errors=refused)

    @mutation("Decline a delegation that the viewer was given.")
    async def decline_delegation(self, info: Info, input: Given[DeclineDelegationInput]) -> DelegatePayload:
        context = info.context
        with Refusals(context, "input") as refused:
            key = row_id("Delegation", input.delegation_id, "delegationId")
            ids = await context.services.delegations.decline(context.viewer, key, once=once(info, input))
            return await bound(info, ids, all_running=False)
        return DelegatePayload(user_errors=refused)


def mandate_of(input: DelegateInput) -> Mandate:
    """Raises BadInput."""
    if input.to is strawberry.UNSET:
        raise BadInput("Say to whom: a Member's id, or null for no delegate at this level or below.", field=("to",))
    return Mandate(
        to=None if input.to is None else row_id("Member", input.to, "to"),
        scope_id=None if input.scope is None else row_id("PolicyTopic", input.scope, "scope"),
        when_inactive=bool(input.when_inactive),
        accepts_twin=input.accepts_twin is not False,
        expires_at=input.expires_at,
    )


async def bound(info: Info, ids: Ids, *, all_running: bool) -> DelegatePayload:
    """The delegation, with the running votes that it cannot touch: all of its giver's, or those it is frozen in."""
    loaders, key = info.context.loaders, row(ids, "delegation")
    delegation = await loaders.delegations.load(key)
    if delegation is None:
        raise TypeError(f"Delegation {key} is not there.")
    giver = delegation.delegation.giver_id
    running = await info.context.reads.delegations.running(giver, None if all_running else key)
    proposals = await loaders.proposals.load_many(running)
    return DelegatePayload(delegation=delegation, still_bound=[proposal for proposal in proposals if proposal])
