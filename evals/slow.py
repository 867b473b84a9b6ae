"""One consumer that does not read for a while, among many that do: what it costs them, the server, and itself.

Its events carry the proposal's whole text, those of the others only the numbers. The kernel holds some megabytes of
them before the server can know that nobody reads.
"""

import asyncio
import time
from collections.abc import Sequence

from domain.tally import Choice
from evals.fanout import CAST, Receipts, casting, delivery, settled, subscribers
from evals.figures import MILLI, Figure, percentile
from evals.listeners import Caller, audience, subscription
from evals.servers import ours
from evals.stock import HANDLE
from evals.system import System, done

MEMBERS, CASTERS = 50, 8
LETTERS = 50_000
WARM_UP = 4
"""Times as long as is measured: until then the process itself still grows."""
WHOLE = "subscription ($id: ID!) { proposalChanged(proposalId: $id) { seq body } }"
GOAL_MB, GOAL_P99_MS = 1.0, 40.0


async def slow(*, healthy: int, seconds: float) -> list[Figure]:
    with ours(members=MEMBERS) as (system, server):
        proposal = await long_proposal(system)
        others, one = [Receipts() for _ in range(healthy)], Receipts()
        watching = subscribers(server, proposal, [each.hear for each in others])
        async with (
            audience(server.port, watching),
            audience(server.port, [(server.tokens[0], subscription(WHOLE, id=proposal), one.hear)]) as [listener],
            casting(server) as callers,
        ):
            answered = await without_pause(callers[:CASTERS], proposal, WARM_UP * seconds)  # everybody reads
            before = server.rss
            listener.transport.pause_reading()
            answered |= await without_pause(callers[:CASTERS], proposal, seconds)
            grown = server.rss - before
            listener.transport.resume_reading()
            await settled([*others, one], max(answered))
    return figures_of(others, one, answered, grown=grown)


async def long_proposal(system: System) -> str:
    """In VOTING."""
    fields = {"title": "Who reads all this?", "body": "word " * (LETTERS // 5), "rules": {"earlyClose": "NEVER"}}
    async with system.client(HANDLE.format(0)) as author:
        made = await done(author, "createProposal CreateProposalInput proposal { id }", **fields)
        for step in ("openProposal", "startVoting"):
            await done(author, f"{step} ProposalIdInput proposal {{ id }}", proposalId=made["proposal"]["id"])
    return str(made["proposal"]["id"])


async def without_pause(callers: Sequence[Caller], proposal: str, seconds: float) -> dict[int, float]:
    """When each ballot was answered, by the seq that it brought."""
    answered: dict[int, float] = {}
    until = time.perf_counter() + seconds

    async def cast(caller: Caller) -> None:
        turn = 0
        while time.perf_counter() < until:
            given = {"proposalId": proposal, "choice": tuple(Choice)[turn % len(Choice)].value}
            payload = (await caller.ask(CAST, **{"in": given}))["castVote"]
            answered[payload["proposal"]["quorum"]["seq"]] = time.perf_counter()
            turn += 1

    await asyncio.gather(*map(cast, callers))
    return answered


def figures_of(others: Sequence[Receipts], one: Receipts, answered: dict[int, float], *, grown: float) -> list[Figure]:
    healthy, paused = delivery(others, answered), delivery([one], answered)
    name = f"a socket that does not read, beside {len(others)}"
    return [
        Figure(f"{name}, theirs: answer to receipt, P50", MILLI * percentile(healthy.late, 50), "ms"),
        Figure(f"{name}, theirs: answer to receipt, P99", MILLI * percentile(healthy.late, 99), "ms", GOAL_P99_MS),
        Figure(f"{name}, theirs: lost, repeated or out of order", healthy.wrong, "messages", 0),
        Figure(f"{name}, RSS grew by", grown, "MB", GOAL_MB),
        Figure(f"{name}, its own: delivered", len(one.events), "messages"),
        Figure(f"{name}, its own: told as skipped", paused.skipped, "messages"),
        Figure(f"{name}, its own: lost, repeated or out of order", paused.wrong, "messages", 0),
    ]
