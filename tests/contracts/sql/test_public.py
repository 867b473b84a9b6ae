"""What anybody may read: from OPEN on, and nothing of a vote that is hidden until its close."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from adapters.sql.proposals import ProposalRow
from adapters.sql.public import SqlPublicReads
from domain.members import Role, Viewer
from domain.proposals import Status
from domain.public import Condition, Deed, ProposalField, State, Test, VoteField, Window
from domain.tally import Choice
from evals.hall import Hall
from services.votes import Said
from tests.contracts.sql.times import T0, Clock

ALL = Window(1_000, 0, ProposalField.CREATED)
ALL_VOTES = Window(1_000, 0, VoteField.CREATED)


@dataclass
class Hidden:
    """A vote of which nothing may show, and an open one beside it."""

    reads: SqlPublicReads
    author: Viewer
    sealed: int
    plain: int


async def hide(database: Hall, proposal_id: int) -> None:
    """As a proposal's own rules say it."""
    rules = await database.reader(
        lambda session: session.scalar(select(ProposalRow).where(col(ProposalRow.id) == proposal_id))
    )
    assert rules is not None
    hidden = {**rules.rules, "hidden_until_close": True}
    await database.writer(
        lambda session: session.execute(
            update(ProposalRow).where(col(ProposalRow.id) == proposal_id).values(rules=hidden, hidden=True)
        )
    )


@pytest.fixture
async def hidden(database: Hall, clock: Clock) -> Hidden:
    author, ben, *_ = await database.seat([1] * 9)
    sealed = await database.put_to_vote(author, "Sealed")
    plain = await database.put_to_vote(author, "Plain")
    clock.forward(minutes=5)
    for proposal_id in (sealed, plain):
        await database.votes.cast(author, proposal_id, Said(Choice.FOR, reason="Because."))
        await database.votes.cast(ben, proposal_id, Said(Choice.AGAINST))
    await hide(database, sealed)
    return Hidden(SqlPublicReads(database.reader), author, sealed, plain)


async def test_of_a_sealed_vote_nothing_moves(hidden: Hidden) -> None:
    found = {shown.proposal.id: shown for shown in await hidden.reads.proposals([], ALL)}
    shown = found[hidden.sealed]
    assert (shown.sealed, shown.hidden, shown.state) == (True, True, State.ACTIVE)
    assert (shown.proposal.tally.participating, shown.proposal.tally.voters, shown.proposal.tally.eligible) == (0, 0, 9)
    assert (shown.proposal.seq, shown.proposal.changed_at) == (0, T0)
    plain = found[hidden.plain]
    assert (plain.sealed, plain.hidden, plain.proposal.tally.voters) == (False, False, 2)


async def test_sealed_votes_are_in_no_list_count_or_log(hidden: Hidden, clock: Clock) -> None:
    votes = await hidden.reads.votes([], ALL_VOTES)
    assert {shown.vote.ballot.proposal_id for shown in votes} == {hidden.plain}
    for asked in (
        Condition(VoteField.PROPOSAL, Test.IS, hidden.sealed),
        Condition(VoteField.REASON, Test.IS, "Because."),
        Condition(VoteField.VOTER, Test.IS, hidden.author.member_id),
    ):
        found = await hidden.reads.votes([asked], ALL_VOTES)
        assert all(shown.vote.ballot.proposal_id != hidden.sealed for shown in found)
    counts = await hidden.reads.counts(at=clock.at)
    assert (counts.proposals, counts.active, counts.proposals_1d, counts.votes) == (2, 2, 2, 2)
    assert await hidden.reads.votes_since(T0) == 2
    log = (await hidden.reads.activity_page(None, 100)).rows
    assert sorted((each.proposal_number, each.deed) for each in log if each.deed is Deed.VOTED) == [
        (2, Deed.VOTED),
        (2, Deed.VOTED),
    ]


@pytest.mark.parametrize(
    ("test", "asked", "numbers"), [(Test.ABOVE, 0, [2]), (Test.IS, 0, [1]), (Test.BELOW, 3, [2, 1]), (Test.IS, 2, [2])]
)
async def test_no_filter_counts_what_is_sealed(hidden: Hidden, test: Test, asked: int, numbers: list[int]) -> None:
    found = await hidden.reads.proposals([Condition(ProposalField.VOTES, test, asked)], ALL)
    assert sorted((shown.proposal.number for shown in found), reverse=True) == numbers


async def test_no_order_counts_what_is_sealed(hidden: Hidden, database: Hall) -> None:
    untouched = await database.put_to_vote(hidden.author, "Untouched")
    by_votes = await hidden.reads.proposals([], Window(10, 0, ProposalField.VOTES))
    assert [shown.proposal.id for shown in by_votes] == [hidden.plain, hidden.sealed, untouched]


async def test_a_cancelled_hidden_vote_stays_sealed(hidden: Hidden, database: Hall) -> None:
    admin = Viewer(hidden.author.member_id, Role.ADMIN)
    await database.proposals.cancel(admin, hidden.sealed, reason="No.")
    [shown] = (await hidden.reads.proposals_by_ids([hidden.sealed])).values()
    assert (shown.sealed, shown.state, shown.proposal.tally.voters) == (True, State.CLOSED, 0)
    assert await hidden.reads.votes([Condition(VoteField.PROPOSAL, Test.IS, hidden.sealed)], ALL_VOTES) == []
    final = Condition(ProposalField.SCORES_STATE, Test.IS, "final")
    assert await hidden.reads.proposals([final], ALL) == []


async def test_a_draft_never_shows(database: Hall, clock: Clock) -> None:
    (ada,) = await database.seat([1])
    reads = SqlPublicReads(database.reader)
    draft, withdrawn = await database.propose(ada, "Draft"), await database.propose(ada, "Withdrawn")
    await database.proposals.cancel(ada, withdrawn, reason="No.")
    opened = await database.propose(ada, "Opened")
    await database.proposals.open(ada, opened)
    clock.forward(minutes=1)
    await database.proposals.cancel(ada, opened, reason="No.")
    [shown] = await reads.proposals([], ALL)
    assert (shown.proposal.id, shown.proposal.status) == (opened, Status.CANCELLED)
    assert (shown.starts_at, shown.ends_at) == (clock.at, clock.at)
    assert await reads.proposals_by_ids([draft, withdrawn]) == {}
    assert [await reads.proposal_by_number(number) for number in (1, 2)] == [None, None]
    assert (await reads.counts(at=clock.at)).proposals == 1
    assert [(each.deed, each.proposal_number) for each in (await reads.activity_page(None, 10)).rows] == [
        (Deed.CANCELLED, 3),
        (Deed.CREATED, 3),
    ]


async def test_pages_of_activities_join_though_their_times_are_equal(database: Hall) -> None:
    seated = await database.seat([1] * 9)
    proposal_id = await database.put_to_vote(seated[0], "One")
    for viewer in seated[:4]:
        await database.votes.cast(viewer, proposal_id, Said(Choice.FOR))
    reads, key, found = SqlPublicReads(database.reader), None, []
    while True:
        page = await reads.activity_page(key, 2)
        found += page.rows
        if not page.has_next:
            break
        key = page.keys[-1]
    assert found == (await reads.activity_page(None, 100)).rows
    assert sorted((each.deed, each.member_id) for each in found) == sorted(
        [(Deed.CREATED, seated[0].member_id), (Deed.STARTED, seated[0].member_id)]
        + [(Deed.VOTED, viewer.member_id) for viewer in seated[:4]]
    )


async def test_weights_are_frozen_a_proposal(database: Hall) -> None:
    ada, ben = await database.seat([2, 3])
    proposal_id = await database.put_to_vote(ada, "One")
    (late,) = await database.seat([5], prefix="late")
    reads = SqlPublicReads(database.reader)
    frozen = [await reads.frozen_power(proposal_id, viewer.member_id) for viewer in (ada, ben, late)]
    assert frozen == [2, 3, 0]
    assert [await reads.weight(viewer.member_id) for viewer in (ada, late)] == [2, 5]
    assert await reads.weight(99) == 0


async def test_numbers_are_compared_as_numbers(database: Hall) -> None:
    ada, ben, *_ = await database.seat([2, 3, 90])
    proposal_id = await database.put_to_vote(ada, "One")
    for viewer in (ada, ben):
        await database.votes.cast(viewer, proposal_id, Said(Choice.FOR))
    reads = SqlPublicReads(database.reader)

    async def weights(test: Test, asked: float | tuple[float, ...]) -> list[int]:
        rows = await reads.votes([Condition(VoteField.VP, test, asked)], Window(9, 0, VoteField.VP, descending=False))
        return [shown.power for shown in rows]

    assert await weights(Test.ABOVE, 2.5) == [3]
    assert await weights(Test.UP_TO, 2) == [2]
    assert await weights(Test.IN, (2.0, 7.5)) == [2]
    assert await weights(Test.NOT_IN, (2.0, 7.5)) == [3]
    assert await weights(Test.IS_NOT, 3.0) == [2]
