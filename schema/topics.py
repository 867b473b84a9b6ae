"""Policy topics and what is tagged with them."""

import strawberry

from domain.topics import PolicyTopic
from schema.commands import CommandInput, Payload
from schema.context import Info
from schema.documents import DocumentConnection, DocumentType
from schema.facts import FactConnection, FactType
from schema.fields import field
from schema.ids import global_id
from schema.nodes import Node
from schema.pages import After, Before, Connection, First, Last, connection, wanted
from schema.policies import PolicyType


@strawberry.type(
    name="PolicyTopic",
    description="A tag of documents and proposals, without effect on votes unless it is a proposal's `scope`.",
)
class PolicyTopicType(Node):
    key: strawberry.Private[int]
    title: str = strawberry.field(description="As it was first spelled.")
    delegable: bool = strawberry.field(
        description="A scope that members may delegate in; set by ADMIN, never by extraction or merging."
    )

    @field("Policies in force with this topic, by title.")
    async def policies(self, info: Info) -> list[PolicyType]:
        return await info.context.loaders.policies_of_topics.load(self.key)

    @field("Documents with this topic that the viewer may read, newest first.")
    async def documents(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> DocumentConnection | None:
        asked = wanted("documents", first, after, last, before)
        page = await info.context.loaders.documents_of_topics.load((asked, self.key))
        return connection("documents", page, DocumentType.from_domain)

    @field("Facts about this topic that the viewer may read, newest first.")
    async def facts(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> FactConnection | None:
        asked = wanted("facts", first, after, last, before)
        page = await info.context.loaders.facts_of_topics.load((asked, self.key))
        return connection("facts", page, FactType.from_domain)

    @classmethod
    def from_domain(cls, topic: PolicyTopic) -> "PolicyTopicType":
        return cls(id=global_id("PolicyTopic", topic.id), key=topic.id, title=topic.title, delegable=topic.delegable)


PolicyTopicConnection = Connection[PolicyTopicType]


@strawberry.input(description="A topic, and why it is made.")
class CreateTopicInput(CommandInput):
    title: str = strawberry.field(description="1 to 80 characters; ADMIN only.")
    delegable: bool | None = strawberry.field(description="Whether members may delegate in it.", default=False)
    reason: str = strawberry.field(description="1 to 2,000 characters, for all to read.")


@strawberry.type(description="The topic, or why there is none.")
class CreateTopicPayload(Payload):
    topic: PolicyTopicType | None = strawberry.field(description="Null when it was refused.", default=None)
