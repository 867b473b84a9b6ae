"""The DAO's row: its rules and formula, its numbers, and how it looks at a glance."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.sql.dao_reads import SqlDaoReads
from adapters.sql.daos import rules_data, rules_of
from domain.actions import SetRules, SetWeight
from domain.audits import Act
from domain.daos import Dao, Glance
from domain.drafts import Edit
from domain.errors import Conflict
from domain.members import ACTIVE_DAYS, Member, Role, Viewer
from domain.rules import DEPLOYED, EarlyClose, Rules, RulesChoice
from domain.tally import Choice
from domain.transactions import Work
from domain.weights import Formula
from evals.hall import Hall, Silence
from services.daos import Daos
from services.votes import Said
from tests.contracts.sql.times import T0, Clock

FORMULA = Formula(base=2, each={"shares": (1, 10)}, floor=2, cap=50)


def service(database: Hall, clock: Clock) -> Daos:
    return Daos(database.transact, SqlDaoReads(database.reader), Silence(), now=lambda: clock.at)


async def members(database: Hall, *viewers: Viewer) -> list[Member]:
    return await database.transact(lambda work: [work.members.by_id(viewer.member_id) for viewer in viewers])


async def test_rules_and_formula_are_kept(database: Hall) -> None:
    await database.transact(lambda work: work.daos.save(replace(work.daos.current(), rules=DEPLOYED, formula=FORMULA)))
    dao = Dao(1, "Hall", DEPLOYED, FORMULA, resolutions=0)
    assert await SqlDaoReads(database.reader).current() == dao
    assert await database.transact(lambda work: work.daos.ensure("Other", Rules())) == dao


def test_rules_that_were_kept_before_a_field_existed_get_its_default() -> None:
    old = {"quorum_percent": 50, "majority_percent": 51, "voting_minutes": 10, "early_close": "NEVER"}
    assert rules_of(old) == Rules(50, 51, 10, EarlyClose.NEVER)
    assert rules_of(rules_data(DEPLOYED)) == DEPLOYED


async def test_a_locked_dao_is_read_as_it_is_now(database: Hall) -> None:
    def command(work: Work) -> list[Rules]:
        before = work.daos.current()
        work.daos.save(replace(before, rules=Rules(sponsors_needed=3)))
        return [work.daos.locked().rules, work.daos.current().rules]

    assert await database.transact(command) == [Rules(sponsors_needed=3)] * 2


async def test_an_empty_dao_at_a_glance(database: Hall) -> None:
    glance = await SqlDaoReads(database.reader).glance(at=T0)
    assert glance == Glance(
        dao=Dao(1, "Hall", Rules()),
        seq=glance.seq,
        members=0,
        active_members=0,
        total_weight=0,
        open=0,
        voting=0,
        resolved=0,
        passed=0,
        mean_participation=None,
        median_decision_minutes=None,
        as_of=T0,
    )


async def test_a_glance_counts_what_there_is(database: Hall, clock: Clock) -> None:
    ada, ben, eve, gus = await database.seat([6, 3, 1, 5])

    def settle(work: Work) -> None:
        for viewer in (ada, ben):
            work.members.save(replace(work.members.by_id(viewer.member_id), last_seen=clock.at))
        asleep = T0 - timedelta(days=ACTIVE_DAYS)
        work.members.save(replace(work.members.by_id(eve.member_id), last_seen=asleep))
        work.members.save(replace(work.members.by_id(gus.member_id), admitted=False, weight=0, last_seen=clock.at))

    await database.transact(settle)
    quick, slow, failed, running = [await database.put_to_vote(ada, f"P{number}") for number in range(3)] + [
        await database.put_to_vote(ben, "Running")
    ]
    opened = await database.propose(ben, "Opened")
    await database.proposals.open(ben, opened)
    await database.propose(ben, "Draft")
    clock.forward(minutes=10)
    await database.votes.cast(ada, quick, Said(Choice.FOR))
    clock.forward(minutes=20)
    await database.votes.cast(ben, slow, Said(Choice.ABSTAIN))
    await database.votes.cast(ada, slow, Said(Choice.FOR))
    clock.at = T0 + timedelta(hours=72)
    assert await database.proposals.close(failed)
    glance = await SqlDaoReads(database.reader).glance(at=T0)
    assert (glance.members, glance.active_members, glance.total_weight) == (3, 2, 10)
    assert (glance.open, glance.voting, glance.resolved, glance.passed) == (1, 1, 3, 2)
    assert glance.mean_participation == pytest.approx((0.6 + 0.9 + 0) / 3)
    assert glance.median_decision_minutes == 30
    assert (glance.dao.resolutions, glance.as_of) == (3, T0)
    assert (await database.transact(lambda work: work.proposals.locked(running))).running


async def test_the_seq_rises_with_what_changes_it(database: Hall, clock: Clock) -> None:
    ada, ben = await database.seat([6, 3])
    reads = SqlDaoReads(database.reader)
    seqs = [(await reads.glance(at=T0)).seq]
    admin = Viewer(ben.member_id, Role.ADMIN)

    async def look() -> None:
        seqs.append((await reads.glance(at=T0)).seq)

    proposal_id = await database.propose(ada, "One")
    await look()
    await database.proposals.open(ada, proposal_id)
    await look()
    await database.proposals.start(ada, proposal_id)
    await look()
    await service(database, clock).set_rules(RulesChoice(quorum_percent=61))
    await look()
    await database.members.deactivate(admin, ada.member_id, "Left.")
    await look()
    await database.seat([1], prefix="new")
    await look()
    await database.votes.cast(ada, proposal_id, Said(Choice.FOR))
    await look()
    assert seqs == sorted(set(seqs))


async def test_rules_are_set_from_a_file_until_the_first_resolution(database: Hall, clock: Clock) -> None:
    (ada,) = await database.seat([6])
    rules = await service(database, clock).set_rules(RulesChoice(quorum_percent=10, sponsors_needed=0))
    assert rules == (await SqlDaoReads(database.reader).current()).rules == Rules(quorum_percent=10)
    proposal_id = await database.put_to_vote(ada, "One")
    await database.votes.cast(ada, proposal_id, Said(Choice.FOR))
    with pytest.raises(Conflict, match=r"^This DAO has decided already"):
        await service(database, clock).set_rules(RulesChoice(quorum_percent=20))


async def test_a_formula_weighs_all_anew_but_those_set_by_hand(database: Hall, clock: Clock) -> None:
    ada, ben, gus = await database.seat([1, 1, 0])

    def settle(work: Work) -> None:
        work.members.save(replace(work.members.by_id(ada.member_id), attributes={"shares": 35}))
        work.members.save(replace(work.members.by_id(ben.member_id), fixed_weight=7, weight=7))
        work.members.save(replace(work.members.by_id(gus.member_id), admitted=False))

    await database.transact(settle)
    assert await service(database, clock).set_formula(FORMULA) == 1
    assert [member.weight for member in await members(database, ada, ben, gus)] == [5, 7, 0]
    assert await service(database, clock).set_formula(FORMULA) == 0


async def test_a_passed_vote_sets_rules_and_weights_in_its_own_transaction(database: Hall) -> None:
    ada, ben = await database.seat([9, 1])
    for action in (SetRules(RulesChoice(quorum_percent=40)), SetWeight(ben.member_id, 3)):
        answer = await database.proposals.create(ada, Edit(title=str(action)[:99], body="B", action=action))
        proposal_id = int(answer["proposal"] or 0)
        await database.proposals.open(ada, proposal_id)
        await database.proposals.start(ada, proposal_id)
        await database.votes.cast(ada, proposal_id, Said(Choice.FOR))
    assert (await SqlDaoReads(database.reader).current()).rules == Rules(quorum_percent=40)
    (member,) = await members(database, ben)
    assert (member.weight, member.fixed_weight) == (3, 3)
    acts = await database.reader(
        lambda session: session.connection().exec_driver_sql("SELECT act FROM audit_entry").all()
    )
    assert [act for (act,) in acts] == [Act.ACTION_RUN] * 2
