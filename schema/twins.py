"""Digital twins. A twin has its member's key."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.errors import Forbidden
from domain.members import Viewer
from schema.chats import ChatSessionConnection, ChatSessionType
from schema.context import Info
from schema.fields import field
from schema.ids import global_id
from schema.memories import MemoryConnection, MemoryFilterInput, MemoryType
from schema.nodes import Node, present
from schema.pages import After, Before, First, Last, connection, wanted

if TYPE_CHECKING:
    from schema.members import MemberType


@strawberry.type(
    name="Twin", description="A member's digital twin: it remembers what the member gave it and answers the member."
)
class TwinType(Node):
    key: strawberry.Private[int]

    @field("Whose twin it is.")
    async def member(self, info: Info) -> Annotated["MemberType", strawberry.lazy("schema.members")]:
        return await present(info.context.loaders.members.load(self.key))

    @field("What the twin remembers, newest first; null and FORBIDDEN for anybody but its member.")
    async def memories(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            MemoryFilterInput | None, strawberry.argument(description="Only memories like these; null: all.")
        ] = None,
    ) -> MemoryConnection | None:
        self.check_own(info.context.viewer)
        where = MemoryFilterInput.domain_of(filter)
        page = await info.context.reads.memories.page(
            info.context.viewer, wanted("memories", first, after, last, before), where
        )
        return connection("memories", page, MemoryType.from_domain)

    @field("Its conversations, newest first; null and FORBIDDEN for anybody but its member.")
    async def sessions(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> ChatSessionConnection | None:
        self.check_own(info.context.viewer)
        page = await info.context.reads.chats.page(info.context.viewer, wanted("sessions", first, after, last, before))
        return connection("sessions", page, ChatSessionType.from_domain)

    def check_own(self, viewer: Viewer) -> None:
        """Raises Forbidden: nobody, ADMIN included, reads another member's memories or chats."""
        if viewer.member_id != self.key:
            raise Forbidden("Only its own member may read a twin's memories and chats.")

    @classmethod
    def of(cls, member_id: int) -> "TwinType":
        return cls(id=global_id("Twin", member_id), key=member_id)
