"""From an event in SQL to its projection: in order for each aggregate, whatever fails."""

import asyncio

import pytest

from adapters.bus.redis import RedisBus
from domain.alerts import AlertCode
from domain.errors import BadInput, SyncFailed
from domain.outbox import OutboxEntry
from jobs.policy import MAX_ATTEMPTS, MAX_CLAIMS
from jobs.projections import SUSPICIOUS, Projector
from jobs.stores import Stores
from tests.jobs.loops import eventually, running
from tests.jobs.outboxes import FileOutbox

LEASE = 1.5


class Shown:
    """Projections that can fail, and stores that can be away."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.calls = 0
        self.probes = 0
        self.bad: dict[int, Exception] = {}
        self.away = False
        self.pause = 0.0

    async def project(self, entries: list[OutboxEntry]) -> None:
        self.calls += 1
        await asyncio.sleep(self.pause)
        self.look()
        for entry in entries:
            if entry.id in self.bad:
                raise self.bad[entry.id]
        self.ids += [entry.id for entry in entries]

    async def probe(self) -> None:
        self.probes += 1
        self.look()

    def look(self) -> None:
        if self.away:
            raise SyncFailed("away")


class Told:
    """Alerts as a list."""

    def __init__(self) -> None:
        self.alerts: list[tuple[str, str]] = []

    def raise_(self, code: AlertCode, *, subject: str, message: str) -> None:
        self.alerts.append((code, subject))


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def projector(outbox: FileOutbox, bus: RedisBus, shown: Shown, told: Told) -> Projector:
    return Projector(outbox, bus, shown, Stores(shown.probe), alerts=told, lease_seconds=LEASE)


async def test_events_are_shown_in_order_and_in_batches(outbox: FileOutbox, projector: Projector, shown: Shown) -> None:
    events = [outbox.emit("BallotCast", vote_id=number) for number in range(Projector.BATCH + 10)]
    async with running(projector.run()):
        await eventually(lambda: outbox.state(events[-1])[0] == "done")
    assert (shown.ids, shown.calls) == (events, 2)


@pytest.mark.parametrize("error", [SyncFailed("no such label"), ValueError("a bug")])
async def test_what_fails_holds_up_its_aggregate_only_and_loses_nothing(
    outbox: FileOutbox, projector: Projector, shown: Shown, error: Exception
) -> None:
    mine = [outbox.emit("PolicyChanged", aggregate="policy:1", policy_id=1) for _ in range(4)]
    others = [outbox.emit("PolicyChanged", aggregate=f"policy:{n}", policy_id=n) for n in range(2, 6)]
    shown.bad[mine[1]] = error
    async with running(projector.run()):
        await eventually(lambda: {outbox.state(event)[0] for event in (mine[0], *others)} == {"done"})
        assert {outbox.state(event)[0] for event in mine[1:]} == {"open"}
        shown.bad.clear()
        await eventually(lambda: outbox.state(mine[-1])[0] == "done")
    assert sorted(shown.ids) == sorted([*mine, *others])
    assert [event for event in shown.ids if event in mine] == mine


async def test_what_no_retry_can_mend_is_set_aside_with_an_alert_and_the_next_goes_on(
    outbox: FileOutbox, projector: Projector, shown: Shown, told: Told
) -> None:
    first, second = (outbox.emit("PolicyChanged", aggregate="policy:1", policy_id=1) for _ in range(2))
    shown.bad[first] = BadInput("no")
    async with running(projector.run()):
        await eventually(lambda: outbox.state(second)[0] == "done")
    assert outbox.state(first) == ("dead", 1, "BadInput: no")
    assert told.alerts == [("SYNC_ERROR", f"event:{first}")]


async def test_attempts_are_bounded(outbox: FileOutbox, projector: Projector, shown: Shown) -> None:
    event = outbox.emit("PolicyChanged", aggregate="policy:1", policy_id=1)
    for _ in range(MAX_ATTEMPTS - 1):
        [entry] = await outbox.claim_events(limit=1, lease_seconds=LEASE)
        await outbox.retry(entry, after_seconds=0, error="")
    shown.bad[event] = ValueError("somebody's words")
    async with running(projector.run()):
        await eventually(lambda: outbox.state(event)[0] == "dead")
    assert shown.calls == 1
    assert str(outbox.state(event)[2]).startswith("ValueError in test_projections.py:")


async def test_stores_that_are_away_cost_no_attempt(
    outbox: FileOutbox, projector: Projector, shown: Shown, told: Told
) -> None:
    shown.away = True
    events = [outbox.emit("PolicyChanged", aggregate=f"policy:{n}", policy_id=n) for n in range(3)]
    async with running(projector.run()):
        await eventually(lambda: shown.probes > 3)
        assert shown.calls == 1
        shown.away = False
        await eventually(lambda: {outbox.state(event)[0] for event in events} == {"done"})
    assert (shown.ids, told.alerts) == (events, [])
    rows = [outbox.row(event) for event in events]
    assert [(row.attempt - row.uncounted, row.first_failed_at) for row in rows] == [(1, None)] * 3


async def test_what_ends_its_worker_is_found_out_and_set_aside(
    outbox: FileOutbox, projector: Projector, shown: Shown
) -> None:
    killer, bystander = (outbox.emit("PolicyChanged", aggregate=f"policy:{n}", policy_id=n) for n in range(2))
    for _ in range(MAX_CLAIMS):  # the worker dies each time, and its lease is over
        claimed = await outbox.claim_events(limit=9, lease_seconds=0)
        if claimed[0].tried > SUSPICIOUS:
            await outbox.release(claimed[1:], error="")
    async with running(projector.run()):
        await eventually(lambda: {outbox.state(event)[0] for event in (killer, bystander)} == {"dead", "done"})
    assert (outbox.state(killer)[0], shown.ids) == ("dead", [bystander])


async def test_a_long_batch_keeps_its_leases(outbox: FileOutbox, projector: Projector, shown: Shown) -> None:
    event = outbox.emit("PolicyChanged", aggregate="policy:1", policy_id=1)
    shown.pause = 3 * LEASE
    async with running(projector.run()):
        await eventually(lambda: shown.calls == 1)
        await asyncio.sleep(2 * LEASE)
        assert await outbox.claim_events(limit=9, lease_seconds=LEASE) == []
        await eventually(lambda: outbox.state(event)[0] == "done")
    assert (outbox.state(event)[1], shown.ids) == (1, [event])


async def test_who_overran_its_lease_has_its_event_told_again(outbox: FileOutbox) -> None:
    event = outbox.emit("PolicyChanged", aggregate="policy:1", policy_id=1)
    [stale] = await outbox.claim_events(limit=9, lease_seconds=0)
    [fresh] = await outbox.claim_events(limit=9, lease_seconds=LEASE)
    await outbox.projected([fresh])
    await outbox.projected([stale])
    [again] = await outbox.claim_events(limit=9, lease_seconds=LEASE)
    assert (again.name, again.args, again.aggregate) == (stale.name, stale.args, stale.aggregate)
    assert (again.id > event, outbox.state(event)[0]) == (True, "done")


async def test_a_stopped_projector_gives_its_events_back_at_once(
    outbox: FileOutbox, projector: Projector, shown: Shown
) -> None:
    event = outbox.emit("PolicyChanged", aggregate="policy:1", policy_id=1)
    shown.pause = 60
    async with running(projector.run()):
        await eventually(lambda: shown.calls == 1)
    [entry] = await outbox.claim_events(limit=9, lease_seconds=LEASE)
    assert (entry.id, entry.tried) == (event, 1)


async def test_two_projectors_share_the_events_and_keep_each_aggregates_order(
    outbox: FileOutbox, bus: RedisBus, told: Told
) -> None:
    events = [outbox.emit("PolicyChanged", aggregate=f"policy:{n % 7}", policy_id=n % 7) for n in range(200)]
    shown = Shown()
    shown.pause = 0.02
    pair = [Projector(outbox, bus, shown, Stores(), alerts=told, lease_seconds=30) for _ in range(2)]
    for each in pair:
        each.BATCH = 9  # so that there is something left to share
    async with running(*(each.run() for each in pair)):
        await eventually(lambda: {outbox.state(event)[0] for event in events} == {"done"})
    assert sorted(shown.ids) == events
    for policy in range(7):
        mine = [event for event in shown.ids if event in events[policy::7]]
        assert mine == sorted(mine)
