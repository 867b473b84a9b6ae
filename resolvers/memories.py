"""Verbs of memories."""

from typing import Annotated

import strawberry

from resolvers.commands import once
from resolvers.errors import Refusals
from resolvers.fields import mutation, query
from schema.commands import Given
from schema.context import Info
from schema.ids import row_id
from schema.memories import ForgetMemoryInput, ForgetMemoryPayload, MemoryFilterInput, MemoryHit, MemoryType
from schema.searches import DEFAULT_LIMIT, Limit, Query


@strawberry.type
class MemoryQueries:
    @query(
        "What the viewer's own twin recalls for a query, nearest first: its memories and the DAO's. "
        "Null and FORBIDDEN for another member's twin."
    )
    async def search_memories(
        self,
        info: Info,
        twin_id: Annotated[strawberry.ID, strawberry.argument(description="The viewer's own twin.")],
        query: Query,
        limit: Limit = DEFAULT_LIMIT,
        filter: Annotated[
            MemoryFilterInput | None, strawberry.argument(description="Only memories like these; null: all.")
        ] = None,
    ) -> list[MemoryHit] | None:
        context = info.context
        twin = await context.loaders.twins.load(row_id("Twin", twin_id, "twinId"))
        if twin is None:
            return None
        twin.check_own(context.viewer)
        count = DEFAULT_LIMIT if limit is None else limit
        where = MemoryFilterInput.domain_of(filter)
        found = await context.services.memories.search(context.viewer, query, limit=count, where=where)
        return [MemoryHit(memory=MemoryType.from_domain(memory), score=score) for memory, score in found]


@strawberry.type
class MemoryMutations:
    @mutation("Forget one of the viewer's own memories, in every store.")
    async def forget_memory(self, info: Info, input: Given[ForgetMemoryInput]) -> ForgetMemoryPayload:
        context = info.context
        with Refusals(context, "input") as refused:
            memory_id = row_id("Memory", input.memory_id, "memoryId")
            await context.services.memories.forget(context.viewer, memory_id, once=once(info, input))
            return ForgetMemoryPayload(forgotten_id=input.memory_id)
        return ForgetMemoryPayload(user_errors=refused)
