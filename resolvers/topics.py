"""Verbs of policy topics."""

from typing import Annotated

import strawberry

from resolvers.commands import once, row
from resolvers.errors import Refusals
from resolvers.fields import mutation, query
from schema.commands import Given
from schema.context import Info
from schema.ids import row_id
from schema.pages import After, Before, First, Last, connection, wanted
from schema.topics import CreateTopicInput, CreateTopicPayload, PolicyTopicConnection, PolicyTopicType


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


@strawberry.type
class TopicMutations:
    @mutation("Make a topic, or say of one whether members may delegate in it; ADMIN only.")
    async def create_topic(self, info: Info, input: Given[CreateTopicInput]) -> CreateTopicPayload:
        context = info.context
        with Refusals(context, "input") as refused:
            ids = await context.services.topics.create(
                context.viewer, input.title, input.reason, delegable=bool(input.delegable), once=once(info, input)
            )
            return CreateTopicPayload(topic=await context.loaders.topics.load(row(ids, "topic")))
        return CreateTopicPayload(user_errors=refused)
