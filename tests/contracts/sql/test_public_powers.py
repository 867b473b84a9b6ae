"""The weight that follows each public vote: all of them together are the tally, whatever was given to whom."""

import pytest

from adapters.sql.public import SqlPublicReads
from adapters.sql.resolutions import SqlResolutionReads
from domain.members import Viewer
from domain.public import Condition, Test, VoteField, Window
from domain.rules import EarlyClose, Rules
from domain.tally import CastBy, Choice
from evals.hall import Hall, Silence
from services.delegations import Delegations, Mandate
from services.resolutions import Resolutions
from services.votes import Said
from tests.contracts.sql.sharing import ruled
from tests.contracts.sql.times import Clock

YES, NO = Said(Choice.FOR), Said(Choice.AGAINST)


async def powers(database: Hall, proposal_id: int) -> dict[int, int]:
    """By member; the mightiest first."""
    asked = [Condition(VoteField.PROPOSAL, Test.IS, proposal_id)]
    found = await SqlPublicReads(database.reader).votes(asked, Window(99, 0, VoteField.VP))
    return {shown.vote.ballot.member_id: shown.power for shown in found}


@pytest.fixture
async def seated(database: Hall) -> list[Viewer]:
    """Of weight 1, 2, 4, 8 and 16: the second gave to the first, the third to the second, the fourth to the fifth."""
    await ruled(database, Rules(early_close=EarlyClose.NEVER))
    viewers = await database.seat([1, 2, 4, 8, 16])
    for giver, receiver in ((1, 0), (2, 1), (3, 4)):
        await Delegations(database.transact).give(viewers[giver], Mandate(to=viewers[receiver].member_id))
    return viewers


async def test_a_delegates_vote_has_its_givers_weight(database: Hall, seated: list[Viewer]) -> None:
    one, two, _, four, five = seated
    proposal_id = await database.put_to_vote(one, "One")
    await database.votes.cast(one, proposal_id, YES)
    assert await powers(database, proposal_id) == {one.member_id: 7}
    await database.votes.cast(two, proposal_id, NO)
    assert await powers(database, proposal_id) == {two.member_id: 6, one.member_id: 1}
    await database.votes.cast(five, proposal_id, NO, by=CastBy.TWIN)
    found = await powers(database, proposal_id)
    assert list(found.items()) == [(five.member_id, 24), (two.member_id, 6), (one.member_id, 1)]
    await database.votes.cast(four, proposal_id, YES)
    assert await powers(database, proposal_id) == {
        five.member_id: 16,
        four.member_id: 8,
        two.member_id: 6,
        one.member_id: 1,
    }


async def test_powers_are_compared_and_found_before_a_ballot(database: Hall, seated: list[Viewer]) -> None:
    proposal_id = await database.put_to_vote(seated[0], "One")
    reads = SqlPublicReads(database.reader)
    assert [await reads.frozen_power(proposal_id, viewer.member_id) for viewer in seated] == [7, 6, 4, 8, 24]
    await database.votes.cast(seated[0], proposal_id, YES)
    for test, asked, found in ((Test.ABOVE, 6.5, 1), (Test.IS, 7.0, 1), (Test.IS, 1.0, 0), (Test.BELOW, 7.0, 0)):
        of = [Condition(VoteField.PROPOSAL, Test.IS, proposal_id), Condition(VoteField.VP, test, asked)]
        assert len(await reads.votes(of, Window(9, 0, VoteField.CREATED))) == found


async def test_after_the_close_the_powers_are_the_tally(database: Hall, seated: list[Viewer], clock: Clock) -> None:
    one, *_, five = seated
    proposal_id = await database.put_to_vote(one, "One")
    for viewer, said in ((one, YES), (five, NO)):
        await database.votes.cast(viewer, proposal_id, said)
    clock.forward(days=3)
    assert await database.proposals.close(proposal_id)
    await Resolutions(database.transact, SqlResolutionReads(database.reader), Silence()).derive(1)
    tally = (await database.transact(lambda work: work.proposals.locked(proposal_id))).tally
    found = await powers(database, proposal_id)
    assert found == {one.member_id: tally.in_favour, five.member_id: tally.against}
    assert sum(found.values()) == tally.participating == 31
