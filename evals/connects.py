"""Sockets that come, subscribe, hear the present state and are gone without a word, thousands of times."""

import asyncio
import os

from redis.asyncio import Redis

from app.settings import Settings
from evals.ballots import put_to_the_vote
from evals.fanout import QUORUM
from evals.figures import Figure
from evals.listeners import listening, subscription
from evals.servers import Server, ours
from evals.stock import HANDLE

MEMBERS = 50
AT_ONCE = 50
PAGE = "{ members(first: 100) { nodes { id } } }"
REST_SECONDS = 2.0
"""Until the last of them are noticed, and what they held is given back."""
GOAL_MB = 2.0


async def connects(*, warm_up: int, cycles: int) -> list[Figure]:
    """The memory at the end is flat if it is what it was when the same had been done before."""
    with ours(members=MEMBERS) as (system, server):
        async with system.client(HANDLE.format(0)) as author:
            operation = subscription(QUORUM, id=await put_to_the_vote(author, "Who comes and goes?"))
            await asyncio.gather(*(author.ask(PAGE) for _ in range(AT_ONCE)))  # each thread that reads opens its file
        settings = Settings(_env_file=None, data_dir=system.data)  # type: ignore[call-arg]  # pydantic-settings takes it
        await come_and_go(server, operation, warm_up)
        before, files = server.rss, files_of(server)
        await come_and_go(server, operation, cycles)
        name = f"{cycles:,} sockets came and went after {warm_up:,}"
        return [
            Figure(f"{name}, RSS before", before, "MB"),
            Figure(f"{name}, RSS grew by", server.rss - before, "MB", GOAL_MB),
            Figure(f"{name}, subscriptions left", await subscriptions(settings), "channels", 0),
            Figure(f"{name}, files left open", files_of(server) - files, "files", 0),
        ]


async def come_and_go(server: Server, operation: bytes, cycles: int) -> None:
    turns = iter(range(cycles))

    async def one_after_another() -> None:
        for turn in turns:
            listener = await listening(
                server.port, server.tokens[turn % MEMBERS], operation, lambda _message, _at: None
            )
            await listener.first()
            listener.transport.abort()

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    await asyncio.sleep(REST_SECONDS)


def files_of(server: Server) -> int:
    return len(os.listdir(f"/proc/{server.pid}/fd"))


async def subscriptions(settings: Settings) -> int:
    """Channels of proposals that any process still hears."""
    async with Redis.from_url(settings.redis) as redis:
        return len(await redis.pubsub_channels("hint:proposal:*"))
