"""What every bus promises, and what Redis' one holds when its connection dies."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from adapters.bus.redis import RedisBus
from adapters.embedded.falkordb import free_port

SOON, NEVER = 5.0, 0.1


@pytest.fixture
async def bus(any_redis: str) -> AsyncIterator[RedisBus]:
    async with RedisBus(any_redis) as bus:
        yield bus


@pytest.fixture
async def admin(any_redis: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(any_redis) as client:
        yield client


async def kill_subscribers(admin: Redis) -> None:
    await admin.client_kill_filter(_type="pubsub")


async def test_a_hint_is_heard_by_every_listener_of_its_topic(bus: RedisBus, any_redis: str) -> None:
    async with RedisBus(any_redis) as other, bus.listen("a") as one, bus.listen("a") as two, other.listen("a") as far:
        await bus.publish(["a"])
        assert [await listener.wait(SOON) for listener in (one, two, far)] == [True, True, True]


async def test_other_topics_are_not_heard(bus: RedisBus) -> None:
    async with bus.listen("a") as listener:
        await bus.publish(["b", "c"])
        assert not await listener.wait(NEVER)


async def test_hints_before_joining_are_not_heard(bus: RedisBus) -> None:
    await bus.publish(["a"])
    async with bus.listen("a") as listener:
        assert not await listener.wait(NEVER)


async def test_many_hints_are_one(bus: RedisBus) -> None:
    async with bus.listen("a") as listener, bus.listen("end") as end:
        for _ in range(20):
            await bus.publish(["a"])
        await bus.publish(["end"])
        assert await end.wait(SOON)
        assert [await listener.wait(NEVER), await listener.wait(NEVER)] == [True, False]


async def test_joining_means_that_the_next_hint_is_heard(bus: RedisBus, any_redis: str) -> None:
    async with RedisBus(any_redis) as other:
        for number in range(200):
            async with bus.listen(f"join-{number % 3}") as listener:
                await other.publish([f"join-{number % 3}"])
                assert await listener.wait(SOON)


async def test_announcing_needs_no_waiting(bus: RedisBus) -> None:
    async with bus.listen("a") as one, bus.listen("b") as two:
        bus.announce(["a"])
        bus.announce(["a", "b"])
        assert [await one.wait(SOON), await two.wait(SOON)] == [True, True]


async def test_what_was_announced_is_sent_before_closing(bus: RedisBus, any_redis: str) -> None:
    async with bus.listen("last") as listener:
        async with RedisBus(any_redis) as other:
            other.announce(["last"])
        assert await listener.wait(SOON)


async def test_a_lost_connection_makes_every_listener_read_again(bus: RedisBus, admin: Redis) -> None:
    async with bus.listen("a") as one, bus.listen("b") as two:
        for _ in range(3):
            await kill_subscribers(admin)
            assert [await one.wait(SOON), await two.wait(SOON)] == [True, True]
        await bus.publish(["a"])
        assert [await one.wait(SOON), await two.wait(NEVER)] == [True, False]


async def test_joiners_during_a_lost_connection_hear_too(bus: RedisBus, admin: Redis) -> None:
    async def join(number: int) -> bool:
        async with bus.listen(f"joiner-{number}") as listener:
            await bus.publish([f"joiner-{number}"])
            return await listener.wait(SOON)

    joiners = [asyncio.create_task(join(number)) for number in range(200)]
    for _ in range(4):
        await kill_subscribers(admin)
        await asyncio.sleep(0.01)
    assert await asyncio.gather(*joiners) == [True] * 200


async def test_ten_thousand_listens_leave_nothing(bus: RedisBus, admin: Redis) -> None:
    async def listen(number: int) -> None:
        async with bus.listen(f"leak-{number % 700}"):
            pass

    for start in range(0, 10_000, 500):
        await asyncio.gather(*(listen(start + number) for number in range(500)))
    async with bus.listen("after"):
        assert [name async for name in channels(admin, "hint:leak-*")] == []
    gc.collect()
    assert not bus._subscriptions._channels.keys() - {"hint:after"}
    assert len(asyncio.all_tasks()) < 10


async def channels(admin: Redis, pattern: str) -> AsyncIterator[str]:
    for _ in range(50):  # the last UNSUBSCRIBE may still be on its way
        names: list[bytes] = await admin.pubsub_channels(pattern)
        if not names:
            return
        await asyncio.sleep(0.02)
    for name in names:
        yield name.decode()


async def test_without_redis_publishing_and_listening_go_on(caplog: pytest.LogCaptureFixture) -> None:
    async with RedisBus(f"redis://127.0.0.1:{free_port()}/0") as bus:
        for _ in range(3):
            await bus.publish(["a"])
        async with bus.listen("a") as listener:
            assert not await listener.wait(NEVER)
    assert [record.message.split(":")[0] for record in caplog.records if "not sent" in record.message] == [
        "Hints are not sent while Redis is away"
    ]
