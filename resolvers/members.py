"""Verbs of members."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from domain.errors import BadInput
from domain.inputs import check_storable
from domain.transactions import Ids
from resolvers.commands import once, row
from resolvers.errors import Refusals
from resolvers.fields import asks_only, mutation, query
from schema.commands import Given
from schema.context import Info
from schema.ids import row_id
from schema.members import (
    TOLD_BY_TOKEN,
    AdmitMemberInput,
    DeactivateMemberInput,
    MemberConnection,
    MemberPayload,
    MemberType,
    SetMemberWeightInput,
    UpdateProfileInput,
    UpdateProfilePayload,
)
from schema.pages import After, Before, First, Last, connection, wanted
from services.members import Weighing


@strawberry.type
class MemberQueries:
    @query("Who is asking; null and UNAUTHENTICATED without a token.")
    async def viewer(self, info: Info) -> MemberType | None:
        viewer = info.context.viewer
        if viewer.handle and asks_only(info, TOLD_BY_TOKEN):
            return MemberType.of_bearer(viewer)
        return await info.context.loaders.members.load(viewer.member_id)

    @query("A member by id or by handle; null when there is none.")
    async def member(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Of a Member.")] = None,
        handle: Annotated[str | None, strawberry.argument(description="Lower case.")] = None,
    ) -> MemberType | None:
        if (id is None) == (handle is None):
            raise BadInput("Give either id or handle.", field=("id",))
        if id is not None:
            return await info.context.loaders.members.load(row_id("Member", id, "id"))
        check_storable(handle or "", "handle")
        found = await info.context.reads.members.by_handle(handle or "")
        return None if found is None else MemberType.from_domain(found)

    @query("All members, first come first.")
    async def members(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> MemberConnection:
        page = await info.context.reads.members.page(wanted("members", first, after, last, before))
        return connection("members", page, MemberType.from_domain)


@strawberry.type
class MemberMutations:
    @mutation("Change the viewer's own profile.")
    async def update_profile(self, info: Info, input: Given[UpdateProfileInput]) -> UpdateProfilePayload:
        context = info.context
        with Refusals(context, "input") as refused:
            ids = await context.services.members.update_profile(
                context.viewer, input.display_name, once=once(info, input)
            )
            return UpdateProfilePayload(member=await context.loaders.members.load(row(ids, "member")))
        return UpdateProfilePayload(user_errors=refused)

    @mutation("Admit a newcomer; ADMIN only.")
    async def admit_member(self, info: Info, input: Given[AdmitMemberInput]) -> MemberPayload:
        members, viewer = info.context.services.members, info.context.viewer
        return await administered(
            info,
            input.member_id,
            lambda key: members.admit(viewer, key, input.weight, input.reason, once=once(info, input)),
        )

    @mutation("Set a member's weight or attributes; ADMIN only.")
    async def set_member_weight(self, info: Info, input: Given[SetMemberWeightInput]) -> MemberPayload:
        members, viewer = info.context.services.members, info.context.viewer
        weighing = Weighing(input.weight, input.attributes)
        return await administered(
            info,
            input.member_id,
            lambda key: members.weigh(viewer, key, weighing, input.reason, once=once(info, input)),
        )

    @mutation("Take a member out of votes that start from now on; ADMIN only.")
    async def deactivate_member(self, info: Info, input: Given[DeactivateMemberInput]) -> MemberPayload:
        members, viewer = info.context.services.members, info.context.viewer
        return await administered(
            info, input.member_id, lambda key: members.deactivate(viewer, key, input.reason, once=once(info, input))
        )


async def administered(info: Info, given: strawberry.ID, act: Callable[[int], Awaitable[Ids]]) -> MemberPayload:
    """The member after an ADMIN's act."""
    with Refusals(info.context, "input") as refused:
        ids = await act(row_id("Member", given, "memberId"))
        return MemberPayload(member=await info.context.loaders.members.load(row(ids, "member")))
    return MemberPayload(user_errors=refused)
