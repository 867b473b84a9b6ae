"""Policy topics and what is tagged with them."""

import strawberry

from domain.topics import PolicyTopic
from schema.context import Info
from schema.documents import DocumentConnection, DocumentType
from schema.facts import FactConnection, FactType
from schema.fields import field
from schema.ids import global_id
from schema.nodes import Node
from schema.pages import After, Before, Connection, First, Last, connection, wanted


@strawberry.type(name="PolicyTopic", description="A tag of documents and proposals; it has no effect on votes.")
class PolicyTopicType(Node):
    key: strawberry.Private[int]
    title: str = strawberry.field(description="As it was first spelled.")

    @field("Documents with this topic that the viewer may read, newest first.")
    async def documents(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> DocumentConnection | None:
        asked = wanted("documents", first, after, last, before)
        page = await info.context.reads.documents.page(info.context.viewer, asked, topic_id=self.key)
        return connection("documents", page, DocumentType.from_domain)

    @field("Facts about this topic that the viewer may read, newest first.")
    async def facts(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> FactConnection | None:
        asked = wanted("facts", first, after, last, before)
        page = await info.context.services.facts.about_topic(info.context.viewer, self.key, asked)
        return connection("facts", page, FactType.from_domain)

    @classmethod
    def from_domain(cls, topic: PolicyTopic) -> "PolicyTopicType":
        return cls(id=global_id("PolicyTopic", topic.id), key=topic.id, title=topic.title)


PolicyTopicConnection = Connection[PolicyTopicType]
