"""Verbs of policies."""

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers.fields import query
from schema.context import Info
from schema.ids import row_id
from schema.pages import After, Before, First, Last, connection, wanted
from schema.policies import PolicyConnection, PolicyType


@strawberry.type
class PolicyQueries:
    @query("A version of a policy; null when there is none.")
    async def policy(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Of a Policy.")]
    ) -> PolicyType | None:
        return await info.context.loaders.policies.load(row_id("Policy", id, "id"))

    @query("Policies in force now, or at a moment of the past, by title.")
    async def policies(
        self,
        info: Info,
        as_of: Annotated[datetime | None, strawberry.argument(description="A moment; null: now.")] = None,
        topic: Annotated[strawberry.ID | None, strawberry.argument(description="With this PolicyTopic.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> PolicyConnection:
        context = info.context
        page = await context.reads.policies.page(
            wanted("policies", first, after, last, before),
            at=as_of or context.now(),
            topic_id=None if topic is None else row_id("PolicyTopic", topic, "topic"),
        )
        return connection("policies", page, PolicyType.from_domain)
