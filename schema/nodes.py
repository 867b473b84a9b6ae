"""What every noun with an id shares."""

from collections.abc import Awaitable

import strawberry

from domain.errors import NotFound


@strawberry.interface(name="Node", description="Anything with an id of its own.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque and the same for ever; `node` finds it again.")


async def present[T](wanted: Awaitable[T | None]) -> T:
    """What a field that is never null refers to. Raises NotFound when it went while it was being read."""
    found = await wanted
    if found is None:
        raise NotFound("What this refers to is gone: read the list again.")
    return found
