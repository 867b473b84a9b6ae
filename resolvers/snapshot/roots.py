"""The hub's queries. There are no mutations: nothing is written here."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from domain.errors import BadInput, NotFound
from domain.public import VoteField, Window
from resolvers.snapshot.conditions import conditions, id_of
from resolvers.snapshot.limits import check_limits, spend, window
from resolvers.snapshot.meanings import PROPOSAL_ORDERS, PROPOSALS, VOTE_ORDERS, VOTES, of_space
from schema.snapshot.context import Info
from schema.snapshot.fields import field
from schema.snapshot.limits import MAX_SPACES_IN, MAX_SPACES_SKIP
from schema.snapshot.proposals import ProposalType
from schema.snapshot.scalars import SPACE_ID, seconds
from schema.snapshot.spaces import Space
from schema.snapshot.votes import Follow, VoteType, Vp
from schema.snapshot.where import FollowWhere, OrderDirection, ProposalWhere, SpaceWhere, VoteWhere

DEFAULT_FIRST = 20

OrderBy = Annotated[str | None, strawberry.argument(name="orderBy")]
Direction = Annotated[OrderDirection | None, strawberry.argument(name="orderDirection")]


@strawberry.type(name="Query", description="What Snapshot's hub answers, of this DAO. Anybody may ask.")
class SnapshotQuery:
    @field("The DAO by its id.")
    async def space(self, info: Info, id: str) -> Space | None:
        spend(info, 1)
        return await info.context.space() if id == SPACE_ID else None

    @field("The one space there is, if it is as asked.")
    async def spaces(
        self,
        info: Info,
        first: int = DEFAULT_FIRST,
        skip: int = 0,
        where: SpaceWhere | None = UNSET,
        order_by: OrderBy = UNSET,
        order_direction: Direction = UNSET,
    ) -> list[Space | None] | None:
        check_limits(first, skip, where, skips=MAX_SPACES_SKIP)
        spend(info, 1)
        space = await info.context.space()
        found = conditions(where, of_space(space, seconds(await info.context.founded_at()))) is not None
        return [space] if found and first and not skip else []

    @field("A proposal by its id.")
    async def proposal(self, info: Info, id: str) -> ProposalType | None:
        spend(info, 1)
        row = id_of("Proposal")(id)
        shown = await info.context.proposals(row) if row else None
        return ProposalType.of(shown, await info.context.space(), info.context) if shown else None

    @field("Proposals; at most 1,000, the newest first unless asked otherwise.")
    async def proposals(
        self,
        info: Info,
        first: int = DEFAULT_FIRST,
        skip: int = 0,
        where: ProposalWhere | None = UNSET,
        order_by: OrderBy = UNSET,
        order_direction: Direction = UNSET,
    ) -> list[ProposalType | None] | None:
        check_limits(first, skip, where, space_in=MAX_SPACES_IN)
        spend(info, first)
        asked = conditions(where, PROPOSALS)
        if asked is None:
            return []
        wanted = window(first, skip, order=order_by, direction=order_direction, orders=PROPOSAL_ORDERS)
        space = await info.context.space()
        found = await info.context.public.proposals(asked, wanted)
        return [ProposalType.of(shown, space, info.context) for shown in found]

    @field("A vote by its id.")
    async def vote(self, info: Info, id: str) -> VoteType | None:
        found = await found_votes(info, VoteWhere(id=id), window(1, 0, orders=VOTE_ORDERS))
        return found[0] if found else None

    @field("Votes; at most 1,000, the newest first unless asked otherwise.")
    async def votes(
        self,
        info: Info,
        first: int = DEFAULT_FIRST,
        skip: int = 0,
        where: VoteWhere | None = UNSET,
        order_by: OrderBy = UNSET,
        order_direction: Direction = UNSET,
    ) -> list[VoteType | None] | None:
        check_limits(first, skip, where)
        wanted = window(first, skip, order=order_by, direction=order_direction, orders=VOTE_ORDERS)
        return [*await found_votes(info, where, wanted)]

    @field("A member's weight: for a proposal put to the vote with what others gave it, frozen; else its own now.")
    async def vp(self, info: Info, voter: str, space: str, proposal: str | None = UNSET) -> Vp | None:
        if not voter:
            raise BadInput("invalid address: give the voter's id", field=("voter",))
        if not proposal and space != SPACE_ID:
            raise NotFound("space not found", field=("space",))
        member, row = id_of("Member")(voter), id_of("Proposal")(proposal) if proposal else None
        shown = await info.context.proposals(row) if row else None
        if proposal and not shown:
            raise NotFound("proposal not found", field=("proposal",))
        public, frozen = info.context.public, shown.proposal if shown and shown.proposal.starts_at else None
        weight = 0
        if member:
            weight = await (public.frozen_power(frozen.id, member) if frozen else public.weight(member))
        return Vp(vp=float(weight), vp_by_strategy=[float(weight)], vp_state="final" if frozen else "pending")

    @field("Empty: nobody follows a DAO here.")
    async def follows(
        self,
        info: Info,
        first: int = DEFAULT_FIRST,
        skip: int = 0,
        where: FollowWhere | None = UNSET,
        order_by: OrderBy = UNSET,
        order_direction: Direction = UNSET,
    ) -> list[Follow | None] | None:
        check_limits(first, skip, where)
        return []


async def found_votes(info: Info, where: VoteWhere | None, wanted: Window[VoteField]) -> list[VoteType]:
    spend(info, wanted.first)
    asked = conditions(where, VOTES)
    if asked is None:
        return []
    space = await info.context.space()
    return [VoteType.of(vote, space) for vote in await info.context.public.votes(asked, wanted)]
