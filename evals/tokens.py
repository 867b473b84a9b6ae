"""Replies that stream at once: so many twins say ten tokens a second each, and each has one reader.

The tokens are written by the workers' own writer, in the measuring process; a time is from `put` to receipt there.
"""

import asyncio
import json
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adapters.replies.redis import RedisReplies
from adapters.sql.database import Database
from app.settings import Settings
from domain.chats import Sender
from domain.replies import ReplyDone, ReplyToken, ReplyWriter
from domain.transactions import Work
from evals.figures import MILLI, Figure, percentile
from evals.listeners import audience, subscription, undisturbed
from evals.servers import MICRO, Server, ours
from schema.ids import global_id

TOKENS_A_SECOND = 10
TICK, LOOK_SECONDS, SETTLE_SECONDS = 0.001, 0.1, 10.0
GOAL_US, GOAL_P50_MS, GOAL_P99_MS = 35.0, 1.0, 10.0
TOKENS = """subscription ($id: ID!) { chatTokens(replyId: $id) { __typename seq ... on ChatToken { text } } }"""
MEMBERS = 50


@dataclass(slots=True)
class Reply:
    """One reply, when each of its tokens was put, and what its reader received."""

    id: int
    writer: ReplyWriter
    put: list[float] = field(default_factory=list)
    heard: list[tuple[bytes, float]] = field(default_factory=list)

    def say(self) -> None:
        self.writer.put(ReplyToken(word(len(self.put))))
        self.put.append(time.perf_counter())

    def hear(self, message: bytes, at: float) -> None:
        self.heard.append((message, at))

    def events(self) -> list[tuple[dict[str, Any], float]]:
        return [(json.loads(message)["payload"]["data"]["chatTokens"], at) for message, at in self.heard]


async def tokens(*, replies: int, seconds: int) -> list[Figure]:
    with ours(members=MEMBERS) as (system, server):
        settings = Settings(_env_file=None, data_dir=system.data)  # type: ignore[call-arg]  # the plugin does not know it
        database = Database(settings.database)
        try:
            async with RedisReplies(settings.redis, database.chats.ended_events) as streams:
                ids = await database.transact(lambda work: unanswered(work, replies))
                spoken = [Reply(each, (await streams.writer(each))[0]) for each in ids]
                return await heard(server, spoken, seconds=seconds)
        finally:
            await database.close()


def unanswered(work: Work, replies: int) -> list[int]:
    """The ids of so many replies that no worker knows of, shared among the members."""
    now, made = datetime.now(UTC), []
    for number in range(replies):
        session = work.chats.start(1 + number % MEMBERS, f"Measured {number}", at=now)
        made.append(work.chats.add(session.id, Sender.TWIN, "", complete=False, at=now).id)
    return made


async def heard(server: Server, spoken: list[Reply], *, seconds: int) -> list[Figure]:
    """The first token of each is there before its reader, and is not counted."""
    for reply in spoken:
        reply.say()
    readers = [
        (server.tokens[number % MEMBERS], subscription(TOKENS, id=global_id("ChatMessage", reply.id)), reply.hear)
        for number, reply in enumerate(spoken)
    ]
    async with audience(server.port, readers):
        await speak(spoken, 1)  # not counted: it warms up
        idle = await cpu_of(server, asyncio.sleep(1))
        with undisturbed():
            taken = await cpu_of(server, speak(spoken, seconds))
        for reply in spoken:
            reply.writer.put(ReplyDone())
        await settled(spoken)
    return figures_of(spoken, seconds, cpu=taken - idle * seconds)


async def cpu_of(server: Server, done: Coroutine[None, None, None]) -> float:
    """Seconds of processor time that the server took meanwhile."""
    before = server.cpu
    await done
    return server.cpu - before


async def speak(spoken: list[Reply], seconds: int) -> None:
    """Each in its turn, evenly over time."""
    start, said, total = time.perf_counter(), 0, len(spoken) * TOKENS_A_SECOND * seconds
    while said < total:
        due = int((time.perf_counter() - start) / seconds * total)
        while said < min(due, total):
            spoken[said % len(spoken)].say()
            said += 1
        await asyncio.sleep(TICK)


async def settled(spoken: list[Reply]) -> None:
    """Until everybody has heard the end, or for SETTLE_SECONDS."""
    for _ in range(int(SETTLE_SECONDS / LOOK_SECONDS)):
        if all(b"ChatDone" in reply.heard[-1][0] for reply in spoken):
            return
        await asyncio.sleep(LOOK_SECONDS)


def figures_of(spoken: list[Reply], seconds: int, *, cpu: float) -> list[Figure]:
    late: list[float] = []
    wrong = merged = 0
    for reply in spoken:
        events = reply.events()
        wrong += [event["seq"] for event, _ in events] != list(range(len(events)))
        wrong += "".join(event.get("text", "") for event, _ in events) != "".join(map(word, range(len(reply.put))))
        wrong += events[-1][0]["__typename"] != "ChatDone"
        counted = len(reply.put) - TOKENS_A_SECOND * seconds
        said = 0
        for event, at in events[:-1]:
            words = event["text"].count(" ")
            late += [at - put for put in reply.put[max(said, counted) : said + words]]
            said, merged = said + words, merged + words - 1
    name = f"{len(spoken)} replies, {TOKENS_A_SECOND} tokens a second each"
    return [
        Figure(f"{name}, API's CPU a token", MICRO * cpu / len(late), "us", GOAL_US),
        Figure(f"{name}, put to receipt, P50", MILLI * percentile(late, 50), "ms", GOAL_P50_MS),
        Figure(f"{name}, put to receipt, P99", MILLI * percentile(late, 99), "ms", GOAL_P99_MS),
        Figure(f"{name}, merged with the one before", merged, "tokens"),
        Figure(f"{name}, with a gap, a repeat or no end", wrong, "replies", 0),
    ]


def word(number: int) -> str:
    return f" token{number}"
