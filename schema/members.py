"""Members as every member sees them."""

from datetime import datetime
from typing import Annotated, cast

import strawberry
from strawberry.scalars import JSON

from domain.errors import Forbidden
from domain.members import Member, Role, Viewer
from schema.commands import CommandInput, Payload
from schema.context import Info
from schema.delegations import DelegationType
from schema.enums import described
from schema.fields import field
from schema.ids import global_id, row_id
from schema.nodes import Node
from schema.pages import Connection
from schema.twins import TwinType

described(
    Role,
    "Role",
    "What a member may do, as its token says.",
    MEMBER="Takes part: proposes, votes, chats with its own twin.",
    ADMIN="May also cancel and mark as implemented; reads nobody's private documents, chats or memories.",
)


TOLD_BY_TOKEN = frozenset({"__typename", "id", "handle", "role"})


@strawberry.type(name="Member", description="A person of the DAO; its first login made it, and its twin with it.")
class MemberType(Node):
    member: strawberry.Private[Member]
    handle: str = strawberry.field(description="Unique in the DAO, lower case.")
    display_name: str = strawberry.field(description="What the member calls itself.")
    role: Role = strawberry.field(description="Read from the member's token each time.")
    weight: int = strawberry.field(description="What its vote weighs in proposals that start now: 0 to 1,000,000.")
    joined_at: datetime = strawberry.field(description="Its first login.")
    admitted: bool = strawberry.field(
        description="Whether it may open proposals and vote in those that start from now on."
    )

    @field("An act of the member's own (ballot, message, login) within 90 days; its twin's acts do not count.")
    def active(self, info: Info) -> bool:
        return self.member.active(at=info.context.now())

    @field("Numbers that the DAO's formula weighs; seen by the member and ADMIN.")
    def attributes(self, info: Info) -> JSON | None:
        self._check_private(info, "attributes")
        return cast("JSON", dict(self.member.attributes))

    @field("Live ones that it gave; seen by the member and ADMIN.")
    async def delegations(self, info: Info) -> list[DelegationType] | None:
        self._check_private(info, "delegations")
        return await info.context.loaders.given_delegations.load(self.member.id)

    @field("The weight that would follow this member's ballot in the scope, its own included, if voting started now.")
    async def delegated_weight(
        self,
        info: Info,
        scope: Annotated[
            strawberry.ID | None, strawberry.argument(description="A delegable PolicyTopic; null: global ones only.")
        ] = None,
    ) -> int:
        key = None if scope is None else row_id("PolicyTopic", scope, "scope")
        return await info.context.loaders.delegated_weights.load((key, self.member.id))

    def _check_private(self, info: Info, name: str) -> None:
        """Raises Forbidden."""
        viewer = info.context.viewer
        if viewer.member_id != self.member.id and viewer.role is not Role.ADMIN:
            raise Forbidden(f"A member's {name} are seen by the member and ADMIN only.")

    @field("The member's digital twin.")
    def twin(self) -> TwinType:
        return TwinType.of(self.member.id)

    @classmethod
    def of_bearer(cls, viewer: Viewer) -> "MemberType":
        """With what TOLD_BY_TOKEN names and nothing else: pages ask who they serve more than anything, and no row need
        be read for that."""
        known = object.__new__(cls)
        known.id, known.handle, known.role = global_id("Member", viewer.member_id), viewer.handle, viewer.role
        return known

    @classmethod
    def from_domain(cls, member: Member) -> "MemberType":
        return cls(
            id=global_id("Member", member.id),
            member=member,
            handle=member.handle,
            display_name=member.display_name,
            role=member.role,
            weight=member.weight,
            joined_at=member.joined_at,
            admitted=member.admitted,
        )


MemberConnection = Connection[MemberType]


@strawberry.input(description="What a member changes about itself; what is left out stays.")
class UpdateProfileInput(CommandInput):
    display_name: str | None = strawberry.field(description="1 to 80 characters.", default=None)


@strawberry.type(description="The member as it is now, or why nothing changed.")
class UpdateProfilePayload(Payload):
    member: MemberType | None = strawberry.field(description="Null when it was refused.", default=None)


@strawberry.type(description="The member as it is now, or why nothing changed.")
class MemberPayload(Payload):
    member: MemberType | None = strawberry.field(description="Null when it was refused.", default=None)


@strawberry.input(description="Whom to admit, and why.")
class AdmitMemberInput(CommandInput):
    member_id: strawberry.ID = strawberry.field(description="A newcomer; ADMIN only.")
    weight: int | None = strawberry.field(description="0 to 1,000,000; null: by the DAO's formula.", default=None)
    reason: str = strawberry.field(description="1 to 2,000 characters, for all to read.")


@strawberry.input(description="Whose weight to set, and why. It counts for votes that start from now on.")
class SetMemberWeightInput(CommandInput):
    member_id: strawberry.ID = strawberry.field(description="An admitted Member; ADMIN only.")
    weight: int | None = strawberry.field(
        description="0 to 1,000,000; null returns to the DAO's formula over the member's attributes.", default=None
    )
    attributes: JSON | None = strawberry.field(
        description="Whole numbers by name, in place of those before.", default=None
    )
    reason: str = strawberry.field(description="1 to 2,000 characters, for all to read.")


@strawberry.input(description="Who is to leave, and why. It keeps its place in votes that run.")
class DeactivateMemberInput(CommandInput):
    member_id: strawberry.ID = strawberry.field(description="An admitted Member; ADMIN only.")
    reason: str = strawberry.field(description="1 to 2,000 characters, for all to read.")
