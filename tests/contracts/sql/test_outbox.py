"""The outbox: jobs leased to one at a time and never lost, events in order."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.sql.outbox import SqlOutbox
from adapters.sql.outbox_rows import OutboxRow
from adapters.sql.pages import rows_of
from domain.events import BallotCast, MemberRenamed
from domain.outbox import OutboxEntry
from domain.transactions import Work
from evals.hall import Hall, hall
from tests.contracts.sql.times import T0, Clock

LEASE = 30.0


@pytest.fixture
def outbox(database: Hall, clock: Clock) -> SqlOutbox:
    return SqlOutbox(database.reader, database.writer, clock)


async def enqueued(database: Hall, *tasks: str, due_in: float = 0) -> None:
    def command(work: Work) -> None:
        for number, task in enumerate(tasks):
            work.enqueue(task, number, "x", due_at=work.now() + timedelta(seconds=due_in) if due_in else None)

    await database.transact(command)


async def names(outbox: SqlOutbox, limit: int = 10) -> list[tuple[str, int]]:
    return [(entry.name, entry.attempt) for entry in await outbox.claim(limit=limit, lease_seconds=LEASE)]


async def test_due_jobs_are_leased_in_order_and_once(database: Hall, outbox: SqlOutbox) -> None:
    await enqueued(database, "a", "b", "c")
    (first, second) = await outbox.claim(limit=2, lease_seconds=LEASE)
    assert (first.kind, first.name, first.args, first.attempt, first.created_at) == (
        "job",
        "a",
        {"args": [0, "x"]},
        1,
        T0,
    )
    assert second.transaction_id == first.transaction_id
    assert await names(outbox) == [("c", 1)]
    assert await names(outbox) == []


async def test_names_to_skip_are_left_for_others(database: Hall, outbox: SqlOutbox) -> None:
    await enqueued(database, "a", "b")
    assert [entry.name for entry in await outbox.claim(limit=9, lease_seconds=LEASE, skip={"a"})] == ["b"]
    assert await names(outbox) == [("a", 1)]


async def test_a_job_waits_until_it_is_due(database: Hall, outbox: SqlOutbox, clock: Clock) -> None:
    assert await outbox.next_due() is None
    await enqueued(database, "later", due_in=60)
    assert (await outbox.next_due(), await names(outbox)) == (60.0, [])
    clock.forward(seconds=59.999)
    assert await outbox.next_due() == pytest.approx(0.001)
    assert await names(outbox) == []
    clock.forward(milliseconds=1)
    assert (await outbox.next_due(), await names(outbox)) == (0.0, [("later", 1)])


async def test_a_lease_that_ran_out_is_a_new_attempt(database: Hall, outbox: SqlOutbox, clock: Clock) -> None:
    await enqueued(database, "a")
    assert await names(outbox) == [("a", 1)]
    assert await outbox.next_due() == LEASE
    clock.forward(seconds=LEASE - 0.001)
    assert await names(outbox) == []
    clock.forward(milliseconds=1)
    assert await names(outbox) == [("a", 2)]


async def test_a_beat_extends_the_lease(database: Hall, outbox: SqlOutbox, clock: Clock) -> None:
    await enqueued(database, "a")
    (entry,) = await outbox.claim(limit=1, lease_seconds=LEASE)
    clock.forward(seconds=20)
    assert await outbox.beat(entry, LEASE)
    clock.forward(seconds=20)
    assert await names(outbox) == []


async def test_an_older_attempt_is_fenced_off(database: Hall, outbox: SqlOutbox, clock: Clock) -> None:
    await enqueued(database, "a")
    (old,) = await outbox.claim(limit=1, lease_seconds=LEASE)
    clock.forward(seconds=LEASE)
    (new,) = await outbox.claim(limit=1, lease_seconds=LEASE)
    assert not await outbox.beat(old, LEASE)
    await outbox.done(old)
    await outbox.retry(old, after_seconds=0, error="old")
    await outbox.dead(old, code="INTERNAL", message="old")
    (row,) = await rows_of(database.reader, select(OutboxRow))
    assert (row.done_at, row.dead_at, row.error, row.attempt) == (None, None, None, 2)
    await outbox.done(new)
    assert not await outbox.beat(new, LEASE)
    assert await outbox.next_due() is None


async def test_a_retry_comes_after_its_pause_with_its_error(database: Hall, outbox: SqlOutbox, clock: Clock) -> None:
    await enqueued(database, "a")
    (entry,) = await outbox.claim(limit=1, lease_seconds=LEASE)
    await outbox.retry(entry, after_seconds=5, error="busy")
    assert (await outbox.next_due(), await names(outbox)) == (5.0, [])
    clock.forward(seconds=5)
    assert await names(outbox) == [("a", 2)]
    (row,) = await rows_of(database.reader, select(OutboxRow))
    assert row.error == "busy"


async def test_what_was_given_up_is_kept_and_never_claimed(database: Hall, outbox: SqlOutbox, clock: Clock) -> None:
    await enqueued(database, "a")
    (entry,) = await outbox.claim(limit=1, lease_seconds=LEASE)
    await outbox.dead(entry, code="SYNC_ERROR", message="broken")
    clock.forward(days=9)
    assert (await outbox.next_due(), await names(outbox)) == (None, [])
    (row,) = await rows_of(database.reader, select(OutboxRow))
    assert (row.dead_at, row.done_at, row.error) == (T0, None, "broken")


async def test_workers_at_once_share_the_jobs(database: Hall, outbox: SqlOutbox, url: str, clock: Clock) -> None:
    await enqueued(database, *(f"job{number}" for number in range(40)))
    async with hall(url, clock=clock) as other:
        workers = [outbox, SqlOutbox(other.reader, other.writer, clock)] * 4
        claimed: list[list[OutboxEntry]] = await asyncio.gather(
            *(worker.claim(limit=10, lease_seconds=LEASE) for worker in workers)
        )
        claimed.append(await outbox.claim(limit=40, lease_seconds=LEASE))
    ids = [entry.id for entries in claimed for entry in entries]
    assert (len(ids), len(set(ids))) == (40, 40)


async def test_events_are_read_in_order_until_they_are_projected(database: Hall, outbox: SqlOutbox) -> None:
    def command(work: Work) -> None:
        for number in range(5):
            work.emit(BallotCast(number, 1) if number % 2 else MemberRenamed(number))
            work.enqueue("job")

    await database.transact(command)
    events = await outbox.projectable(limit=4)
    assert [(event.kind, event.name) for event in events] == [("event", "MemberRenamed"), ("event", "BallotCast")] * 2
    assert [event.args for event in events[:2]] == [{"member_id": 0}, {"vote_id": 1, "proposal_id": 1}]
    claimed = await outbox.claim_events(limit=3, lease_seconds=LEASE)
    assert [event.id for event in claimed] == [event.id for event in events[:3]]
    await outbox.projected(claimed)
    assert (await outbox.projectable(limit=9))[0].id == events[3].id
    await outbox.projected([])
    rows = await rows_of(database.reader, select(OutboxRow).where(col(OutboxRow.kind) == "event"))
    assert [row.done_at for row in sorted(rows, key=lambda row: row.id)] == [T0, T0, T0, None, None]


async def test_events_of_an_aggregate_wait_for_those_before_them(
    database: Hall, outbox: SqlOutbox, clock: Clock
) -> None:
    def command(work: Work) -> None:
        for vote, proposal in ((1, 1), (2, 1), (3, 2)):
            work.emit(BallotCast(vote, proposal))

    await database.transact(command)
    (first,) = await outbox.claim_events(limit=1, lease_seconds=LEASE)
    assert (first.args["vote_id"], first.aggregate) == (1, "proposal:1")
    (other,) = await outbox.claim_events(limit=9, lease_seconds=LEASE)
    assert other.args["vote_id"] == 3
    await outbox.retry(first, after_seconds=5, error="no")
    assert await outbox.claim_events(limit=9, lease_seconds=LEASE) == []
    clock.forward(seconds=5)
    assert [entry.args["vote_id"] for entry in await outbox.claim_events(limit=9, lease_seconds=LEASE)] == [1, 2]


async def test_projectors_at_once_share_the_events_and_no_aggregate(
    database: Hall, outbox: SqlOutbox, url: str, clock: Clock
) -> None:
    for vote in range(40):
        await database.transact(lambda work, vote=vote: work.emit(BallotCast(vote, vote % 8)))  # type: ignore[misc]  # bound
    async with hall(url, clock=clock) as other:
        workers = [outbox, SqlOutbox(other.reader, other.writer, clock)] * 3
        claimed = await asyncio.gather(*(worker.claim_events(limit=7, lease_seconds=LEASE) for worker in workers))
    ids = [entry.id for entries in claimed for entry in entries]
    assert len(ids) == len(set(ids))
    owners = [{entry.aggregate for entry in entries} for entries in claimed]
    assert sum(map(len, owners)) == len(set.union(*owners)) >= 7


async def test_an_event_that_commits_late_is_not_passed_over(database: Hall, outbox: SqlOutbox) -> None:
    """Ids are given before the commit, so that a smaller one may appear after a larger one was projected."""
    await database.transact(lambda work: work.emit(MemberRenamed(1)))
    await outbox.projected(await outbox.claim_events(limit=9, lease_seconds=LEASE))

    def smaller(session: Session) -> None:
        row = session.scalars(select(OutboxRow)).one()
        copy = row.model_dump() | {"id": -1, "done_at": None, "due_at": T0}
        session.add(OutboxRow(**copy))

    await database.writer(smaller)
    assert [entry.id for entry in await outbox.claim_events(limit=9, lease_seconds=LEASE)] == [-1]


async def test_a_beat_keeps_events_and_a_release_counts_no_attempt(
    database: Hall, outbox: SqlOutbox, clock: Clock
) -> None:
    await database.transact(lambda work: work.emit(MemberRenamed(1)))
    held = await outbox.claim_events(limit=9, lease_seconds=LEASE)
    clock.forward(seconds=20)
    await outbox.beat_events(held, LEASE)
    clock.forward(seconds=20)
    assert await outbox.claim_events(limit=9, lease_seconds=LEASE) == []
    await outbox.release(held, error="stopped")
    (again,) = await outbox.claim_events(limit=9, lease_seconds=LEASE)
    assert (again.attempt, again.tried) == (2, 1)
