"""Fencing: of all attempts of a job only the one that owns it changes anything, whatever the others still believe."""

import asyncio
import os
import time
from uuid import uuid4

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.sql.engine import is_sqlite
from adapters.sql.outbox import SqlOutbox, check_owned
from adapters.sql.topics import SqlTopics, TopicRow
from domain.fences import Fenced, under
from domain.outbox import OutboxEntry
from evals.hall import Hall, hall
from tests.contracts.sql.conftest import Databases
from tests.contracts.sql.times import Clock

LEASE = 30.0
EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "20"))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), st.just(0)),
        st.tuples(st.sampled_from(["write", "write", "done", "retry", "beat"]), st.integers(1, 6)),
    ),
    max_size=25,
)


class Attempts:
    """One job, all attempts of it so far, and the rule in plain words: `owner` writes, nobody else."""

    def __init__(self, database: Hall, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.outbox = SqlOutbox(database.reader, database.writer, clock)
        self.entries: dict[int, OutboxEntry] = {}
        self.ended = False
        self.written: list[str] = []

    @property
    def owner(self) -> int | None:
        return None if self.ended else max(self.entries, default=None)

    async def claim(self) -> None:
        """After every lease that may be held."""
        self.clock.forward(seconds=2 * LEASE)
        for entry in await self.outbox.claim(limit=1, lease_seconds=LEASE):
            self.entries[entry.attempt] = entry

    async def write(self, attempt: int) -> None:
        title = f"Of attempt {attempt}, number {len(self.written)}"
        if attempt == self.owner:
            await written(self.database, self.entries[attempt], title)
            self.written.append(title)
        else:
            with pytest.raises(Fenced):
                await written(self.database, self.entries[attempt], title)

    async def step(self, name: str, attempt: int) -> None:
        if name == "claim":
            await self.claim()
        elif attempt in self.entries:
            entry = self.entries[attempt]
            match name:
                case "write":
                    await self.write(attempt)
                case "beat":
                    assert await self.outbox.beat(entry, LEASE) is (attempt == self.owner)
                case "retry":
                    await self.outbox.retry(entry, after_seconds=0, error="Again.")
                case "done":
                    await self.outbox.done(entry)
                    self.ended = self.ended or attempt == self.owner


async def written(database: Hall, entry: OutboxEntry, title: str) -> None:
    """As a job would, in a task of its own."""
    with under(entry):
        await asyncio.create_task(database.transact(lambda work: work.topics.ensure([title])))


def titles(session: Session) -> set[str]:
    return set(session.scalars(select(col(TopicRow.title))))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_only_the_attempt_that_owns_a_job_writes(databases: Databases, steps: list[tuple[str, int]]) -> None:
    asyncio.run(run(databases, steps))


async def run(databases: Databases, steps: list[tuple[str, int]]) -> None:
    clock = Clock()
    async with hall(await databases(uuid4().hex[:8]), clock=clock) as database:
        await database.transact(lambda work: work.enqueue("job"))
        attempts = Attempts(database, clock)
        for name, attempt in steps:
            await attempts.step(name, attempt)
        assert await database.reader(titles) == set(attempts.written)


async def test_what_no_job_runs_is_not_fenced(database: Hall) -> None:
    await database.transact(lambda work: work.topics.ensure(["Rent"]))
    assert await database.reader(titles) == {"Rent"}


async def test_nobody_takes_a_job_over_between_the_look_at_its_row_and_the_commit(database: Hall, clock: Clock) -> None:
    await database.transact(lambda work: work.enqueue("job"))
    outbox = SqlOutbox(database.reader, database.writer, clock)
    [first] = await outbox.claim(limit=1, lease_seconds=LEASE)
    clock.forward(seconds=2 * LEASE)
    began = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(session: Session) -> None:
        check_owned(session, first)
        loop.call_soon_threadsafe(began.set)
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT pg_sleep(0.4)"))
        else:
            time.sleep(0.4)
        SqlTopics(session, "t").ensure(["Slow"])

    writing = asyncio.create_task(database.writer(slow))
    await began.wait()
    claimed = await outbox.claim(limit=1, lease_seconds=LEASE)
    assert not claimed or await database.reader(titles) == {"Slow"}
    await writing
    [second] = claimed or await outbox.claim(limit=1, lease_seconds=LEASE)
    assert (second.attempt, await database.reader(titles)) == (2, {"Slow"})
    with pytest.raises(Fenced):
        await written(database, first, "Late")


async def test_postgres_ends_who_sleeps_in_the_middle_of_a_transaction(database: Hall, url: str) -> None:
    """Else it would hold its rows for as long as it sleeps."""
    if is_sqlite(url):
        pytest.skip("sqlite: a lock on a file is its process' until that ends")
    show = text("SHOW idle_in_transaction_session_timeout")
    assert await database.writer(lambda session: session.scalar(show)) == "10s"
