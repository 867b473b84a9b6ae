"""Verbs of resolutions."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from resolvers.fields import query, subscription
from resolvers.streams import events
from schema.context import Info
from schema.ids import row_id
from schema.pages import After, Before, First, Last, connection, wanted
from schema.receipts import Verification
from schema.resolutions import ResolutionConnection, ResolutionType


@strawberry.type
class ResolutionQueries:
    @query("A resolution; null when there is none.")
    async def resolution(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Of a Resolution.")]
    ) -> ResolutionType | None:
        return await info.context.loaders.resolutions.load(row_id("Resolution", id, "id"))

    @query("All resolutions, newest first.")
    async def resolutions(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> ResolutionConnection:
        page = await info.context.reads.resolutions.page(wanted("resolutions", first, after, last, before))
        return connection("resolutions", page, ResolutionType.from_domain)

    @query("Count a resolution again from the record and hold it against its receipt; null when there is none.")
    async def verify_resolution(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Of a Resolution.")]
    ) -> Verification | None:
        found = await info.context.services.receipts.verify(row_id("Resolution", id, "id"))
        return None if found is None else Verification.from_domain(found)


@strawberry.type
class ResolutionSubscriptions:
    @subscription("Every resolution once, in order of seq.")
    async def resolved(
        self,
        info: Info,
        after_seq: Annotated[
            int | None,
            strawberry.argument(description="All after this seq, -1 for all; null: only what is decided from now on."),
        ] = None,
    ) -> AsyncGenerator[ResolutionType]:
        context = info.context
        return events(context, context.services.resolutions.watch(after_seq), ResolutionType.from_domain)
