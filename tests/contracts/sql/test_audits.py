"""The audit log: one line an act, newest first, undone with what it tells of."""

from dataclasses import replace

import pytest

from adapters.sql.audits import SqlAuditReads
from domain.audits import Act, AuditEntry, Subject
from domain.errors import BadInput
from domain.members import Role, Viewer
from domain.pages import Slice
from domain.proposals import Status
from domain.tally import Choice, Tally
from domain.transactions import Work
from evals.hall import Hall
from services.votes import Said
from tests.contracts.sql.times import T0, Clock


async def test_an_act_is_kept_whole(database: Hall) -> None:
    (ada,) = await database.seat([1])

    def command(work: Work) -> tuple[AuditEntry, AuditEntry, str]:
        by_hand = work.audits.note(
            Act.MEMBER_ADMITTED, by=ada.member_id, reason="Known.", at=T0, subject=Subject("Member", 7)
        )
        return by_hand, work.audits.note(Act.CLOCK_JUMPED, by=None, reason="An hour.", at=T0), work.transaction_id

    first, second, transaction = await database.transact(command)
    assert first == AuditEntry(
        first.id, T0, ada.member_id, Act.MEMBER_ADMITTED, Subject("Member", 7), "Known.", transaction
    )
    assert second == AuditEntry(second.id, T0, None, Act.CLOCK_JUMPED, None, "An hour.", transaction)
    reads = SqlAuditReads(database.reader)
    assert await reads.by_ids([first.id, second.id, 99]) == {first.id: first, second.id: second}
    page = await reads.page(Slice())
    assert (page.rows, await page.count()) == ([second, first], 2)
    assert (await reads.page(Slice(size=1, after=page.keys[0]))).rows == [first]


async def test_what_is_undone_leaves_no_line(database: Hall) -> None:
    (ada,) = await database.seat([1])
    proposal_id = await database.put_to_vote(ada, "One")

    def broken(work: Work) -> None:
        work.audits.note(Act.RULES_SET, by=None, reason="Broken.", at=T0)
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError):
        await database.transact(broken)
    with pytest.raises(BadInput, match=r"^Give reason in 1 to 2000 characters.$"):
        await database.proposals.cancel(Viewer(ada.member_id, Role.ADMIN), proposal_id, " ")
    assert (await SqlAuditReads(database.reader).page(Slice())).rows == []


async def test_an_admins_acts_on_proposals_stand_in_it_and_an_authors_own_do_not(database: Hall, clock: Clock) -> None:
    ada, ben = await database.seat([1, 1])
    admin = Viewer(ben.member_id, Role.ADMIN)
    running, own = await database.put_to_vote(ada, "Running"), await database.propose(ada, "Own")
    await database.proposals.cancel(ada, own, "Not now.")
    clock.forward(hours=1)
    await database.proposals.resolve_stalled(admin, running, "It looks stuck.")
    await database.proposals.cancel(admin, running, " Spam. ")
    rows = (await SqlAuditReads(database.reader).page(Slice())).rows
    assert [(row.act, row.by_id, row.reason, row.subject, row.at) for row in rows] == [
        (Act.PROPOSAL_CANCELLED, ben.member_id, "Spam.", Subject("Proposal", running), clock.at),
        (
            Act.PROPOSAL_RECOUNTED,
            ben.member_id,
            "It looks stuck. (Recounted: the tally was right.)",
            Subject("Proposal", running),
            clock.at,
        ),
    ]


async def test_an_admin_who_is_the_author_too_cancels_in_voting_as_an_admin(database: Hall, clock: Clock) -> None:
    (ada,) = await database.seat([1])
    admin = Viewer(ada.member_id, Role.ADMIN)
    early, running = await database.propose(ada, "Early"), await database.put_to_vote(ada, "Running")
    await database.proposals.cancel(admin, early, "Not now.")
    await database.proposals.cancel(admin, running, "I am losing.")
    rows = (await SqlAuditReads(database.reader).page(Slice())).rows
    assert [(row.act, row.reason, row.subject) for row in rows] == [
        (Act.PROPOSAL_CANCELLED, "I am losing.", Subject("Proposal", running))
    ]


async def test_a_recount_that_mends_the_tally_decides_what_the_ballots_decide(database: Hall) -> None:
    ada, ben, _ = await database.seat([1, 1, 1])
    running = await database.put_to_vote(ada, "Running")

    def lose_the_count(work: Work) -> None:
        proposal = work.proposals.locked(running)
        work.proposals.save(replace(proposal, tally=Tally(eligible=3)))

    await database.votes.cast(ada, running, Said(Choice.FOR))
    await database.transact(lose_the_count)
    await database.votes.cast(ben, running, Said(Choice.FOR))
    assert await database.transact(lambda work: work.proposals.locked(running).running)
    await database.proposals.resolve_stalled(Viewer(ben.member_id, Role.ADMIN), running, "It looks stuck.")
    after = await database.transact(lambda work: work.proposals.locked(running))
    assert (after.status, after.tally.in_favour, after.tally.eligible) == (Status.PASSED, 2, 3)
    (row,) = (await SqlAuditReads(database.reader).page(Slice())).rows
    assert row.reason == "It looks stuck. (Recounted: the tally was mended.)"
