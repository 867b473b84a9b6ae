"""One case: a system under load, one fault of one engine, and what clients and stores say of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.sql.clock import database_clock
from adapters.sql.proposals import ProposalRow
from adapters.sql.resolutions import ResolutionRow
from app.demo.client import RequestRefused
from evals.crashes.answers import found_again
from evals.crashes.differences import counted
from evals.crashes.quiet import quiet
from evals.crashes.record import Record
from evals.crashes.system import hasten
from evals.faults.callers import Caller
from evals.faults.diary import Diary
from evals.faults.load import SINGLES, Load, hasty
from evals.faults.system import WELL, System

MEMBERS = 5
BEFORE_SECONDS, MOST_BEFORE_SECONDS = 4.0, 60.0
RECOVERY_SECONDS = 15.0
WATCHED_SECONDS = 60.0
"""How long a system that does not recover in time is watched: the report says what it lacks."""
END_SECONDS, QUIET_SECONDS, LOOK_SECONDS = 30.0, 30.0, 120.0
SOON = timedelta(seconds=1)
LATE_SECONDS = 5.0
"""How long after its end a vote may be decided on two busy cores, while the database answers."""
DATABASES = ("postgres", "files")
PANICKING = ("neo4j",)
"""Engines that do not write again after their disk was full until an operator restarts them."""
DELAY_SECONDS = 0.2
"""What a slow wire adds to each answer of an engine."""
DESPAIR = ("Traceback", "never awaited", "cannot schedule new futures", "Task exception was never retrieved")


@dataclass(frozen=True, slots=True)
class Case:
    """`fault` is one of FAULTS; `slack` is the diary's."""

    engine: str
    fault: str
    seconds: float
    slack: float = 1.0

    def __str__(self) -> str:
        return f"{self.engine} {self.fault} {self.seconds:g} s"


@dataclass
class Result:
    """`recovered` and `stopped` in seconds; None: not in the time that it was watched."""

    case: Case
    diary: Diary
    acknowledged: int = 0
    served_after: float = 0.0
    """Seconds from the end of the fault to the engine's first answer."""
    recovered: float | None = None
    stopped: float | None = None
    differences: int | None = None
    late: float = 0.0
    """Seconds from the end of a vote to its decision, the longest."""
    times: dict[str, float] = field(default_factory=dict)
    """Seconds from the engine's first answer, by what clients do."""
    wrong: list[str] = field(default_factory=list)


@asynccontextmanager
async def faulty(system: System, case: Case) -> AsyncIterator[None]:
    """The engine is ill inside; afterwards it answers again."""
    world, server = system.world, system.world.servers.get(case.engine)
    call = asyncio.to_thread
    match case.fault:
        case "slow":
            world.proxies[case.engine].delay = DELAY_SECONDS
            yield
            world.proxies[case.engine].delay = 0.0
            return
        case "full":
            with world.full(case.engine):
                yield
            if server is not None and case.engine in PANICKING:
                await call(server.stop)
        case "pause" | "stop":
            assert server is not None
            await call(server.pause)
            yield
        case "kill":
            assert server is not None
            await call(server.kill)
            yield
        case "restart":
            assert server is not None
            await call(server.stop)
            yield
        case _:
            raise ValueError(f"There is no fault {case.fault}.")
    if server is not None:
        await call(server.revive)


async def tried(system: System, case: Case, number: int) -> Result:
    """The system is left running."""
    result = Result(case, Diary(case.slack))
    began = await system.reader(database_clock)
    async with AsyncExitStack() as stack:
        handles = [f"member-{each}" for each in range(MEMBERS)]
        callers = [
            await stack.enter_async_context(
                Caller(handle, system.urls, system.token(handle), result.diary, prefix=f"{number}")
            )
            for handle in handles
        ]
        until_soon = partial(hasty, lambda: hasten(system.writer, SOON))
        load = Load(callers, system.urls, result.diary, hasten=until_soon, name=f"{number}")
        load.start()
        try:
            await warmed(result.diary)
            await (ended_while_ill if case.fault == "stop" else disturbed)(system, case, result, load)
        finally:
            result.wrong += await load.end(END_SECONDS * case.slack)
        result.wrong += dict.fromkeys(result.diary.wrong)
        result.acknowledged = load.record.acknowledged
        result.wrong += await settled(system, QUIET_SECONDS * case.slack)
        result.wrong += await lost(system, load.record, handles)
    await punctual(system, result, began)
    return result


async def lost(system: System, record: Record, handles: list[str]) -> list[str]:
    """What was acknowledged and is not found again."""
    wrong: list[str] = []
    try:
        async with system.members(handles) as members, asyncio.timeout(LOOK_SECONDS):
            async for each in found_again(record, members):
                wrong.append(each)
    except (TimeoutError, RequestRefused) as error:
        wrong.append(f"looking for what was acknowledged ended with {type(error).__name__}: {error}")
    return wrong


async def warmed(diary: Diary) -> None:
    """Until everything works. Engines that nobody has used yet may be slow at first."""
    began = time.monotonic()
    while time.monotonic() < began + MOST_BEFORE_SECONDS * diary.slack:
        await asyncio.sleep(0.5)
        if time.monotonic() > began + BEFORE_SECONDS and diary.well_since(began) is not None:
            break
    else:
        diary.wrong.append(f"before the fault these did not work: {', '.join(diary.waiting(began))}")


async def ended_while_ill(system: System, case: Case, result: Result, load: Load) -> None:
    """SIGTERM to all while the engine is silent and clients wait; then all is started again."""
    async with faulty(system, case):
        await asyncio.sleep(case.seconds)
        load.abandon()
        await stopped(system, result)
    answered = time.monotonic()
    system.start()
    await system.until_ready()
    result.recovered = time.monotonic() - answered
    await load.hasten()  # votes whose clients went away before their end was near


async def disturbed(system: System, case: Case, result: Result, _load: Load) -> None:
    ended = 0.0
    async with faulty(system, case):
        await asyncio.sleep(case.seconds)
        ended = time.monotonic()
    answered = time.monotonic()
    result.served_after = answered - ended
    while time.monotonic() < answered + WATCHED_SECONDS * case.slack and result.recovered is None:
        await asyncio.sleep(0.2)
        result.recovered = result.diary.well_since(answered)
    if result.recovered is None:
        lack = ", ".join(result.diary.waiting(answered)) or "something failed again and again"
        result.wrong.append(f"not well {time.monotonic() - answered:.0f} s after the engine answered: {lack}")
    elif result.recovered > RECOVERY_SECONDS * case.slack:
        result.wrong.append(f"recovered after {result.recovered:.1f} s")
    result.times = result.diary.times(answered)
    result.wrong += system.dead()


async def settled(system: System, seconds: float) -> list[str]:
    """What is left undone, or decided twice, when all has come to rest."""
    left = await quiet(system.reader, seconds=seconds)
    return left + await system.reader(resolved_twice)


def resolved_twice(session: Session) -> list[str]:
    proposals = list(session.scalars(select(col(ResolutionRow.proposal_id))))
    return [f"proposal {each} has two resolutions" for each in set(proposals) if proposals.count(each) > 1]


async def punctual(system: System, result: Result, began: datetime) -> None:
    """A deadline waits for nothing but the database."""

    def latest(session: Session) -> float:
        ends = select(col(ResolutionRow.decided_at), col(ProposalRow.ends_at))
        ended = ends.join(ProposalRow, col(ProposalRow.id) == col(ResolutionRow.proposal_id))
        rows = session.execute(ended.where(col(ResolutionRow.decided_at) > began))
        return max(((decided - end).total_seconds() for decided, end in rows if end is not None), default=0.0)

    case, late = result.case, max(0.0, await system.reader(latest))
    away = case.seconds + result.served_after + RECOVERY_SECONDS if case.engine in DATABASES else 0.0
    if late > (LATE_SECONDS + away) * case.slack:
        result.wrong.append(f"a vote was decided {late:.1f} s after its end")
    result.late = late


async def reconciled(system: System, result: Result) -> None:
    """As an operator would: what `frontier reconcile --dry-run` counts."""
    counts = counted(*await system.command("reconcile", "--dry-run"))
    if isinstance(counts, str):
        result.wrong.append(counts)
        return
    result.differences = sum(each.left for each in counts.values())
    if result.differences:
        result.wrong.append(f"reconciliation counts {counts}")


async def stopped(system: System, result: Result) -> None:
    """SIGTERM to all: they end in time, with nothing on their lips."""
    before = system.log_ends()
    ends = await system.stop()
    result.stopped = max(result.stopped or 0.0, *(seconds for seconds, _ in ends.values()))
    result.wrong += [
        f"{name} ended with {code} after {seconds:.1f} s" for name, (seconds, code) in ends.items() if code not in WELL
    ]
    result.wrong += system.logged(*DESPAIR, since=before)


def slowest(result: Result) -> float:
    return result.diary.slowest(singles=SINGLES)
