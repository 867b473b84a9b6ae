"""GET /twin/{uid}/profile: a twin and its member, as the viewer may see them."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from app.container import Container
from app.http.auth import Bearer
from app.http.bodies import Moment, Told, refusals
from app.http.routes import JsonRoute
from domain.errors import BadInput, NotFound
from domain.inputs import check_storable
from domain.members import Member, MemberReads, Role, Viewer
from domain.memories import MemoryFilter
from domain.pages import Slice
from schema.ids import global_id, noun_and_key

Uid = Annotated[str, Path(description="The id of a Twin or of its Member, or the member's handle.", examples=["ana"])]


class CountView(Told):
    """A list of the twin's own, by its length."""

    total_count: int = Field(description="How many it holds.")


class MemberView(Told):
    """A person of the DAO."""

    id: str = Field(description="Opaque and the same for ever.")
    handle: str = Field(description="Unique in the DAO.")
    display_name: str = Field(description="What the member calls itself.")
    role: Role = Field(description="What it may do.")
    weight: int = Field(description="What its vote weighs in proposals that start now: 0 to 1,000,000.")
    joined_at: Moment = Field(description="Its first login.")
    admitted: bool = Field(description="Whether it may open proposals and vote in those that start from now on.")
    active: bool = Field(description="Whether it did anything itself within 90 days.")


class TwinView(Told):
    """A member's digital twin."""

    id: str = Field(description="Opaque and the same for ever.")
    member: MemberView = Field(description="Whose twin it is.")
    memories: CountView | None = Field(description="What it remembers; null for anybody but its member.")
    sessions: CountView | None = Field(description="Its conversations; null for anybody but its member.")


def twin_routes(container: Container) -> APIRouter:
    routes = APIRouter(route_class=JsonRoute, tags=["twins"])
    routes.add_api_route(
        "/twin/{uid}/profile", TwinProfiles(container).profile, responses=refusals(401, 404, 422), methods=["GET"]
    )
    return routes


class TwinProfiles:
    def __init__(self, container: Container) -> None:
        self._container = container

    async def profile(self, uid: Uid, viewer: Bearer) -> TwinView:
        """A twin with its member. How much it remembers shows to its own member only."""
        member = await member_of(self._container.reads.members, uid)
        own = viewer.member_id == member.id
        return TwinView(
            id=global_id("Twin", member.id),
            member=self._told(member),
            memories=await self._memories(viewer) if own else None,
            sessions=await self._sessions(viewer) if own else None,
        )

    def _told(self, member: Member) -> MemberView:
        return MemberView(
            id=global_id("Member", member.id),
            handle=member.handle,
            display_name=member.display_name,
            role=member.role,
            weight=member.weight,
            joined_at=member.joined_at,
            admitted=member.admitted,
            active=member.active(at=self._container.now()),
        )

    async def _memories(self, viewer: Viewer) -> CountView:
        page = await self._container.reads.memories.page(viewer, Slice(size=1), MemoryFilter())
        return CountView(total_count=await page.count())

    async def _sessions(self, viewer: Viewer) -> CountView:
        page = await self._container.reads.chats.page(viewer, Slice(size=1))
        return CountView(total_count=await page.count())


async def member_of(members: MemberReads, uid: str) -> Member:
    """Whose twin is meant. Raises BadInput for the id of something else, NotFound."""
    check_storable(uid, "uid")
    try:
        noun, key = noun_and_key(uid, "uid")
    except BadInput:  # no id, so a handle; no handle looks like an id
        found = await members.by_handle(uid)
    else:
        if noun not in ("Twin", "Member") or not isinstance(key, int):
            raise BadInput(f"uid is the id of a {noun}: give that of a Twin or a Member.", field=("uid",))
        found = (await members.by_ids([key])).get(key)
    if found is None:
        raise NotFound("There is no such twin.", field=("uid",))
    return found
