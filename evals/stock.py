"""A stock Strawberry server to measure beside ours: `python -m evals.stock PORT MEMBERS`.

FastAPI with strawberry.fastapi.GraphQLRouter on uvicorn, all as they come but for its log of requests and starts: ours
has none either. It asks and answers what ours does, from dictionaries: it signs, stores and counts nothing.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import strawberry
import uvicorn
from fastapi import FastAPI
from strawberry.fastapi import GraphQLRouter

HANDLE = "member-{}"


@strawberry.type
class Member:
    id: strawberry.ID
    handle: str
    display_name: str
    joined_at: datetime


@strawberry.type
class MemberConnection:
    nodes: list[Member]


@strawberry.enum
class Choice(Enum):
    FOR = "FOR"
    AGAINST = "AGAINST"
    ABSTAIN = "ABSTAIN"


@strawberry.type
class QuorumState:
    seq: int
    eligible_weight: int
    for_weight: int | None
    against_weight: int | None
    abstain_weight: int | None
    participating_weight: int
    participation: float
    support: float | None
    quorum_reached: bool
    majority_reached: bool | None
    decided: bool | None
    voters: int
    as_of: datetime


@strawberry.type
class Proposal:
    quorum: QuorumState


@strawberry.type
class UserError:
    message: str


@strawberry.type
class CastVotePayload:
    proposal: Proposal
    user_errors: list[UserError]


@strawberry.input
class CastVoteInput:
    proposal_id: strawberry.ID
    choice: Choice


MEMBERS: dict[str, Member] = {}
"""By token, which is the handle."""
STATES: dict[str, QuorumState] = {}
QUEUES: dict[str, set[asyncio.Queue[QuorumState]]] = {}


def state_of(proposal: str) -> QuorumState:
    if proposal not in STATES:
        STATES[proposal] = QuorumState(
            seq=0,
            eligible_weight=len(MEMBERS),
            for_weight=0,
            against_weight=0,
            abstain_weight=0,
            participating_weight=0,
            participation=0.0,
            support=0.0,
            quorum_reached=False,
            majority_reached=False,
            decided=False,
            voters=0,
            as_of=datetime.now(UTC),
        )
    return STATES[proposal]


def bearer(authorization: str) -> Member:
    """Raises PermissionError."""
    member = MEMBERS.get(authorization.removeprefix("Bearer "))
    if member is None:
        raise PermissionError("Send a token.")
    return member


def of_request(info: strawberry.Info) -> Member:
    return bearer(info.context["request"].headers.get("authorization", ""))


@strawberry.type
class Query:
    @strawberry.field
    async def viewer(self, info: strawberry.Info) -> Member:
        return of_request(info)

    @strawberry.field
    async def members(self, info: strawberry.Info, first: int) -> MemberConnection:
        of_request(info)
        return MemberConnection(nodes=list(MEMBERS.values())[:first])


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def cast_vote(self, info: strawberry.Info, input: CastVoteInput) -> CastVotePayload:
        of_request(info)
        before = state_of(input.proposal_id)
        voters = min(before.voters + 1, before.eligible_weight)
        after = STATES[input.proposal_id] = replace(
            before,
            seq=before.seq + 1,
            voters=voters,
            for_weight=voters,
            participating_weight=voters,
            participation=voters / before.eligible_weight,
            as_of=datetime.now(UTC),
        )
        for queue in QUEUES.get(input.proposal_id, ()):
            queue.put_nowait(after)
        return CastVotePayload(proposal=Proposal(quorum=after), user_errors=[])


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def quorum(self, info: strawberry.Info, proposal_id: strawberry.ID) -> AsyncGenerator[QuorumState]:
        bearer(info.context["connection_params"]["authorization"])
        queue: asyncio.Queue[QuorumState] = asyncio.Queue()
        QUEUES.setdefault(proposal_id, set()).add(queue)
        try:
            yield state_of(proposal_id)
            while True:
                yield await queue.get()
        finally:
            QUEUES[proposal_id].discard(queue)


def app(members: int) -> FastAPI:
    now = datetime.now(UTC)
    for handle in map(HANDLE.format, range(members)):
        MEMBERS[handle] = Member(id=strawberry.ID(handle), handle=handle, display_name=handle.title(), joined_at=now)
    made = FastAPI()
    router: GraphQLRouter[Any, None] = GraphQLRouter(strawberry.Schema(Query, Mutation, Subscription))
    made.include_router(router, prefix="/graphql")
    return made


if __name__ == "__main__":
    uvicorn.run(app(int(sys.argv[2])), port=int(sys.argv[1]), access_log=False, log_level="warning")
