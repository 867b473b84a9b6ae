"""The audit log, for all members to read."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.audits import AuditEntry
from schema.context import Info
from schema.fields import field
from schema.ids import global_id
from schema.nodes import Node
from schema.pages import Connection

if TYPE_CHECKING:
    from schema.members import MemberType


@strawberry.type(name="AuditEntry", description="One act of an ADMIN, the operator or the system.")
class AuditEntryType(Node):
    entry: strawberry.Private[AuditEntry]
    at: datetime = strawberry.field(description="When.")
    act: str = strawberry.field(description="What, such as PROPOSAL_CANCELLED.")
    reason: str = strawberry.field(description="Why, in the words of who did it.")
    transaction_id: strawberry.ID = strawberry.field(description="The transaction that did it, in every store.")

    @field("Who; null: the system or the operator.")
    async def by(self, info: Info) -> Annotated["MemberType", strawberry.lazy("schema.members")] | None:
        return None if self.entry.by_id is None else await info.context.loaders.members.load(self.entry.by_id)

    @field("What it was done to; null when the viewer may not see it.")
    async def subject(self, info: Info) -> Node | None:
        subject, loaders = self.entry.subject, info.context.loaders
        if subject is None:
            return None
        match subject.noun:
            case "Proposal":
                return await loaders.proposals.load(subject.id)
            case "Member":
                return await loaders.members.load(subject.id)
            case "PolicyTopic":
                return await loaders.topics.load(subject.id)
            case "DeadLetter":
                return await loaders.dead_letters.load(subject.id)
            case "Dao":
                return await loaders.daos.load(subject.id)
        raise ValueError(subject.noun)

    @classmethod
    def from_domain(cls, entry: AuditEntry) -> "AuditEntryType":
        return cls(
            id=global_id("AuditEntry", entry.id),
            entry=entry,
            at=entry.at,
            act=entry.act.value,
            reason=entry.reason,
            transaction_id=strawberry.ID(entry.transaction_id),
        )


AuditEntryConnection = Connection[AuditEntryType]
