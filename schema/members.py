"""Members as every member sees them."""

from datetime import datetime

import strawberry

from domain.members import Member, Role
from schema.commands import CommandInput, Payload
from schema.context import Info
from schema.enums import described
from schema.fields import field
from schema.ids import global_id
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


@strawberry.type(name="Member", description="A person of the DAO; its first login made it, and its twin with it.")
class MemberType(Node):
    member: strawberry.Private[Member]
    handle: str = strawberry.field(description="Unique in the DAO, lower case.")
    display_name: str = strawberry.field(description="What the member calls itself.")
    role: Role = strawberry.field(description="Read from the member's token each time.")
    weight: int = strawberry.field(description="What its vote weighs in proposals that start now: 0 to 1,000,000.")
    joined_at: datetime = strawberry.field(description="Its first login.")

    @field("An act of the member's own (ballot, message, login) within 90 days; its twin's acts do not count.")
    def active(self, info: Info) -> bool:
        return self.member.active(at=info.context.now())

    @field("The member's digital twin.")
    def twin(self) -> TwinType:
        return TwinType.of(self.member.id)

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
        )


MemberConnection = Connection[MemberType]


@strawberry.input(description="What a member changes about itself; what is left out stays.")
class UpdateProfileInput(CommandInput):
    display_name: str | None = strawberry.field(description="1 to 80 characters.", default=None)


@strawberry.type(description="The member as it is now, or why nothing changed.")
class UpdateProfilePayload(Payload):
    member: MemberType | None = strawberry.field(description="Null when it was refused.", default=None)
