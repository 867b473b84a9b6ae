"""What several wait for at once: who gives up ends nobody else's wait."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from resolvers.snapshot.loaders import once
from schema.loading import Loader

type Ask = Callable[[], Awaitable[int]]


def loaded() -> Ask:
    async def load(keys: list[str]) -> list[int | BaseException]:
        await asyncio.sleep(0.01)
        return [len(key) for key in keys]

    loader = Loader(load)
    return lambda: loader.load("seven77")


def asked_once() -> Ask:
    async def ask() -> int:
        await asyncio.sleep(0.01)
        return 7

    return once(ask)


@pytest.mark.parametrize("asking", [loaded, asked_once])
@pytest.mark.parametrize("leaves", [0, 1])
async def test_who_gives_up_waiting_ends_nobody_elses_wait(asking: Callable[[], Ask], leaves: int) -> None:
    ask = asking()

    async def wait() -> int:
        return await ask()

    waiting = [asyncio.create_task(wait()) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[leaves].cancel()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(found.pop(leaves), asyncio.CancelledError)
    assert [*found, await ask()] == [7, 7]
