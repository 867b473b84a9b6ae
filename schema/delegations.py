"""Delegations, as giver, receiver and ADMIN see them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.delegations import Delegation
from schema.commands import CommandInput, Payload
from schema.context import Info
from schema.fields import field
from schema.ids import global_id
from schema.nodes import Node, present
from schema.pages import Connection

if TYPE_CHECKING:
    from schema.members import MemberType
    from schema.proposals import ProposalType
    from schema.topics import PolicyTopicType


@strawberry.type(
    name="Delegation", description="A member's weight given to another, for votes that start while it lives."
)
class DelegationType(Node):
    delegation: strawberry.Private[Delegation]
    when_inactive: bool = strawberry.field(description="Acts only while its giver is inactive.")
    accepts_twin: bool = strawberry.field(description="The weight also follows a ballot that the receiver's twin cast.")
    created_at: datetime = strawberry.field(description="When it was given.")
    declined_at: datetime | None = strawberry.field(description="When its receiver declined it.")
    revoked_at: datetime | None = strawberry.field(
        description="When its giver revoked it, or gave another in its place."
    )
    expires_at: datetime | None = strawberry.field(description="When it ends by itself, exclusive.")

    @field("Whose weight.", name="from")
    async def giver(self, info: Info) -> Annotated["MemberType", strawberry.lazy("schema.members")]:
        return await present(info.context.loaders.members.load(self.delegation.giver_id))

    @field("Whom it follows; null: nobody, at this level or below.")
    async def to(self, info: Info) -> Annotated["MemberType", strawberry.lazy("schema.members")] | None:
        key = self.delegation.receiver_id
        return None if key is None else await info.context.loaders.members.load(key)

    @field("Where it counts; null: everywhere that no other says otherwise.")
    async def scope(self, info: Info) -> Annotated["PolicyTopicType", strawberry.lazy("schema.topics")] | None:
        key = self.delegation.scope_id
        return None if key is None else await info.context.loaders.topics.load(key)

    @classmethod
    def from_domain(cls, delegation: Delegation) -> "DelegationType":
        return cls(
            id=global_id("Delegation", delegation.id),
            delegation=delegation,
            when_inactive=delegation.when_inactive,
            accepts_twin=delegation.accepts_twin,
            created_at=delegation.created_at,
            declined_at=delegation.declined_at,
            revoked_at=delegation.revoked_at,
            expires_at=delegation.expires_at,
        )


DelegationConnection = Connection[DelegationType]


@strawberry.input(
    description="Whom the viewer's weight follows. `to` must be given: null, said explicitly, means no delegate at "
    "this level or below; left out is BAD_USER_INPUT."
)
class DelegateInput(CommandInput):
    to: strawberry.ID | None = strawberry.field(description="A Member, or null.", default=strawberry.UNSET)
    scope: strawberry.ID | None = strawberry.field(
        description="A delegable PolicyTopic; null: everywhere.", default=None
    )
    when_inactive: bool | None = strawberry.field(description="Only while the viewer is inactive.", default=False)
    accepts_twin: bool | None = strawberry.field(
        description="A ballot that the delegate's twin cast carries this weight too.", default=True
    )
    expires_at: datetime | None = strawberry.field(description="When it ends by itself.", default=None)


@strawberry.input(description="Which delegation to take back.")
class RevokeDelegationInput(CommandInput):
    delegation_id: strawberry.ID = strawberry.field(description="One that the viewer gave.")


@strawberry.input(description="Which delegation to decline.")
class DeclineDelegationInput(CommandInput):
    delegation_id: strawberry.ID = strawberry.field(description="One that the viewer was given.")


@strawberry.type(
    description="The delegation as it is now. stillBound: running votes that this cannot touch; there only a ballot of "
    "one's own helps."
)
class DelegatePayload(Payload):
    delegation: DelegationType | None = strawberry.field(description="Null when it was refused.", default=None)
    still_bound: list[Annotated["ProposalType", strawberry.lazy("schema.proposals")]] = strawberry.field(
        description="Proposals in VOTING, whose graph was frozen before.", default_factory=list
    )
