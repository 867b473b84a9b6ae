"""Policies: what the DAO decided to be in force."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.policies import Policy
from schema.context import Info
from schema.fields import field
from schema.ids import global_id
from schema.nodes import Node
from schema.pages import Connection

if TYPE_CHECKING:
    from schema.proposals import ProposalType
    from schema.topics import PolicyTopicType


@strawberry.type(
    name="Policy",
    description="A rule in force: enacted, amended and repealed by passed proposals only; each version keeps its "
    "period.",
)
class PolicyType(Node):
    policy: strawberry.Private[Policy]
    title: str = strawberry.field(description="At most 200 characters.")
    body: str = strawberry.field(description="At most 50,000 characters of Markdown.")
    version: int = strawberry.field(description="From 1; one more with each amendment.")
    in_force_from: datetime = strawberry.field(description="When it was enacted.")
    in_force_to: datetime | None = strawberry.field(description="When it was superseded or repealed, exclusive.")

    @field("Topics of the proposal that enacted it.")
    async def topics(self, info: Info) -> list[Annotated["PolicyTopicType", strawberry.lazy("schema.topics")]]:
        found = await info.context.loaders.topics.load_many(self.policy.topic_ids)
        return [topic for topic in found if topic]

    @field("The proposal that enacted it.")
    async def enacted_by(self, info: Info) -> Annotated["ProposalType", strawberry.lazy("schema.proposals")] | None:
        key = self.policy.enacted_by_id
        return None if key is None else await info.context.loaders.proposals.load(key)

    @field("The version before it.")
    async def replaces(self, info: Info) -> "PolicyType | None":
        key = self.policy.replaces_id
        return None if key is None else await info.context.loaders.policies.load(key)

    @classmethod
    def from_domain(cls, policy: Policy) -> "PolicyType":
        return cls(
            id=global_id("Policy", policy.id),
            policy=policy,
            title=policy.title,
            body=policy.body,
            version=policy.version,
            in_force_from=policy.in_force_from,
            in_force_to=policy.in_force_to,
        )


PolicyConnection = Connection[PolicyType]
