"""One seed: members at work, processes that die, quiet, and a look at everything."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from evals.crashes.answers import found_again
from evals.crashes.load import Load
from evals.crashes.members import Member
from evals.crashes.quiet import quiet
from evals.crashes.record import Record
from evals.crashes.stores import stores
from evals.crashes.system import System

MEMBERS = 7
KILL_SECONDS = 4.0
"""Within which the first deaths come."""
ENDING = timedelta(seconds=2)
LONGEST_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Seed:
    """What one of them found."""

    number: int
    record: Record
    deaths: list[str]
    wrong: list[str]
    seconds: float

    def __str__(self) -> str:
        deaths = ", ".join(self.deaths) or "not at all"
        return (
            f"seed {self.number}: {self.seconds:.1f} s, {self.record.acknowledged} acknowledged, "
            f"died {deaths}; {len(self.wrong) or 'nothing'} wrong"
        )


async def tried(system: System, number: int) -> Seed:
    began = time.monotonic()
    chance = random.Random(number)  # noqa: S311  # dice
    system.begin(number)
    before = [len(part.deaths) for part in system.parts]
    async with members_of(system, number, chance) as members:
        known = await stores(system)  # what an earlier seed left is told once
        load = Load(list(members.values()), chance, seed=number, hasten=lambda: system.hasten(ENDING))
        wrong: list[str] = []
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await disturbed(system, load, chance)
                await system.until_ready()
                await system.hasten(ENDING)
                wrong += await quiet(system.reader)
                system.abandoned |= load.abandoned
                wrong += load.record.wrong + [each for each in await stores(system) if each not in known]
                wrong += [each async for each in found_again(load.record, members)]
                wrong += await system.differences()
        except Exception as error:  # noqa: BLE001  # whatever a client meets is a finding
            wrong.append(f"{type(error).__name__}: {error}")
    for part in system.parts:
        wrong += part.unexpected
        part.unexpected.clear()
    deaths = [death for part, had in zip(system.parts, before, strict=True) for death in part.deaths[had:]]
    return Seed(number, load.record, deaths, wrong, time.monotonic() - began)


async def lost_since(system: System, records: list[Record]) -> list[str]:
    """What earlier seeds found and later ones lost."""
    async with members_of(system, 0, random.Random(0)) as members:  # noqa: S311  # dice
        return [each for record in records async for each in found_again(record, members)]


async def disturbed(system: System, load: Load, chance: random.Random) -> None:
    """The load, while parts of the system die; what starts meanwhile is told to crash."""
    system.arming = True
    killing = asyncio.create_task(kill(system, chance))
    try:
        await load.run()
        await killing
    finally:
        killing.cancel()
        system.arming = False


async def kill(system: System, chance: random.Random) -> None:
    """Mostly one of them: starting again is what a seed costs."""
    victims = chance.sample(system.parts, chance.choice([1, 1, len(system.parts)]))
    for part in victims:
        await asyncio.sleep(chance.random() * KILL_SECONDS / len(victims))
        part.kill()


@asynccontextmanager
async def members_of(system: System, seed: int, chance: random.Random) -> AsyncIterator[dict[str, Member]]:
    async with AsyncExitStack() as stack:
        handles = [f"member-{number}" for number in range(MEMBERS)]
        clients = [await stack.enter_async_context(system.client(handle)) for handle in handles]
        members = {
            handle: Member(handle, client, random.Random(chance.random()), seed=seed)  # noqa: S311  # dice
            for handle, client in zip(handles, clients, strict=True)
        }
        await asyncio.gather(*(member.ask("{ viewer { id } }") for member in members.values()))
        yield members
