"""Proposals: kept whole, seen by whom they may, numbered without a gap, found by what is asked."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from adapters.sql.outbox_rows import OutboxRow
from adapters.sql.pages import rows_of
from adapters.sql.proposal_reads import SqlProposalReads
from adapters.sql.proposals import ProposalRow, StatusChangeRow
from adapters.sql.topics import SqlTopicReads
from domain.actions import SetRules
from domain.drafts import OPTIONAL, Draft, Edit
from domain.errors import BadInput, Conflict, Forbidden, NotFound
from domain.members import Role, Viewer
from domain.pages import Slice
from domain.proposals import Proposal, ProposalFilter, ProposalOrder, Status
from domain.rules import EarlyClose, Rules, RulesChoice, VotingSystem
from domain.tally import CastBy, Choice, Tally
from domain.topics import PolicyTopic
from domain.transactions import Work
from evals.hall import Hall, hall
from services.votes import Said
from tests.contracts.sql.times import T0, Clock

NEWEST = ProposalOrder.CREATED_DESC


def admin(viewer: Viewer) -> Viewer:
    return Viewer(viewer.member_id, Role.ADMIN)


async def seen(database: Hall, viewer: Viewer, proposal_id: int) -> Proposal | None:
    return (await SqlProposalReads(database.reader).by_ids(viewer, [proposal_id])).get(proposal_id)


async def seen_by(database: Hall, viewer: Viewer, proposal_id: int) -> Proposal:
    proposal = await seen(database, viewer, proposal_id)
    assert proposal is not None
    return proposal


async def found(database: Hall, viewer: Viewer, where: ProposalFilter) -> list[str]:
    page = await SqlProposalReads(database.reader).page(viewer, Slice(), where, NEWEST)
    assert await page.count() == len(page.rows)
    return [proposal.title for proposal in page.rows]


async def test_a_draft_is_kept_whole(database: Hall) -> None:
    (ada,) = await database.seat([1])
    choice = RulesChoice(voting_minutes=10, early_close=EarlyClose.NEVER)
    made = await database.proposals.create(ada, Edit(" T ", "B", ["Rent", "Heating"], choice))
    proposal_id = int(made["proposal"] or 0)
    proposal = await seen_by(database, ada, proposal_id)
    topics = await SqlTopicReads(database.reader).by_ids(ada, list(proposal.topic_ids))
    assert [topics[topic_id].title for topic_id in proposal.topic_ids] == ["Rent", "Heating"]
    assert proposal == Proposal(
        id=proposal_id,
        number=1,
        draft=Draft("T", "B", choice=choice),
        status=Status.DRAFT,
        author_id=ada.member_id,
        topic_ids=proposal.topic_ids,
        created_at=T0,
        changed_at=T0,
        rules=Rules(voting_minutes=10, early_close=EarlyClose.NEVER),
        transaction_id=proposal.transaction_id,
    )


async def test_an_edit_changes_what_it_gives_and_keeps_the_rest(database: Hall, clock: Clock) -> None:
    (ada,) = await database.seat([1])
    made = await database.proposals.create(ada, Edit("T", "B", ["Rent", "Heating"], RulesChoice(voting_minutes=10)))
    proposal_id = int(made["proposal"] or 0)
    before = await seen_by(database, ada, proposal_id)
    clock.forward(minutes=1)
    await database.proposals.update(ada, proposal_id, Edit(body="C"))
    after = await seen_by(database, ada, proposal_id)
    draft = replace(before.draft, body="C")
    assert after == replace(before, draft=draft, seq=1, changed_at=clock.at, transaction_id=after.transaction_id)
    await database.proposals.update(ada, proposal_id, Edit(topics=["Heating"]))
    assert (await seen_by(database, ada, proposal_id)).topic_ids == before.topic_ids[1:]
    await database.proposals.update(ada, proposal_id, Edit(topics=[]))
    assert (await seen_by(database, ada, proposal_id)).topic_ids == ()


async def test_two_steps_in_one_transaction_see_each_other(database: Hall) -> None:
    (ada,) = await database.seat([1])

    def command(work: Work) -> tuple[Status, Status]:
        made = work.proposals.add(ada.member_id, Draft("T", "B"), Rules(), (), at=work.now())
        work.proposals.save(work.proposals.locked(made.id).opened(Rules(), at=work.now()))
        opened = work.proposals.locked(made.id)
        work.proposals.save(opened.started(1, at=work.now()))
        return opened.status, work.proposals.locked(made.id).status

    assert await database.transact(command) == (Status.OPEN, Status.VOTING)


async def test_the_history_of_states_is_kept(database: Hall, clock: Clock) -> None:
    ada, ben = await database.seat([1, 1])
    proposal_id = await database.put_to_vote(ada, "One")
    await database.votes.cast(ada, proposal_id, Said(Choice.FOR))
    await database.votes.cast(ben, proposal_id, Said(Choice.FOR))
    clock.forward(hours=1)
    await database.proposals.implement(admin(ben), proposal_id, " Invoice 7 ")
    rows = await rows_of(database.reader, select(StatusChangeRow).order_by(col(StatusChangeRow.id)))
    assert [(row.status, row.by_id, row.reason, row.at) for row in rows] == [
        ("DRAFT", ada.member_id, "", T0),
        ("OPEN", ada.member_id, "", T0),
        ("VOTING", ada.member_id, "", T0),
        ("PASSED", None, "QUORUM_AND_MAJORITY", T0),
        ("IMPLEMENTED", ben.member_id, "Invoice 7", clock.at),
    ]


async def test_starting_enqueues_the_close_at_the_end(database: Hall) -> None:
    (ada,) = await database.seat([1])
    proposal_id = await database.put_to_vote(ada, "One")
    (job,) = await rows_of(database.reader, select(OutboxRow).where(col(OutboxRow.kind) == "job"))
    assert (job.name, job.args, job.due_at) == ("close", {"args": [proposal_id]}, T0 + timedelta(hours=72))


async def test_a_draft_of_another_is_not_there(database: Hall) -> None:
    ada, ben = await database.seat([1, 1])
    draft = await database.propose(ada, "Draft")
    reads = SqlProposalReads(database.reader)
    for viewer, visible in ((ada, True), (admin(ben), True), (ben, False)):
        assert [
            await seen(database, viewer, draft) is not None,
            await reads.by_number(viewer, 1) is not None,
            await found(database, viewer, ProposalFilter()) == ["Draft"],
        ] == [visible] * 3
    for act in (database.proposals.open, database.proposals.start):
        with pytest.raises(NotFound):
            await act(ben, draft)
    with pytest.raises(NotFound):
        await database.proposals.update(ben, draft, Edit(title="Mine"))
    with pytest.raises(NotFound):
        await database.proposals.cancel(ben, draft, "no")
    with pytest.raises(Forbidden):
        await database.proposals.open(admin(ben), draft)


async def test_a_step_out_of_turn_conflicts_and_leaves_nothing(database: Hall) -> None:
    (ada,) = await database.seat([1])
    proposal_id = await database.put_to_vote(ada, "One")
    before = await seen(database, ada, proposal_id)
    for act in (database.proposals.open, database.proposals.start):
        with pytest.raises(Conflict):
            await act(ada, proposal_id)
    with pytest.raises(Conflict):
        await database.proposals.update(ada, proposal_id, Edit(title="Other"))
    with pytest.raises(Conflict):
        await database.proposals.cancel(ada, proposal_id, "losing")
    assert await seen(database, ada, proposal_id) == before


async def test_two_starts_at_once_freeze_once(database: Hall, url: str, clock: Clock) -> None:
    (ada,) = await database.seat([1])
    proposal_id = await database.propose(ada, "One")
    await database.proposals.open(ada, proposal_id)
    async with hall(url, clock=clock) as other:
        starts = [one.proposals.start(ada, proposal_id) for one in (database, other, database, other)]
        outcomes = await asyncio.gather(*starts, return_exceptions=True)
    assert sorted(isinstance(outcome, Conflict) for outcome in outcomes) == [False, True, True, True]


async def test_the_sweep_closes_what_has_ended_and_nothing_else(database: Hall, clock: Clock) -> None:
    ada, ben = await database.seat([1, 1])
    ended = await database.put_to_vote(ada, "Ended")
    clock.forward(hours=1)
    running = await database.put_to_vote(ada, "Running")
    cancelled = await database.put_to_vote(ben, "Cancelled")
    await database.proposals.cancel(admin(ada), cancelled, "by mistake")
    clock.forward(hours=71)
    assert await database.proposals.sweep() == 1
    assert await database.proposals.sweep() == 0
    states = [(await seen_by(database, ada, one)).status for one in (ended, running, cancelled)]
    assert states == [Status.FAILED, Status.VOTING, Status.CANCELLED]


async def test_numbers_leave_no_gap_when_creations_race_and_some_fail(database: Hall, url: str, clock: Clock) -> None:
    ada, ben = await database.seat([1, 1])
    async with hall(url, clock=clock) as other:
        made = [
            (database, other)[number % 2].proposals.create(
                (ada, ben)[number % 2], Edit(title=f"T{number}", body="" if number % 5 == 0 else "B", topics=["x", "y"])
            )
            for number in range(20)
        ]
        outcomes = await asyncio.gather(*made, return_exceptions=True)
    assert sum(isinstance(outcome, BadInput) for outcome in outcomes) == 4
    numbers = await rows_of(database.reader, select(ProposalRow).order_by(col(ProposalRow.number)))
    assert [row.number for row in numbers] == list(range(1, 17))


async def test_a_list_is_filtered_by_everything_that_is_asked(database: Hall, clock: Clock) -> None:
    ada, ben = await database.seat([1, 1])
    await database.proposals.create(ada, Edit("100% Äpfel", "B", ["Food"]))
    clock.forward(days=1)
    await database.proposals.create(ada, Edit("1000 äpfel_", "B", ["Rent"]))
    await database.put_to_vote(ben, "Birnen")
    first = await SqlProposalReads(database.reader).by_number(ada, 1)
    assert first is not None
    topic_ids = first.topic_ids
    for where, titles in (
        (ProposalFilter(), ["Birnen", "1000 äpfel_", "100% Äpfel"]),
        (ProposalFilter(statuses=(Status.VOTING, Status.OPEN)), ["Birnen"]),
        (ProposalFilter(author_id=ada.member_id), ["1000 äpfel_", "100% Äpfel"]),
        (ProposalFilter(topic_id=topic_ids[0]), ["100% Äpfel"]),
        (ProposalFilter(title_contains="ÄPFEL"), ["1000 äpfel_", "100% Äpfel"]),
        (ProposalFilter(title_contains="0%"), ["100% Äpfel"]),
        (ProposalFilter(title_contains="l_"), ["1000 äpfel_"]),
        (ProposalFilter(created_after=T0), ["Birnen", "1000 äpfel_"]),
        (ProposalFilter(statuses=(Status.DRAFT,), title_contains="100", created_after=T0), ["1000 äpfel_"]),
    ):
        assert await found(database, ada, where) == titles


async def test_a_ballot_leaves_text_and_rules_alone(database: Hall) -> None:
    ada, ben = await database.seat([1, 9])
    made = await database.proposals.create(ada, Edit("T", "B" * 50_000, ["Rent"], RulesChoice(voting_minutes=10)))
    proposal_id = int(made["proposal"] or 0)
    await database.proposals.open(ada, proposal_id)
    await database.proposals.start(ada, proposal_id)
    before = await seen_by(database, ada, proposal_id)
    await database.votes.cast(ada, proposal_id, Said(Choice.AGAINST))
    after = await seen_by(database, ben, proposal_id)
    counted = Tally(10, against=1, voters=1, own_against=1)
    assert after == replace(before, tally=counted, seq=before.seq + 1, transaction_id=after.transaction_id)


async def test_everything_an_author_writes_is_kept(database: Hall, clock: Clock) -> None:
    (ada,) = await database.seat([1])
    (scope,) = await database.transact(lambda work: work.topics.ensure(["Rent"]))
    await database.transact(lambda work: work.topics.save(PolicyTopic(scope, "Rent", delegable=True)))
    among = Edit(
        title="T",
        body="B",
        system=VotingSystem.APPROVAL,
        options=["a", "b"],
        scope_id=scope,
        start_at=T0 + timedelta(hours=1),
        discussion_url="https://forum.example/7",
        choice=RulesChoice(strict=True),
    )
    proposal_id = int((await database.proposals.create(ada, among))["proposal"] or 0)
    draft = among.over(Draft(), at=T0)
    found = await seen_by(database, ada, proposal_id)
    assert (found.draft, found.rules) == (draft, Rules(strict=True, early_close=EarlyClose.NEVER))
    await database.proposals.update(ada, proposal_id, Edit(cleared=OPTIONAL))
    cleared = replace(draft, scope_id=None, start_at=None, discussion_url=None)
    assert (await seen_by(database, ada, proposal_id)).draft == cleared
    action = SetRules(RulesChoice(early_close=EarlyClose.NEVER))
    await database.proposals.update(ada, proposal_id, Edit(system=VotingSystem.BASIC, options=[], action=action))
    basic = replace(cleared, system=VotingSystem.BASIC, options=(), action=action)
    assert (await seen_by(database, ada, proposal_id)).draft == basic


async def test_a_draft_meets_the_daos_rules_again_when_it_is_opened(database: Hall) -> None:
    (ada,) = await database.seat([1])
    draft = await database.propose(ada, "One")
    await database.transact(
        lambda work: work.daos.save(replace(work.daos.current(), rules=Rules(quorum_percent=70, sponsors_needed=1)))
    )
    assert (await seen_by(database, ada, draft)).rules == Rules()
    await database.proposals.open(ada, draft)
    assert (await seen_by(database, ada, draft)).rules == Rules(quorum_percent=70, sponsors_needed=1)


async def test_where_certainty_ends_the_vote_an_own_ballot_is_final(database: Hall) -> None:
    ada, ben = await database.seat([66, 34])
    choice = RulesChoice(early_close=EarlyClose.WHEN_DECIDED)
    made = await database.proposals.create(ada, Edit(title="T", body="B", choice=choice))
    proposal_id = int(made["proposal"] or 0)
    await database.proposals.open(ada, proposal_id)
    await database.proposals.start(ada, proposal_id)
    await database.votes.cast(ada, proposal_id, Said(Choice.FOR), by=CastBy.TWIN)
    await database.votes.cast(ben, proposal_id, Said(Choice.AGAINST))
    with pytest.raises(Conflict, match=r"^Your ballot is final"):
        await database.votes.cast(ben, proposal_id, Said(Choice.FOR))
    assert (await seen_by(database, ada, proposal_id)).status is Status.VOTING
    await database.votes.cast(ada, proposal_id, Said(Choice.FOR))
    assert (await seen_by(database, ada, proposal_id)).status is Status.PASSED
