"""Verbs of twins."""

from typing import Annotated

import strawberry

from resolvers.fields import query
from schema.context import Info
from schema.ids import row_id
from schema.twins import TwinType


@strawberry.type
class TwinQueries:
    @query("A twin; null when there is none. What is private shows to its member only.")
    async def twin(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Of a Twin.")]
    ) -> TwinType | None:
        return await info.context.loaders.twins.load(row_id("Twin", id, "id"))
