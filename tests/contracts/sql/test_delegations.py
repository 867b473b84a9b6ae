"""Delegations are kept for good, act while they live, and are seen by giver, receiver and ADMIN."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.sql.delegations import SqlDelegationReads
from domain.delegations import Delegation
from domain.drafts import Edit
from domain.errors import BadInput, Conflict, DelegationCycle, Forbidden, NotFound
from domain.members import ACTIVE_DAYS, Role, Viewer
from domain.pages import Slice
from domain.rules import Rules
from domain.transactions import Work
from evals.hall import Hall, hall
from services.delegations import Delegations, Mandate
from services.topics import Topics
from tests.contracts.sql.times import T0, Clock

TICK = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)


def admin(viewer: Viewer) -> Viewer:
    return Viewer(viewer.member_id, Role.ADMIN)


def reads_of(database: Hall, clock: Clock) -> SqlDelegationReads:
    return SqlDelegationReads(database.reader, clock)


async def given(database: Hall, giver: Viewer, mandate: Mandate) -> int:
    answer = await Delegations(database.transact).give(giver, mandate)
    return int(answer["delegation"] or 0)


async def scope_of(database: Hall, viewer: Viewer, title: str) -> int:
    answer = await Topics(database.transact).create(admin(viewer), title, "To delegate in.", delegable=True)
    return int(answer["topic"] or 0)


async def live(database: Hall, clock: Clock, viewer: Viewer) -> list[int]:
    found = await reads_of(database, clock).live_given_by(viewer, [viewer.member_id])
    return [delegation.id for delegation in found.get(viewer.member_id, [])]


async def test_a_delegation_is_kept_whole(database: Hall, clock: Clock) -> None:
    ada, ben = await database.seat([1, 1])
    scope = await scope_of(database, ada, "Rent")
    mandate = Mandate(ben.member_id, scope, when_inactive=True, accepts_twin=False, expires_at=T0 + HOUR)
    made = await given(database, ada, mandate)
    nobody = await given(database, ben, Mandate(None))
    assert await reads_of(database, clock).by_ids(admin(ada), [made, nobody, 99]) == {
        made: Delegation(
            id=made,
            giver_id=ada.member_id,
            receiver_id=ben.member_id,
            scope_id=scope,
            created_at=T0,
            when_inactive=True,
            accepts_twin=False,
            expires_at=T0 + HOUR,
        ),
        nobody: Delegation(nobody, ben.member_id, None, None, T0, accepts_twin=True),
    }


async def test_it_is_seen_by_giver_receiver_and_admin(database: Hall, clock: Clock) -> None:
    ada, ben, eve = await database.seat([1, 1, 1])
    reads, made = reads_of(database, clock), await given(database, ada, Mandate(ben.member_id))
    for viewer, visible in ((ada, True), (ben, True), (eve, False), (admin(eve), True)):
        page = await reads.page(viewer, ada.member_id, Slice())
        assert [
            list(await reads.by_ids(viewer, [made])) == [made],
            [row.id for row in page.rows] == [made],
            await page.count() == 1,
            list(await reads.live_given_by(viewer, [ada.member_id])) == [ada.member_id],
        ] == [visible] * 4


async def test_a_list_is_of_what_a_member_gave_or_was_given_newest_first(database: Hall, clock: Clock) -> None:
    ada, ben, eve = await database.seat([1, 1, 1])
    first = await given(database, ada, Mandate(ben.member_id))
    second = await given(database, ben, Mandate(eve.member_id))
    third = await given(database, eve, Mandate(None))
    reads = reads_of(database, clock)
    for viewer, member, ids in (
        (admin(ada), None, [third, second, first]),
        (admin(ada), ben.member_id, [second, first]),
        (ada, None, [first]),
        (eve, None, [third, second]),
        (eve, ben.member_id, [second]),
        (eve, ada.member_id, []),
    ):
        assert [row.id for row in (await reads.page(viewer, member, Slice())).rows] == ids


async def test_a_new_one_takes_the_place_of_the_old_at_its_level_only(database: Hall, clock: Clock) -> None:
    ada, ben, eve = await database.seat([1, 1, 1])
    scope = await scope_of(database, ada, "Rent")
    everywhere = await given(database, ada, Mandate(ben.member_id))
    asleep = await given(database, ada, Mandate(ben.member_id, when_inactive=True))
    scoped = await given(database, ada, Mandate(ben.member_id, scope))
    assert await live(database, clock, ada) == [everywhere, asleep, scoped]
    clock.forward(hours=1)
    again = await given(database, ada, Mandate(eve.member_id))
    assert await live(database, clock, ada) == [asleep, scoped, again]
    old = (await reads_of(database, clock).by_ids(ada, [everywhere]))[everywhere]
    assert (old.created_at, old.revoked_at, old.declined_at) == (T0, clock.at, None)


async def test_a_delegation_ends_at_its_very_instant(database: Hall, clock: Clock) -> None:
    ada, ben = await database.seat([1, 1])
    made = await given(database, ada, Mandate(ben.member_id, expires_at=T0 + HOUR))

    def alive(work: Work) -> tuple[list[int], list[int]]:
        at = work.now()
        everyone = [row.id for row in work.delegations.live(at=at)]
        return everyone, [row.id for row in work.delegations.live_of(ada.member_id, None, at=at)]

    clock.at = T0 + HOUR - TICK
    assert await database.transact(alive) == ([made], [made])
    assert await live(database, clock, ada) == [made]
    clock.at = T0 + HOUR
    assert await database.transact(alive) == ([], [])
    assert await live(database, clock, ada) == []
    with pytest.raises(Conflict, match=r"^That delegation has ended already.$"):
        await Delegations(database.transact).revoke(ada, made)


async def test_only_its_giver_revokes_and_only_its_receiver_declines(database: Hall, clock: Clock) -> None:
    ada, ben, eve = await database.seat([1, 1, 1])
    service, reads = Delegations(database.transact), reads_of(database, clock)
    first = await given(database, ada, Mandate(ben.member_id))
    for act in (service.revoke, service.decline):
        with pytest.raises(NotFound, match=r"^There is no such delegation, or you may not see it.$"):
            await act(eve, first)
        with pytest.raises(NotFound):
            await act(ada, 99)
        with pytest.raises(Forbidden):
            await act(admin(eve), first)
    with pytest.raises(Forbidden, match=r"^Only its giver may revoke a delegation.$"):
        await service.revoke(ben, first)
    with pytest.raises(Forbidden, match=r"^Only its receiver may decline a delegation.$"):
        await service.decline(ada, first)
    clock.forward(hours=1)
    await service.decline(ben, first)
    second = await given(database, ada, Mandate(ben.member_id))
    await service.revoke(ada, second)
    found = await reads.by_ids(ada, [first, second])
    assert [(row.revoked_at, row.declined_at) for row in found.values()] == [(None, clock.at), (clock.at, None)]
    assert await live(database, clock, ada) == []


async def test_what_cannot_be_given_is_refused_with_its_field(database: Hall) -> None:
    ada, ben, gus = await database.seat([1, 1, 0])

    def wait(work: Work) -> None:
        work.members.save(replace(work.members.by_id(gus.member_id), admitted=False))

    await database.transact(wait)
    (free,) = await database.transact(lambda work: work.topics.ensure(["Free"]))
    for giver, mandate, error, field in (
        (ada, Mandate(ada.member_id), BadInput, ("to",)),
        (ada, Mandate(99), NotFound, ("to",)),
        (ada, Mandate(gus.member_id), Conflict, ("to",)),
        (gus, Mandate(ada.member_id), Forbidden, ()),
        (ada, Mandate(ben.member_id, free), BadInput, ("scope",)),
        (ada, Mandate(ben.member_id, 99), BadInput, ("scope",)),
        (ada, Mandate(ben.member_id, expires_at=T0), BadInput, ("expiresAt",)),
    ):
        with pytest.raises(error) as refused:
            await given(database, giver, mandate)
        assert refused.value.field == field


async def test_a_certain_cycle_is_refused_and_leaves_the_old_one(database: Hall, clock: Clock) -> None:
    ada, ben, eve = await database.seat([1, 1, 1])
    scope = await scope_of(database, ada, "Rent")
    first = await given(database, ada, Mandate(ben.member_id))
    await given(database, ben, Mandate(eve.member_id))
    old = await given(database, eve, Mandate(None))
    with pytest.raises(DelegationCycle) as refused:
        await given(database, eve, Mandate(ada.member_id))
    assert (refused.value.code, refused.value.field) == ("DELEGATION_CYCLE", ("to",))
    assert await live(database, clock, eve) == [old]
    scoped = await given(database, eve, Mandate(ada.member_id, scope))
    assert await live(database, clock, eve) == [old, scoped]
    await Delegations(database.transact).revoke(ada, first)
    assert len(await live(database, clock, eve)) == 2
    await given(database, eve, Mandate(ada.member_id))


async def test_of_many_given_at_once_one_lives(database: Hall, url: str, clock: Clock) -> None:
    ada, *others = await database.seat([1] * 9)
    async with hall(url, clock=clock) as other:
        halls = (database, other)
        await asyncio.gather(*(given(halls[at % 2], ada, Mandate(one.member_id)) for at, one in enumerate(others)))
        assert len(await live(database, clock, ada)) == 1
        await asyncio.gather(*(given(halls[at % 2], ada, Mandate(one.member_id)) for at, one in enumerate(others)))
    assert len(await live(database, clock, ada)) == 1
    assert len((await reads_of(database, clock).page(ada, None, Slice())).rows) == 16


async def test_delegations_given_around_a_circle_at_once_all_get_an_answer(
    database: Hall, url: str, clock: Clock
) -> None:
    seated = await database.seat([1] * 6)
    async with hall(url, clock=clock) as other:
        halls = (database, other)
        for _ in range(3):
            outcomes = await asyncio.gather(
                *(given(halls[at % 2], giver, Mandate(seated[at - 1].member_id)) for at, giver in enumerate(seated)),
                return_exceptions=True,
            )
            assert {type(outcome) for outcome in outcomes} <= {int, DelegationCycle}
    for giver in seated:
        assert len(await live(database, clock, giver)) <= 1


async def test_a_revocation_tells_the_votes_that_run_on_with_it(database: Hall, clock: Clock) -> None:
    ada, ben = await database.seat([1, 1])
    reads, made = reads_of(database, clock), await given(database, ada, Mandate(ben.member_id))
    running = await database.put_to_vote(ada, "Running")
    ended = await database.put_to_vote(ada, "Ended")
    await database.proposals.cancel(admin(ben), ended, "by mistake")
    again = await given(database, ada, Mandate(None))
    later = await database.put_to_vote(ben, "Later")
    assert await reads.running(ada.member_id, made) == [running]
    assert await reads.running(ada.member_id, again) == [later]
    assert await reads.running(ada.member_id, None) == [running, later]
    assert await reads.running(ben.member_id, made) == []


async def test_weights_are_those_of_a_vote_that_would_start_now(database: Hall, clock: Clock) -> None:
    ada, ben, eve, gus = await database.seat([1, 2, 4, 0])
    scope = await scope_of(database, ada, "Rent")
    reads, everyone = reads_of(database, clock), [viewer.member_id for viewer in (ada, ben, eve, gus)]

    async def weights(scope_id: int | None) -> list[int]:
        found = await reads.weights([*everyone, 99], scope_id)
        assert found[99] == 0
        return [found[member] for member in everyone]

    assert await weights(None) == [1, 2, 4, 0]
    await given(database, ada, Mandate(ben.member_id))
    await given(database, ben, Mandate(eve.member_id))
    assert await weights(None) == await weights(scope) == [1, 3, 7, 0]
    await given(database, ben, Mandate(None, scope))
    assert (await weights(None), await weights(scope)) == ([1, 3, 7, 0], [1, 3, 4, 0])


async def test_weights_know_the_cap_and_who_is_inactive(database: Hall, clock: Clock) -> None:
    await database.transact(
        lambda work: work.daos.save(replace(work.daos.current(), rules=Rules(delegation_cap_percent=50)))
    )
    ada, ben, eve = await database.seat([1, 2, 3])
    reads = reads_of(database, clock)
    await given(database, ada, Mandate(eve.member_id))
    await given(database, ben, Mandate(ada.member_id, when_inactive=True))
    assert await reads.weights([ada.member_id, eve.member_id], None) == {ada.member_id: 1, eve.member_id: 3}

    def asleep(work: Work) -> None:
        ben_then = work.members.by_id(ben.member_id)
        work.members.save(replace(ben_then, last_seen=T0 - timedelta(days=ACTIVE_DAYS)))

    await database.transact(asleep)
    assert await reads.weights([ada.member_id], None) == {ada.member_id: 3}


async def test_the_freeze_keeps_the_graph_and_later_changes_do_not_reach_it(database: Hall, clock: Clock) -> None:
    ada, ben, eve = await database.seat([1, 2, 4])
    scope = await scope_of(database, ada, "Rent")
    made = await given(database, ada, Mandate(ben.member_id, scope, accepts_twin=False))
    answer = await database.proposals.create(ada, Edit(title="T", body="B", scope_id=scope))
    scoped = int(answer["proposal"] or 0)
    await database.proposals.open(ada, scoped)
    await database.proposals.start(ada, scoped)
    plain = await database.put_to_vote(ada, "Plain")
    await Delegations(database.transact).revoke(ada, made)
    await given(database, ada, Mandate(eve.member_id))

    def graph(work: Work) -> list[list[tuple[int, int, int | None, bool, bool]]]:
        found = []
        for proposal_id in (scoped, plain):
            nodes = work.ballots.nodes(work.proposals.locked(proposal_id))
            rows = [(node.member_id, node.passing, node.to, node.twin_first, node.accepts_twin) for node in nodes]
            found.append(sorted(rows))
        return found

    assert await database.transact(graph) == [
        [
            (ada.member_id, 1, ben.member_id, False, False),
            (ben.member_id, 3, None, True, False),
            (eve.member_id, 4, None, True, False),
        ],
        [
            (ada.member_id, 1, None, True, False),
            (ben.member_id, 2, None, True, False),
            (eve.member_id, 4, None, True, False),
        ],
    ]
