"""Replies in chaos."""

import asyncio
import random
from contextlib import AsyncExitStack, aclosing

from redis.asyncio import Redis

from adapters.replies.redis import RedisReplies
from domain.replies import (
    ReplyDone,
    ReplyToken,
    Sequenced,
    load,
)
from tests.contracts.replies.following import IDLE, Record, new_id, text_of


async def test_nothing_is_lost_or_repeated_in_chaos(any_redis: str, record: Record, admin: Redis) -> None:
    """100 followers on 20 replies and three processes, who drop off and resume elsewhere, join early, late and after
    the end, while connections are killed, streams deleted, and writers die before and after their commit."""
    chance = random.Random(7)  # noqa: S311  # a test's dice
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(RedisReplies(any_redis, record.ended, idle_seconds=IDLE)) for _ in range(3)
        ]
        chaos = Chaos(processes, record, admin, chance)
        ids = [new_id() for _ in range(20)]
        async with asyncio.timeout(60):
            vandal = asyncio.create_task(chaos.vandalise(ids))
            seen = await asyncio.gather(
                *(chaos.follower(reply_id) for reply_id in ids for _ in range(5)),
                *(chaos.author(reply_id, number) for number, reply_id in enumerate(ids)),
            )
            vandal.cancel()
    for number, reply_id in enumerate(ids):
        whole = load(record.lists[reply_id])
        assert text_of(whole) == "".join(f"{n} " for n in range(40))
        assert seen[number * 5 : number * 5 + 5] == [whole] * 5


class Chaos:
    def __init__(self, processes: list[RedisReplies], record: Record, admin: Redis, chance: random.Random) -> None:
        self.processes = processes
        self.record = record
        self.admin = admin
        self.chance = chance

    async def follower(self, reply_id: int) -> list[Sequenced]:
        """Joins at any time and drops off at random; what it has is what a client would have."""
        await asyncio.sleep(self.chance.choice([0, self.chance.random(), 3]))
        have: list[Sequenced] = []
        while not have or not isinstance(have[-1].event, ReplyDone):
            process = self.chance.choice(self.processes)
            async with aclosing(process.follow(reply_id, after_seq=len(have) - 1)) as events:
                async for each in events:
                    have.append(each)
                    if self.chance.random() < 0.05:
                        break
        return have

    async def author(self, reply_id: int, number: int) -> list[Sequenced]:
        """Attempts, each in another process, until one has committed; a third of them dies right after that."""
        await asyncio.sleep(self.chance.random())
        while True:
            writer, left = await self.chance.choice(self.processes).writer(reply_id)
            written = text_of(left)
            for n in range(len(written.split()), 40):
                if self.chance.random() < 0.02:
                    break  # this attempt is dead; what it had put may or may not have gone out
                writer.put(ReplyToken(f"{n} "))
                await asyncio.sleep(self.chance.random() * 0.04)
            else:
                self.record.keep(reply_id, await writer.flushed())
                if number % 3:
                    writer.put(ReplyDone())
                    await writer.flushed()
                return []
            await writer.flushed()

    async def vandalise(self, ids: list[int]) -> None:
        while True:
            await asyncio.sleep(0.15)
            await self.admin.client_kill_filter(_type="pubsub")
            done = [reply_id for reply_id in ids if reply_id in self.record.lists]
            if done and self.chance.random() < 0.7:
                await self.admin.delete(f"reply:{self.chance.choice(done)}")
