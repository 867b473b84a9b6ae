"""Electorates are frozen, votes keep their id and every ballot."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlmodel import col

from adapters.sql.pages import rows_of
from adapters.sql.proposal_reads import SqlProposalReads
from adapters.sql.vote_reads import SqlVoteReads
from adapters.sql.votes import BallotRow, VoteRow
from domain.errors import AlreadyResolved, BadInput, NotFound, NoVotingPower, VotingClosed
from domain.members import Role, Viewer
from domain.proposals import Status
from domain.tally import CastBy, Choice, Tally
from domain.transactions import Work
from domain.votes import Ballot
from evals.hall import Hall
from services.votes import Said
from tests.contracts.sql.times import T0, Clock


async def tally_of(database: Hall, viewer: Viewer, proposal_id: int) -> Tally:
    return (await SqlProposalReads(database.reader).by_ids(viewer, [proposal_id]))[proposal_id].tally


async def weigh(database: Hall, viewer: Viewer, weight: int, *, admitted: bool = True) -> None:
    def command(work: Work) -> None:
        member = work.members.by_id(viewer.member_id)
        work.members.save(replace(member, weight=weight, admitted=admitted))

    await database.transact(command)


async def test_a_ballot_is_kept_as_it_was_cast(database: Hall) -> None:
    ada, ben = await database.seat([2, 3])
    proposal_id = await database.put_to_vote(ada, "One")
    cast = await database.votes.cast(ben, proposal_id, Said(Choice.ABSTAIN, confidence=0.25, reason=" Why not "))
    vote = (await SqlVoteReads(database.reader).own(ben, [proposal_id]))[proposal_id]
    assert vote.ballot == Ballot(proposal_id, ben.member_id, Choice.ABSTAIN, 3, CastBy.MEMBER, 0.25, "Why not")
    assert (vote.id, vote.revision, vote.cast_at) == (cast.vote_id, 1, T0)
    assert await tally_of(database, ada, proposal_id) == Tally(5, abstain=3, voters=1, own_abstain=3)
    assert await SqlVoteReads(database.reader).own(ada, [proposal_id]) == {}


async def test_a_change_of_mind_keeps_the_id_and_every_revision(database: Hall, clock: Clock) -> None:
    ada, ben = await database.seat([1, 9])
    proposal_id = await database.put_to_vote(ben, "One")
    ids = []
    for choice in (Choice.FOR, Choice.AGAINST, Choice.AGAINST, Choice.ABSTAIN):
        clock.forward(seconds=1)
        cast = await database.votes.cast(ada, proposal_id, Said(choice, reason=f"{choice} now"))
        ids.append(cast.vote_id)
    ballots = await rows_of(database.reader, select(BallotRow).order_by(col(BallotRow.revision)))
    assert ids == [ids[0]] * 4
    assert [(row.vote_id, row.revision, row.choice, row.reason) for row in ballots] == [
        (ids[0], 1, "FOR", "FOR now"),
        (ids[0], 2, "AGAINST", "AGAINST now"),
        (ids[0], 3, "AGAINST", "AGAINST now"),
        (ids[0], 4, "ABSTAIN", "ABSTAIN now"),
    ]
    vote = (await SqlVoteReads(database.reader).by_ids(ben, ids[:1]))[ids[0]]
    assert (vote.revision, vote.ballot.choice, vote.cast_at) == (4, Choice.ABSTAIN, clock.at)
    assert await tally_of(database, ada, proposal_id) == Tally(10, abstain=1, voters=1, own_abstain=1)


async def test_weights_are_those_of_the_start(database: Hall) -> None:
    ada, ben, eve = await database.seat([1, 1, 0])
    (gus,) = await database.seat([5], prefix="pending")
    await weigh(database, gus, 5, admitted=False)
    proposal_id = await database.put_to_vote(ada, "One")
    await weigh(database, ben, 500)
    await weigh(database, eve, 500)
    await weigh(database, gus, 5)
    (late,) = await database.seat([7], prefix="late")
    await database.votes.cast(ben, proposal_id, Said(Choice.AGAINST))
    assert await tally_of(database, ada, proposal_id) == Tally(2, against=1, voters=1, own_against=1)
    for viewer in (eve, gus, late):
        with pytest.raises(NoVotingPower, match=r"^You had no weight when voting started.$") as refused:
            await database.votes.cast(viewer, proposal_id, Said(Choice.FOR))
        assert refused.value.field == ("proposalId",)
    frozen = await rows_of(database.reader, select(VoteRow).order_by(col(VoteRow.member_id)))
    assert [(row.member_id, row.weight, row.revision) for row in frozen] == [
        (ada.member_id, 1, 0),
        (ben.member_id, 1, 1),
    ]
    later = await database.put_to_vote(ben, "Two")
    assert (await tally_of(database, ada, later)).eligible == 1 + 500 + 500 + 5 + 7


async def test_a_vote_is_refused_with_the_reason_of_its_state(database: Hall, clock: Clock) -> None:
    ada, ben = await database.seat([1, 3])
    draft = await database.propose(ada, "Draft")
    with pytest.raises(NotFound):
        await database.votes.cast(ben, draft, Said(Choice.FOR))
    with pytest.raises(VotingClosed):
        await database.votes.cast(ada, draft, Said(Choice.FOR))
    with pytest.raises(VotingClosed):
        await database.votes.cast(Viewer(ben.member_id, Role.ADMIN), draft, Said(Choice.FOR))
    with pytest.raises(NotFound):
        await database.votes.cast(ada, 999, Said(Choice.FOR))
    await database.proposals.open(ada, draft)
    with pytest.raises(VotingClosed):
        await database.votes.cast(ben, draft, Said(Choice.FOR))
    await database.proposals.start(ada, draft)
    with pytest.raises(BadInput, match=r"^Give a choice"):
        await database.votes.cast(ben, draft, Said())
    clock.forward(hours=72)
    with pytest.raises(VotingClosed):
        await database.votes.cast(ben, draft, Said(Choice.FOR))
    await database.proposals.close(draft)
    with pytest.raises(AlreadyResolved):
        await database.votes.cast(ben, draft, Said(Choice.FOR))


async def test_the_last_millisecond_counts_and_the_next_does_not(database: Hall, clock: Clock) -> None:
    ada, ben = await database.seat([1, 9])
    proposal_id = await database.put_to_vote(ada, "One")
    clock.forward(hours=72, milliseconds=-1)
    await database.votes.cast(ada, proposal_id, Said(Choice.FOR))
    assert not await database.proposals.close(proposal_id)
    clock.forward(milliseconds=1)
    with pytest.raises(VotingClosed):
        await database.votes.cast(ben, proposal_id, Said(Choice.FOR))
    assert await tally_of(database, ada, proposal_id) == Tally(10, in_favour=1, voters=1, own_in_favour=1)


async def test_the_deciding_ballot_resolves_in_its_own_transaction(database: Hall) -> None:
    ada, ben = await database.seat([59, 1])
    await database.seat([40], prefix="rest")
    proposal_id = await database.put_to_vote(ada, "One")
    await database.votes.cast(ada, proposal_id, Said(Choice.FOR))
    cast = await database.votes.cast(ben, proposal_id, Said(Choice.ABSTAIN))
    assert cast.proposal is not None
    assert cast.proposal.status is Status.PASSED
    proposal = (await SqlProposalReads(database.reader).by_ids(ben, [proposal_id]))[proposal_id]
    assert (proposal.status, proposal.tally) == (
        Status.PASSED,
        Tally(100, 59, 0, 1, 2, own_in_favour=59, own_abstain=1),
    )
    with pytest.raises(AlreadyResolved):
        await database.votes.cast(ada, proposal_id, Said(Choice.AGAINST))


async def test_a_refused_ballot_leaves_nothing(database: Hall) -> None:
    ada, ben = await database.seat([1, 9])
    proposal_id = await database.put_to_vote(ada, "One")
    before = (await SqlProposalReads(database.reader).by_ids(ada, [proposal_id]))[proposal_id]
    with pytest.raises(BadInput):
        await database.votes.cast(ben, proposal_id, Said(Choice.FOR, confidence=2))
    after = (await SqlProposalReads(database.reader).by_ids(ada, [proposal_id]))[proposal_id]
    assert after == before
    assert await rows_of(database.reader, select(BallotRow)) == []
