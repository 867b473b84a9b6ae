"""One ballot told to hundreds of sockets, by ours and by the stock server.

Each of so many sockets subscribes `quorum` of one proposal; then ballots are cast one after the other. The same ballots
are cast beforehand without sockets: what they took then is not counted. A socket has all if its events begin with the
present state, rise, and say of each state that they left out that it was left out.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from domain.tally import Choice
from evals.ballots import put_to_the_vote
from evals.figures import MILLI, Figure, percentile
from evals.listeners import Caller, Hear, audience, subscription, undisturbed
from evals.servers import MICRO, Server, ours, stock
from evals.stock import HANDLE

MEMBERS = 50
PAUSE, SETTLE_SECONDS = 0.1, 10.0
GOAL_US, GOAL_P99_MS = 20.0, 40.0
QUORUM = """subscription ($id: ID!) { quorum(proposalId: $id) { seq eligibleWeight forWeight againstWeight abstainWeight
  participatingWeight participation support quorumReached majorityReached decided voters asOf } }"""
CAST = (
    """mutation ($in: CastVoteInput!) { castVote(input: $in) { proposal { quorum { seq } } userErrors { message } } }"""
)


@dataclass(slots=True)
class Receipts:
    """What one socket received, and when."""

    events: list[tuple[bytes, float]] = field(default_factory=list)

    def hear(self, message: bytes, at: float) -> None:
        self.events.append((message, at))

    def read(self) -> list["Receipt"]:
        return [receipt_of(json.loads(message)["payload"], at) for message, at in self.events]


@dataclass(frozen=True, slots=True)
class Receipt:
    seq: int
    skipped: int
    at: float


def receipt_of(payload: dict[str, Any], at: float) -> Receipt:
    [state] = payload["data"].values()
    return Receipt(state["seq"], payload.get("extensions", {}).get("skipped", 0), at)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of the ballots: seconds from each one's answer to each receipt, and how many receipts were told as
    skipped, or are missing, repeated or out of order without a word."""

    late: list[float]
    skipped: int
    wrong: int


async def fanout(*, sockets: int, ballots: int) -> list[Figure]:
    with ours(members=MEMBERS) as (system, mine), stock(members=MEMBERS) as other:
        async with system.client(HANDLE.format(0)) as author:
            proposals = [await put_to_the_vote(author, f"Who hears of it? {number}") for number in range(3)]
        figures = await told(mine, proposals, sockets=sockets, ballots=ballots)
        return figures + await told(other, proposals, sockets=sockets, ballots=ballots)


async def told(server: Server, proposals: Sequence[str], *, sockets: int, ballots: int) -> list[Figure]:
    """Ballots that warm up, then those without and those with sockets."""
    async with casting(server) as callers:
        await cast(callers, proposals[0], ballots, pause=0)
        before = server.cpu
        await cast(callers, proposals[1], ballots)
        alone, receipts = server.cpu - before, [Receipts() for _ in range(sockets)]
        async with audience(server.port, subscribers(server, proposals[2], [each.hear for each in receipts])):
            before = server.cpu
            with undisturbed():
                answered = await cast(callers, proposals[2], ballots)
            await settled(receipts, max(answered))
            taken = server.cpu - before
    found = delivery(receipts, answered)
    name, is_ours = f"{ballots} ballots to {sockets} sockets{server.label}", not server.label
    return [
        Figure(f"{name}, CPU a message", MICRO * (taken - alone) / len(found.late), "us", GOAL_US if is_ours else None),
        Figure(f"{name}, answer to receipt, P50", MILLI * percentile(found.late, 50), "ms"),
        Figure(
            f"{name}, answer to receipt, P99",
            MILLI * percentile(found.late, 99),
            "ms",
            GOAL_P99_MS if is_ours else None,
        ),
        Figure(f"{name}, told as skipped", found.skipped, "messages"),
        Figure(f"{name}, lost, repeated or out of order", found.wrong, "messages", 0 if is_ours else None),
    ]


@asynccontextmanager
async def casting(server: Server) -> AsyncIterator[list[Caller]]:
    callers = [Caller(server.port, token) for token in server.tokens]
    for caller in callers:
        await caller.__aenter__()
    try:
        yield callers
    finally:
        for caller in callers:
            await caller.__aexit__()


async def cast(callers: Sequence[Caller], proposal: str, ballots: int, *, pause: float = PAUSE) -> dict[int, float]:
    """When each ballot was answered, by the seq that it brought. `pause` is from one to the next, in seconds."""
    answered: dict[int, float] = {}
    start = time.perf_counter()
    for number in range(ballots):
        await asyncio.sleep(max(0.0, start + number * pause - time.perf_counter()))
        choice = tuple(Choice)[number // len(callers) % len(Choice)]
        given = {"proposalId": proposal, "choice": choice.value}
        payload = (await callers[number % len(callers)].ask(CAST, **{"in": given}))["castVote"]
        answered[payload["proposal"]["quorum"]["seq"]] = time.perf_counter()
    return answered


def subscribers(server: Server, proposal: str, hearing: Sequence[Hear]) -> list[tuple[str, bytes, Hear]]:
    """So many sockets, shared among the members."""
    operation = subscription(QUORUM, id=proposal)
    return [(server.tokens[number % MEMBERS], operation, hear) for number, hear in enumerate(hearing)]


async def settled(receipts: Sequence[Receipts], last: int) -> None:
    """Until everybody has heard of the last state, or for SETTLE_SECONDS."""
    until = time.perf_counter() + SETTLE_SECONDS
    waiting = list(receipts)
    while waiting and time.perf_counter() < until:
        await asyncio.sleep(0.1)
        waiting = [each for each in waiting if each.read()[-1].seq < last]


def delivery(receipts: Sequence[Receipts], answered: dict[int, float]) -> Delivery:
    late: list[float] = []
    skipped = wrong = 0
    for each in receipts:
        first, *rest = each.read()
        seq = first.seq
        for one in rest:
            wrong += one.seq != seq + 1 + one.skipped
            skipped += one.skipped
            seq = one.seq
            if one.seq in answered:
                late.append(one.at - answered[one.seq])
        wrong += max(answered) - seq
    return Delivery(late, skipped, wrong)
