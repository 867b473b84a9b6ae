"""Who may open what, and when: limits, sponsors, and what failed before."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from adapters.sql.outbox_rows import OutboxRow
from adapters.sql.pages import rows_of
from adapters.sql.proposal_reads import SqlProposalReads
from domain.actions import SetWeight
from domain.drafts import Edit
from domain.errors import Conflict, Forbidden
from domain.proposals import Status
from domain.rules import Rules
from domain.transactions import Work
from evals.hall import Hall, hall
from tests.contracts.sql.times import T0, Clock


async def test_three_proposals_may_run_however_fast_they_are_opened(database: Hall, url: str, clock: Clock) -> None:
    (ada,) = await database.seat([1])
    drafts = [await database.propose(ada, f"Draft {number}") for number in range(8)]
    async with hall(url, clock=clock) as other:
        opens = [(database, other)[number % 2].proposals.open(ada, draft) for number, draft in enumerate(drafts)]
        outcomes = await asyncio.gather(*opens, return_exceptions=True)
    assert sum(isinstance(outcome, dict) for outcome in outcomes) == 3
    assert {str(outcome) for outcome in outcomes if not isinstance(outcome, dict)} == {
        "You have 3 proposals in OPEN or VOTING: wait until one is decided, or cancel one."
    }


async def test_a_member_who_is_not_admitted_opens_nothing(database: Hall) -> None:
    (ada,) = await database.seat([1])
    draft = await database.propose(ada, "Draft")

    def command(work: Work) -> None:
        work.members.save(replace(work.members.by_id(ada.member_id), admitted=False))

    await database.transact(command)
    with pytest.raises(Forbidden, match=r"^You are not admitted yet"):
        await database.proposals.open(ada, draft)


async def test_what_failed_may_come_again_after_thirty_days(database: Hall, clock: Clock) -> None:
    ada, ben = await database.seat([1, 1])
    first = await database.put_to_vote(ada, "Raise the rent")
    clock.forward(hours=72)
    assert await database.proposals.sweep() == 1
    made = await database.proposals.create(ben, Edit(title="RAISE, the rent", body="about Raise the rent!"))
    again = int(made["proposal"] or 0)
    clock.forward(days=30)
    with pytest.raises(Conflict, match=r"^Proposal 1 said the same and failed within 30 days"):
        await database.proposals.open(ben, again)
    clock.forward(milliseconds=1)
    await database.proposals.open(ben, again)
    assert (await database.transact(lambda work: work.proposals.locked(first))).status is Status.FAILED


async def test_sponsors_are_counted_once_each_and_let_it_start_itself(database: Hall, clock: Clock) -> None:
    rules = Rules(minimum_discussion_minutes=30, sponsors_needed=2)
    await database.transact(lambda work: work.daos.save(replace(work.daos.current(), rules=rules)))
    ada, ben, eve = await database.seat([1, 1, 1])
    edit = Edit(title="T", body="B", start_at=T0 + timedelta(minutes=10))
    proposal_id = int((await database.proposals.create(ada, edit))["proposal"] or 0)
    await database.proposals.open(ada, proposal_id)
    with pytest.raises(Forbidden):
        await database.proposals.sponsor(ada, proposal_id)
    for _ in range(2):
        await database.proposals.sponsor(ben, proposal_id)
    reads = SqlProposalReads(database.reader)
    assert await reads.sponsors([proposal_id]) == {proposal_id: [ben.member_id]}
    clock.forward(minutes=30)
    assert not await database.proposals.start_itself(proposal_id)
    with pytest.raises(Conflict, match=r"^It has 1 of the 2 sponsors it needs"):
        await database.proposals.start(ada, proposal_id)
    await database.proposals.sponsor(eve, proposal_id)
    jobs = await rows_of(database.reader, select(OutboxRow).where(col(OutboxRow.name) == "start"))
    assert [job.due_at for job in jobs] == [T0 + timedelta(minutes=30), clock.at]
    assert [await database.proposals.start_itself(proposal_id) for _ in range(2)] == [True, False]
    assert await reads.sponsors([proposal_id]) == {proposal_id: [ben.member_id, eve.member_id]}
    history = (await reads.histories([proposal_id]))[proposal_id]
    assert [(step.status, step.by_id) for step in history][-1] == (Status.VOTING, None)


async def test_the_other_action_makes_another_proposal_after_a_failure(database: Hall, clock: Clock) -> None:
    (ada,) = await database.seat([1])
    first, second = SetWeight(ada.member_id, 2), SetWeight(ada.member_id, 3)
    for action in (first, first, second):
        await database.proposals.create(ada, Edit(title="T", body="B", action=action))
    await database.proposals.open(ada, 1)
    await database.proposals.start(ada, 1)
    clock.forward(hours=72)
    assert await database.proposals.sweep() == 1
    with pytest.raises(Conflict, match=r"^Proposal 1 said the same and failed within 30 days"):
        await database.proposals.open(ada, 2)
    await database.proposals.open(ada, 3)
