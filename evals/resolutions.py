"""From the deciding ballot to a subscriber; from the end of voting to its resolution."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.demo.client import Client
from domain.tally import Choice
from evals.ballots import Caster, connected, put_to_the_vote, seated
from evals.figures import Figure, spread
from evals.system import running

VOTERS, DECIDING = 10, 6
"""Of ten weights of 1, six FOR reach 60 % quorum and 66 % majority."""
GOAL_MS = 1000.0
HEAR_SECONDS = 30.0
SHORTEST_MINUTES = 5
RESOLVED = "subscription { resolved(afterSeq: -1) { decidedAt proposal { id votingEndsAt } } }"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A resolution as it reached the subscriber; `at` by the performance counter."""

    at: float
    now: datetime
    decided_at: datetime
    voting_ends_at: datetime


type Heard = defaultdict[str, asyncio.Future[Arrival]]
"""By the proposal's id."""


async def resolutions(*, decisions: int) -> list[Figure]:
    with running() as system:
        async with (
            seated(system, VOTERS) as members,
            connected(system, DECIDING) as casters,
            hearing(members[-1]) as heard,
        ):
            pairs = [await decided(members[0], casters, heard, number) for number in range(decisions + 1)][1:]
    return [
        *spread("deciding ballot sent to `resolved` frame", [sent for sent, _ in pairs], goal=GOAL_MS),
        *spread("deciding ballot answered to `resolved` frame", [answered for _, answered in pairs]),
    ]


async def decided(author: Client, casters: list[Caster], heard: Heard, number: int) -> tuple[float, float]:
    """Seconds from sending the deciding ballot, and from its answer, to the frame: below 0 if the frame was first."""
    proposal = await put_to_the_vote(author, f"Shall we decide? {number}", votingMinutes=60)
    for caster in casters[:-1]:
        await caster.cast(proposal, Choice.FOR)
    began = time.perf_counter()
    taken = await casters[-1].cast(proposal, Choice.FOR)
    arrival = await asyncio.wait_for(heard[proposal], HEAR_SECONDS)
    return arrival.at - began, arrival.at - began - taken


async def deadlines(*, proposals: int) -> list[Figure]:
    """How late the deferred job resolves what nobody decided: by the server's clock, and at a subscriber."""
    with running() as system:
        async with seated(system, 1) as (author,), hearing(author) as heard:
            asked = [
                await put_to_the_vote(author, f"Who is late? {number}", votingMinutes=SHORTEST_MINUTES)
                for number in range(proposals)
            ]
            async with asyncio.timeout(60 * SHORTEST_MINUTES + HEAR_SECONDS + 60):
                heard_of = [await heard[proposal] for proposal in asked]
    decided = [(each.decided_at - each.voting_ends_at).total_seconds() for each in heard_of]
    arrived = [(each.now - each.voting_ends_at).total_seconds() for each in heard_of]
    return [*spread("end of voting to decidedAt", decided), *spread("end of voting to `resolved` frame", arrived)]


@asynccontextmanager
async def hearing(member: Client) -> AsyncIterator[Heard]:
    """One subscriber that hears every resolution, on a socket of its own."""
    heard: Heard = defaultdict(asyncio.get_running_loop().create_future)

    async def listen() -> None:
        async with aclosing(member.subscribe(RESOLVED)) as events:
            async for event in events:
                resolution = event["resolved"]
                heard[resolution["proposal"]["id"]].set_result(arrival_of(resolution))

    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(listen())
        yield heard
        listening.cancel()


def arrival_of(resolution: dict[str, Any]) -> Arrival:
    decided_at, ends_at = resolution["decidedAt"], resolution["proposal"]["votingEndsAt"]
    return Arrival(
        time.perf_counter(), datetime.now(UTC), datetime.fromisoformat(decided_at), datetime.fromisoformat(ends_at)
    )
