"""Any noun by its id."""

from asyncio import gather
from typing import Annotated, Any

import strawberry

from domain.errors import BadInput
from resolvers.fields import query
from schema.context import Info
from schema.ids import noun_and_key
from schema.loaders import Loaders
from schema.loading import Loader
from schema.nodes import Node

MOST = 100


@strawberry.type
class NodeQueries:
    @query("Any node; null when there is none or the viewer may not see it.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Of any node.")]
    ) -> Node | None:
        return await loaded(info.context.loaders, id, "id")

    @query("Many nodes in the order of their ids, each null when there is none; what is no id is its place's error.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description=f"At most {MOST}.")],
    ) -> list[Node | None]:
        if len(ids) > MOST:
            raise BadInput(f"Give at most {MOST} ids.", field=("ids",))
        loading = [loaded(info.context.loaders, id, "ids", str(at)) for at, id in enumerate(ids)]
        found: list[Any] = await gather(*loading, return_exceptions=True)  # an item's error leaves the others alone
        return found


async def loaded(loaders: Loaders, given: str, *field: str) -> Node | None:
    """Raises BadInput."""
    noun, key = noun_and_key(given, *field)
    by_noun: dict[str, Loader[Any, Any]] = {
        "Member": loaders.members,
        "Twin": loaders.twins,
        "Memory": loaders.memories,
        "Fact": loaders.facts,
        "PolicyTopic": loaders.topics,
        "Document": loaders.documents,
        "ChatSession": loaders.sessions,
        "ChatMessage": loaders.messages,
        "Proposal": loaders.proposals,
        "Vote": loaders.votes,
        "Resolution": loaders.resolutions,
        "Policy": loaders.policies,
        "Delegation": loaders.delegations,
        "AuditEntry": loaders.audits,
        "DeadLetter": loaders.dead_letters,
        "Dao": loaders.daos,
    }
    node: Node | None = await by_noun[noun].load(key)
    return node
