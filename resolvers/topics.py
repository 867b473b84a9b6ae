"""Verbs of policy topics."""

from typing import Annotated

import strawberry

from resolvers.fields import query
from schema.context import Info
from schema.ids import row_id
from schema.pages import After, Before, First, Last, connection, wanted
from schema.topics import PolicyTopicConnection, PolicyTopicType


@strawberry.type
class TopicQueries:
    @query("A topic; null when there is none.")
    async def policy_topic(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Of a PolicyTopic.")]
    ) -> PolicyTopicType | None:
        return await info.context.loaders.topics.load(row_id("PolicyTopic", id, "id"))

    @query("All topics, in a fixed order.")
    async def policy_topics(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> PolicyTopicConnection:
        asked = wanted("topics", first, after, last, before)
        page = await info.context.reads.topics.page(info.context.viewer, asked)
        return connection("topics", page, PolicyTopicType.from_domain)
