"""Ballots over HTTP: so many members at once, each on a keep-alive connection of its own.

Members cast round by round: all send together, and the next round begins when all are answered. Or they cast without
pause: each sends its next ballot as soon as its last is committed. Or so, but each on another proposal than the others.
Rounds after a proposal's first are changes of mind. The proposals do not close early, so that voting goes on. A time is
that of one request, its wait in line included.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle

from app.demo.client import Client
from domain.tally import Choice
from evals.figures import Figure, spread
from evals.listeners import Caller
from evals.system import NotMeasured, System, done, running

GOALS_MS = {"sqlite": 120.0, "postgresql": 200.0}
"""Of the P95, by the database."""
CAST = """mutation ($in: CastVoteInput!) { castVote(input: $in) {
  vote { choice weight } proposal { status } userErrors { code message } } }"""
VOTERS = "query ($id: ID!) { proposal(id: $id) { quorum { voters } } }"
CHOICES = tuple(Choice)


class Caster(Caller):
    """Spoken by hand: a client library's work would take the server's cores and count."""

    async def cast(self, proposal: str, choice: Choice) -> float:
        """Seconds until the answer is here. Raises NotMeasured for a ballot that was not counted."""
        request = self.request(CAST, **{"in": {"proposalId": proposal, "choice": choice.value}})
        began = time.perf_counter()
        answer = await self.send(request)
        taken = time.perf_counter() - began
        if b'"userErrors":[]' not in answer.replace(b" ", b""):
            raise NotMeasured(f"A ballot was refused: {answer.decode()}")
        return taken


async def in_rounds(casters: Sequence[Caster], proposals: Sequence[str], rounds: int) -> list[float]:
    """Seconds of each ballot."""
    return flat([await one_round(casters, proposal, turn) for proposal in proposals for turn in range(rounds)])


async def one_round(casters: Sequence[Caster], proposal: str, turn: int) -> list[float]:
    casts = (caster.cast(proposal, choice_of(member, turn)) for member, caster in enumerate(casters))
    return await asyncio.gather(*casts)


async def without_pause(casters: Sequence[Caster], proposals: Sequence[str], rounds: int) -> list[float]:
    async def cast(member: int, caster: Caster, proposal: str) -> list[float]:
        return [await caster.cast(proposal, choice_of(member, turn)) for turn in range(rounds)]

    taken: list[float] = []
    for proposal in proposals:
        casts = (cast(member, caster, proposal) for member, caster in enumerate(casters))
        taken += flat(await asyncio.gather(*casts))
    return taken


async def spread_out(casters: Sequence[Caster], proposals: Sequence[str], rounds: int) -> list[float]:
    async def cast(member: int, caster: Caster) -> list[float]:
        each = [(proposals[(member + turn) % len(proposals)], turn) for turn in range(rounds * len(proposals))]
        return [await caster.cast(proposal, choice_of(member, turn)) for proposal, turn in each]

    return flat(await asyncio.gather(*(cast(member, caster) for member, caster in enumerate(casters))))


def choice_of(member: int, turn: int) -> Choice:
    """Another one in each turn."""
    return CHOICES[(member + turn) % len(CHOICES)]


def flat[T](parts: Iterable[Iterable[T]]) -> list[T]:
    return [each for part in parts for each in part]


@dataclass(frozen=True, slots=True)
class Way:
    """How all cast, on how many proposals."""

    name: str
    cast: Callable[[Sequence[Caster], Sequence[str], int], Awaitable[list[float]]]
    proposals: int
    rounds: int


async def ballots(*, casters: int, proposals: int, rounds: int, database: str = "") -> list[Figure]:
    """Of SQLite, unless `database` is the URL of another that is empty."""
    ways = (
        Way("in rounds", in_rounds, proposals, rounds),
        Way("without pause", without_pause, proposals, rounds),
        Way(f"spread over {casters} proposals", spread_out, casters, 1),
    )
    with running(DATABASE_URL=database) as system:
        async with seated(system, casters) as members, connected(system, casters) as lines:
            authors = cycle(members)  # each may have three proposals under way
            await in_rounds(lines, [await put_to_the_vote(next(authors), "Shall we begin?")], 2)  # to warm up
            goal = GOALS_MS[(database or "sqlite").partition("+")[0]]
            return flat([await measured(way, authors, lines, goal) for way in ways])


async def measured(way: Way, authors: Iterator[Client], lines: Sequence[Caster], goal: float) -> list[Figure]:
    asked = [await put_to_the_vote(next(authors), f"{way.name}, number {number}") for number in range(way.proposals)]
    began = time.perf_counter()
    taken = await way.cast(lines, asked, way.rounds)
    elapsed = time.perf_counter() - began
    for proposal in asked:
        await check_voters(next(authors), proposal, len(lines))
    name = f"{len(lines)} members {way.name}"
    rate = Figure(f"{name}, ballots", len(taken) / elapsed, "a second")
    return [rate, *spread(f"{name}, request to commit", taken, goal=goal)]


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
