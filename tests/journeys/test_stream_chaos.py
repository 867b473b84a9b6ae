"""Streams while everything that carries them breaks: nobody sees a gap or a repeat, and everybody reaches the end.

Two processes serve one database. Their way to Redis loses publications and lets others overtake; the connections on
which they hear are killed; one of them is killed itself.
"""

import asyncio
import json
import os
import random
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from redis.asyncio import Redis
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from adapters.auth.local import LocalTokens
from adapters.embedded.falkordb import free_port
from adapters.sql import migrations
from app.demo.client import Client
from schema.ids import row_id
from tests.journeys.asking import REPLY, chat, mutate
from tests.journeys.authors import TEXT, settings
from tests.journeys.lossy import lossy

pytestmark = pytest.mark.asyncio(loop_scope="module")

GUARD_SECONDS = 90
REPLIES, FOLLOWERS = 40, 5
WATCHERS, VOTERS, ROUNDS = 100, 12, 5
DROPS = 0.04
"""How many of the events are the last on their connection."""
DECISIONS, FEW_LAST = 12, 0.25
"""The latter as DROPS, of events that are few."""
RESOLVED = "subscription ($after: Int) { resolved(afterSeq: $after) { seq proposal { id } } }"
QUORUM = "subscription ($id: ID!) { quorum(proposalId: $id) { seq voters } }"
CHOICES = ("FOR", "AGAINST", "ABSTAIN")


class Api:
    """One process that serves; it hears over a way to Redis of its own."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.port = free_port()
        self._folder = folder
        self._redis_url = redis_url

    async def start(self) -> None:
        graph_url = self._redis_url.replace("redis://", "falkordb://").removesuffix("/0")
        urls = {"REDIS_URL": self._redis_url, "GRAPH_URL": graph_url, "MEMORY_URL": graph_url}
        command = [sys.executable, "-m", "app.cli", "api", "--data-dir", str(self._folder), "--port", str(self.port)]
        self.process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **urls})
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(10 * GUARD_SECONDS):
                if await is_ready(client, self.port):
                    return
                await asyncio.sleep(0.1)
        raise AssertionError("The API did not start.")

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        self.process.terminate()
        await self.process.wait()


async def is_ready(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/health/ready")).is_success
    except httpx.HTTPError:
        return False


@dataclass(frozen=True, slots=True)
class Stage:
    """Two processes on one database, and the way past them."""

    folder: Path
    redis_url: str
    apis: list[Api]
    admin: Redis
    chance: random.Random

    def token(self, handle: str) -> str:
        return LocalTokens(self.folder / "token.key").issue(handle)

    def client(self, handle: str) -> Client:
        return Client(f"http://127.0.0.1:{self.apis[0].port}", self.token(handle))

    async def vandalise(self, stored: list[int]) -> None:
        """For ever: kill what the processes hear on, and delete streams of replies that are stored."""
        while True:
            await asyncio.sleep(0.8)
            await self.admin.client_kill_filter(_type="pubsub")
            if stored and self.chance.random() < 0.7:
                await self.admin.delete(f"reply:{self.chance.choice(stored)}")

    async def events(self, handle: str, query: str, **variables: object) -> AsyncGenerator[dict[str, Any]]:
        """The payloads of a subscription on either process, as far as the connection lasts."""
        token, port = self.token(handle), self.chance.choice(self.apis).port
        hello = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
        asked = {"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables}}
        with suppress(OSError, EOFError, WebSocketException):
            address = f"ws://127.0.0.1:{port}/graphql"
            async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as connection:
                for message in (hello, asked):
                    await connection.send(json.dumps(message))
                async for frame in connection:
                    message = json.loads(frame)
                    if message["type"] == "next":
                        yield message["payload"]
                    elif message["type"] != "connection_ack":
                        assert message["type"] == "complete", message
                        return
        await asyncio.sleep(0.05)

    def drops(self) -> bool:
        return self.chance.random() < DROPS


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder, chance = tmp_path_factory.mktemp("chaos"), random.Random(11)  # noqa: S311  # a test's dice
    await migrations.upgrade(settings(folder, redis_url).database)
    async with (
        Redis.from_url(redis_url) as admin,
        lossy(redis_url, chance) as one_way,
        lossy(redis_url, chance) as other_way,
    ):
        apis = [Api(folder, one_way), Api(folder, other_way)]
        await asyncio.gather(*(api.start() for api in apis))
        try:
            yield Stage(folder, redis_url, apis, admin, chance)
        finally:
            await asyncio.gather(*(api.stop() for api in apis))


async def test_replies_are_followed_to_their_end_whatever_breaks(stage: Stage) -> None:
    """Followers drop off and resume on the other process, the worker dies in the middle and again after its commits, a
    process dies, and streams are gone as soon as their replies are stored."""
    async with stage.client("chaotic") as client, asyncio.timeout(GUARD_SECONDS):
        ids = [await asked(client) for _ in range(REPLIES)]
        stored: list[int] = []
        async with vandalised(stage, stored):
            seen, _ = await asyncio.gather(
                asyncio.gather(*(follow(stage, each, late=2.0 * turn) for each in ids for turn in range(FOLLOWERS))),
                break_down(stage, [row_id("ChatMessage", each) for each in ids], stored),
            )
    for number in range(REPLIES):
        first, *others = seen[number * FOLLOWERS : (number + 1) * FOLLOWERS]
        assert [event["seq"] for event in first] == list(range(len(first)))
        assert "".join(event.get("text", "") for event in first) == TEXT
        assert first[-1]["__typename"] == "ChatDone"
        assert others == [first] * len(others)
    await until_nobody_listens(stage.admin)


@asynccontextmanager
async def vandalised(stage: Stage, stored: list[int] | None = None) -> AsyncIterator[None]:
    """Raises what ended the vandal, as nobody else would notice."""
    vandal = asyncio.create_task(stage.vandalise([] if stored is None else stored))
    try:
        yield
    finally:
        vandal.cancel()
    with suppress(asyncio.CancelledError):
        await vandal


async def asked(client: Client) -> str:
    """The id of a reply that nobody writes yet."""
    sent = await mutate(client, "sendMessage", "replyId", sessionId=await chat(client), text="Count, please.")
    reply: str = sent["replyId"]
    return reply


async def follow(stage: Stage, reply: str, *, late: float) -> list[dict[str, Any]]:
    """What a client has that drops off and comes back until it has heard the end."""
    await asyncio.sleep(stage.chance.random() * late)
    have: list[dict[str, Any]] = []
    while not have or have[-1]["__typename"] != "ChatDone":
        after = have[-1]["seq"] if have else -1
        async with aclosing(stage.events("chaotic", REPLY, id=reply, after=after)) as payloads:
            async for payload in payloads:
                have.append(payload["data"]["chatTokens"])
                if stage.drops():
                    break
    return have


async def break_down(stage: Stage, ids: list[int], stored: list[int]) -> None:
    """A worker dies in the middle, one when it has stored everything, and while that writes, one of the processes."""
    async with worker(stage, ids):
        await until_all_have_begun(stage.admin)
        await asyncio.sleep(0.7)
    async with worker(stage, ids) as lines:
        await stage.apis[1].kill()
        again = asyncio.create_task(stage.apis[1].start())
        while len(stored) < REPLIES:
            stored.append(int(await lines.readline()))
    await again


async def until_all_have_begun(admin: Redis) -> None:
    for _ in range(10 * GUARD_SECONDS):
        if len(await admin.keys("reply:*")) == REPLIES:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("The worker did not start.")


@asynccontextmanager
async def worker(stage: Stage, ids: list[int]) -> AsyncIterator[asyncio.StreamReader]:
    """What it says; killed at the end."""
    command = [sys.executable, "-m", "tests.journeys.authors", str(stage.folder), stage.redis_url, *map(str, ids)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.kill()
        await process.wait()


async def until_nobody_listens(admin: Redis) -> None:
    """Every subscription was taken back."""
    for _ in range(100):
        if not (left := [*await admin.pubsub_channels("reply:*"), *await admin.pubsub_channels("hint:proposal:*")]):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"Nobody is there, and these are still heard: {left}")


async def test_states_rise_and_everybody_sees_the_newest_whatever_breaks(stage: Stage) -> None:
    """Watchers come, drop off and come back on the other process while ballots change what they watch."""
    async with AsyncExitStack() as stack, asyncio.timeout(GUARD_SECONDS):
        voters = [await stack.enter_async_context(stage.client(f"voter-{number}")) for number in range(VOTERS)]
        for voter in voters:
            await voter.ask("{ viewer { id } }")
        proposal, before = await put_to_the_vote(voters[0])
        newest = before + VOTERS * ROUNDS
        async with vandalised(stage):
            watching = (watch(stage, proposal, newest) for _ in range(WATCHERS))
            *_, last = await asyncio.gather(*watching, vote(voters, proposal, stage.chance))
    assert last == newest
    await until_nobody_listens(stage.admin)


async def test_decisions_are_heard_once_and_in_order_whatever_breaks(stage: Stage) -> None:
    """Followers drop off and resume behind the last decision that they heard, on either process."""
    async with AsyncExitStack() as stack, asyncio.timeout(GUARD_SECONDS):
        voters = [await stack.enter_async_context(stage.client(f"voter-{number}")) for number in range(VOTERS)]
        for voter in voters:
            await voter.ask("{ viewer { id } }")
        async with vandalised(stage):
            hearing = asyncio.gather(*(hear(stage) for _ in range(WATCHERS)))
            decided = [await decide(voters) for _ in range(DECISIONS)]
            heard = await hearing
    assert heard == [list(enumerate(decided))] * WATCHERS


async def hear(stage: Stage) -> list[tuple[int, str]]:
    """Seq and proposal of each decision."""
    have: list[tuple[int, str]] = []
    while len(have) < DECISIONS:
        after = have[-1][0] if have else -1
        async with aclosing(stage.events("watcher", RESOLVED, after=after)) as payloads:
            async for payload in payloads:
                event = payload["data"]["resolved"]
                have.append((event["seq"], event["proposal"]["id"]))
                if stage.chance.random() < FEW_LAST or len(have) == DECISIONS:
                    break
    return have


async def decide(voters: list[Client]) -> str:
    """The id of a proposal that passes."""
    proposal, _ = await put_to_the_vote(voters[0], "ON_QUORUM")
    for voter in voters:
        cast = await mutate(voter, "castVote", "proposal { status }", proposalId=proposal, choice="FOR")
        if cast["proposal"]["status"] == "PASSED":
            return proposal
    raise AssertionError("Everybody voted for it, and it did not pass.")


async def put_to_the_vote(author: Client, early_close: str = "NEVER") -> tuple[str, int]:
    """Its id, and its seq before the first ballot."""
    fields = {"title": f"Hold? {uuid4()}", "body": "Whatever breaks.", "rules": {"earlyClose": early_close}}
    proposal: str = (await mutate(author, "createProposal", "proposal { id }", **fields))["proposal"]["id"]
    await mutate(author, "openProposal", "proposal { id }", proposalId=proposal)
    started = await mutate(author, "startVoting", "proposal { seq }", proposalId=proposal)
    return proposal, started["proposal"]["seq"]


async def vote(voters: list[Client], proposal: str, chance: random.Random) -> int:
    """Members change their minds; the seq of the last ballot."""
    seq = 0
    for turn in range(VOTERS * ROUNDS):
        voter, choice = voters[turn % VOTERS], CHOICES[turn // VOTERS % len(CHOICES)]
        cast = await mutate(voter, "castVote", "proposal { quorum { seq } }", proposalId=proposal, choice=choice)
        assert cast["proposal"]["quorum"]["seq"] > seq
        seq = cast["proposal"]["quorum"]["seq"]
        await asyncio.sleep(chance.random() * 0.1)
    return seq


async def watch(stage: Stage, proposal: str, newest: int) -> None:
    """On each connection states rise by one and by what was told as skipped, up to the newest of all."""
    await asyncio.sleep(stage.chance.random() * 3)
    last = 0
    while last < newest:
        here: int | None = None
        async with aclosing(stage.events("watcher", QUORUM, id=proposal)) as payloads:
            async for payload in payloads:
                seq, skipped = payload["data"]["quorum"]["seq"], payload.get("extensions", {}).get("skipped", 0)
                assert here is None or seq == here + 1 + skipped
                here = last = seq
                if stage.drops() or last == newest:
                    break
    assert last == newest
