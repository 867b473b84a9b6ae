"""Ballots over HTTP: so many members at once, each on a keep-alive connection of its own.

Members cast round by round: all send together, and the next round begins when all are answered. Or they cast without
pause: each sends its next ballot as soon as its last is committed. Rounds after a proposal's first are changes of mind.
The proposals do not close early, so that voting goes on. A time is that of one request, its wait in line included.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle
from typing import Self

from app.demo.client import Client
from domain.tally import Choice
from evals.figures import Figure, spread
from evals.system import NotMeasured, System, done, running

GOAL_MS = 200.0
CAST = """mutation ($in: CastVoteInput!) { castVote(input: $in) {
  vote { choice weight } proposal { status } userErrors { code message } } }"""
VOTERS = "query ($id: ID!) { proposal(id: $id) { quorum { voters } } }"
CHOICES = tuple(Choice)


class Caster:
    """One HTTP/1.1 connection, spoken by hand: a client library's work would take the server's cores and count."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._head = (
            f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        )

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def cast(self, proposal: str, choice: Choice) -> float:
        """Seconds until the answer is here. Raises NotMeasured for a ballot that was not counted."""
        body = json.dumps({"query": CAST, "variables": {"in": {"proposalId": proposal, "choice": choice.value}}})
        request = f"{self._head}{len(body)}\r\n\r\n{body}".encode()
        if self._reader.at_eof():  # the server ends a connection that was idle for five seconds
            await self.__aexit__()
            await self.__aenter__()
        began = time.perf_counter()
        self._writer.write(request)
        answer = await self._answer()
        taken = time.perf_counter() - began
        if b'"userErrors":[]' not in answer.replace(b" ", b""):
            raise NotMeasured(f"A ballot was refused: {answer.decode()}")
        return taken

    async def _answer(self) -> bytes:
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        return await self._reader.readexactly(length)


async def in_rounds(casters: Sequence[Caster], proposal: str, rounds: int) -> list[float]:
    """Seconds of each ballot."""
    taken: list[float] = []
    for turn in range(rounds):
        taken += await asyncio.gather(
            *(caster.cast(proposal, choice_of(member, turn)) for member, caster in enumerate(casters))
        )
    return taken


async def without_pause(casters: Sequence[Caster], proposal: str, rounds: int) -> list[float]:
    async def cast(member: int, caster: Caster) -> list[float]:
        return [await caster.cast(proposal, choice_of(member, turn)) for turn in range(rounds)]

    return flat(await asyncio.gather(*(cast(member, caster) for member, caster in enumerate(casters))))


def choice_of(member: int, turn: int) -> Choice:
    """Another one in each turn."""
    return CHOICES[(member + turn) % len(CHOICES)]


def flat(parts: Iterable[list[float]]) -> list[float]:
    return [each for part in parts for each in part]


async def ballots(*, casters: int, proposals: int, rounds: int) -> list[Figure]:
    with running() as system:
        async with seated(system, casters) as members, connected(system, casters) as lines:
            await in_rounds(lines, await put_to_the_vote(members[0], "Shall we begin?"), 2)  # not counted: it warms up
            figures = []
            for way in (in_rounds, without_pause):
                asked = [
                    await put_to_the_vote(author, f"{way.__name__} of {number}")
                    for number, author in zip(range(proposals), cycle(members[1:]), strict=False)
                ]  # a member may have three under way
                began = time.perf_counter()
                taken = flat([await way(lines, proposal, rounds) for proposal in asked])
                elapsed = time.perf_counter() - began
                name = f"{casters} members {way.__name__.replace('_', ' ')}"
                figures.append(Figure(f"{name}, ballots", len(taken) / elapsed, "a second"))
                figures += spread(f"{name}, request to commit", taken, goal=GOAL_MS)
                for proposal in asked:
                    await check_voters(members[0], proposal, casters)
            return figures


@asynccontextmanager
async def seated(system: System, count: int) -> AsyncIterator[list[Client]]:
    """Members with a weight each, which they have from their first login on."""
    async with AsyncExitStack() as stack:
        members = [await stack.enter_async_context(system.client(f"caster-{number}")) for number in range(count)]
        for member in members:
            await member.ask("{ viewer { id } }")
        yield members


@asynccontextmanager
async def connected(system: System, count: int) -> AsyncIterator[list[Caster]]:
    async with AsyncExitStack() as stack:
        casters = [Caster(system.port, system.token(f"caster-{number}")) for number in range(count)]
        yield [await stack.enter_async_context(caster) for caster in casters]


async def put_to_the_vote(author: Client, title: str, **rules: str | int) -> str:
    """The id of a proposal in VOTING. Its rules are the DAO's but for those given; without any, it stays open."""
    fields = {"title": title, "body": "For measuring.", "rules": rules or {"earlyClose": "NEVER"}}
    made = await done(author, "createProposal CreateProposalInput proposal { id }", **fields)
    proposal = str(made["proposal"]["id"])
    for step in ("openProposal", "startVoting"):
        await done(author, f"{step} ProposalIdInput proposal {{ id }}", proposalId=proposal)
    return proposal


async def check_voters(member: Client, proposal: str, count: int) -> None:
    """Raises NotMeasured unless each member counts once."""
    found = (await member.ask(VOTERS, id=proposal))["proposal"]["quorum"]["voters"]
    if found != count:
        raise NotMeasured(f"{found} of {count} members were counted.")
