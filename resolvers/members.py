"""Verbs of members."""

from typing import Annotated

import strawberry

from domain.errors import BadInput
from resolvers.commands import once, row
from resolvers.errors import Refusals
from resolvers.fields import mutation, query
from schema.commands import Given
from schema.context import Info
from schema.ids import row_id
from schema.members import MemberConnection, MemberType, UpdateProfileInput, UpdateProfilePayload
from schema.pages import After, Before, First, Last, connection, wanted


@strawberry.type
class MemberQueries:
    @query("Who is asking; null and UNAUTHENTICATED without a token.")
    async def viewer(self, info: Info) -> MemberType | None:
        return await info.context.loaders.members.load(info.context.viewer.member_id)

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
