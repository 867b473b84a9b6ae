"""Twins that vote in the first second: no member is overtaken by its own twin, or by anybody else's."""

from datetime import timedelta

import pytest

from domain.errors import Conflict, NoVotingPower, VotingClosed
from domain.rules import Rules
from domain.tally import Choice
from tests.attacks.conftest import Found
from tests.attacks.houses import House

PASSED = "PASSED QUORUM_AND_MAJORITY"


async def test_twins_in_the_first_second_end_nothing_before_their_members_could_object(found: Found) -> None:
    house = await found(Rules(override_minutes=60))
    members = await house.seat(1, 1, 1, 1, 1)
    proposal = await members[0].tables()
    for hand in members:
        await house.twin_casts(hand, proposal)
    assert (await house.counts(proposal), await house.status(proposal)) == ((5, 0, 0, 5), "VOTING")
    await house.after(minutes=59)
    assert await house.status(proposal) == "VOTING"
    for hand in members[:2]:
        await hand.cast(proposal, "AGAINST")
    await house.after(minutes=2)
    assert (await house.counts(proposal), await house.status(proposal)) == ((3, 2, 0, 5), "VOTING")
    await house.after(hours=71)
    assert await house.status(proposal) == "FAILED MAJORITY_NOT_REACHED"


async def test_twins_whose_members_say_nothing_count_once_the_time_to_object_is_over(found: Found) -> None:
    house = await found(Rules(override_minutes=60))
    members = await house.seat(1, 1, 1, 1, 1)
    proposal = await members[0].tables()
    for hand in members[:3]:
        await house.twin_casts(hand, proposal)
    await house.after(minutes=60)
    assert await house.status(proposal) == PASSED
    quorum = await house.quorum(proposal)
    assert (quorum["byTwins"], quorum["byMembers"], quorum["byDelegates"]) == (3, 0, 0)


async def test_mature_twins_close_nothing_before_the_least_voting_time(found: Found) -> None:
    house = await found(Rules(minimum_voting_minutes=60))
    members = await house.seat(1, 1, 1)
    proposal = await members[0].tables()
    for hand in members:
        await house.twin_casts(hand, proposal)
    await house.after(minutes=59)
    assert await house.status(proposal) == "VOTING"
    await house.after(minutes=1)
    assert await house.status(proposal) == PASSED


async def test_a_twin_that_changes_its_mind_waits_again(house: House) -> None:
    members = await house.seat(1, 1, 1)
    proposal = await members[0].tables()
    for hand in members:
        await house.twin_casts(hand, proposal, Choice.AGAINST)
    await house.after(minutes=5)
    for hand in members:
        await house.twin_casts(hand, proposal)
    assert (await house.counts(proposal), await house.status(proposal)) == ((3, 0, 0, 3), "VOTING")
    await house.after(minutes=1)
    assert await house.status(proposal) == PASSED


async def test_a_member_and_young_twins_together_close_nothing(house: House) -> None:
    members = await house.seat(1, 1, 1, 1, 1)
    proposal = await members[0].tables()
    await house.twin_casts(members[0], proposal)
    for hand in members[1:3]:
        await hand.cast(proposal)
    assert (await house.counts(proposal), await house.status(proposal)) == ((3, 0, 0, 5), "VOTING")


async def test_what_young_twins_say_against_is_not_overlooked(house: House) -> None:
    members = await house.seat(1, 1, 1, 1, 1)
    proposal = await members[0].tables()
    for hand in members[3:]:
        await house.twin_casts(hand, proposal, Choice.AGAINST)
    for hand in members[:3]:
        await hand.cast(proposal)
    assert (await house.counts(proposal), await house.status(proposal)) == ((3, 2, 0, 5), "VOTING")


async def test_young_abstentions_do_not_make_the_quorum(house: House) -> None:
    members = await house.seat(1, 1, 1, 1, 1)
    proposal = await members[0].tables()
    await members[0].cast(proposal)
    for hand in members[1:3]:
        await house.twin_casts(hand, proposal, Choice.ABSTAIN)
    assert (await house.counts(proposal), await house.status(proposal)) == ((1, 0, 2, 5), "VOTING")


async def test_a_young_twin_closes_nothing_for_those_who_follow_it(house: House) -> None:
    head, *givers = await house.seat(1, 1, 1, 1)
    for giver in givers:
        await giver.delegates(head)
    proposal = await head.tables()
    await house.twin_casts(head, proposal)
    assert (await house.counts(proposal), await house.status(proposal)) == ((4, 0, 0, 4), "VOTING")
    for giver in givers[:3]:
        await giver.cast(proposal, "AGAINST")
    await house.after(minutes=1)
    assert (await house.counts(proposal), await house.status(proposal)) == ((1, 3, 0, 4), "VOTING")


@pytest.mark.parametrize("twin_first", [True, False])
async def test_the_members_own_ballot_stands_before_and_after_its_twins(house: House, twin_first: bool) -> None:
    hand, *_ = await house.seat(1, 1, 1)
    proposal = await hand.tables()
    if twin_first:
        await house.twin_casts(hand, proposal)
        assert await house.counts(proposal) == (1, 0, 0, 3)
    said = await hand.cast(proposal, "AGAINST")
    with pytest.raises(Conflict):
        await house.twin_casts(hand, proposal)
    assert (said["vote"]["castBy"], await house.counts(proposal)) == ("MEMBER", (0, 1, 0, 3))


async def test_who_does_not_accept_twins_is_not_carried_by_one(house: House) -> None:
    head, trusting, wary = await house.seat(1, 2, 4)
    await trusting.delegates(head)
    await wary.delegates(head, acceptsTwin=False)
    proposal = await head.tables()
    await house.twin_casts(head, proposal)
    assert await house.counts(proposal) == (3, 0, 0, 7)
    await head.cast(proposal, "AGAINST")
    assert await house.counts(proposal) == (0, 7, 0, 7)


async def test_a_twin_has_no_more_rights_than_its_member(house: House) -> None:
    [author] = await house.seat(1)
    proposal = await author.opens()
    with pytest.raises(VotingClosed):
        await house.twin_casts(author, proposal)
    await author.do("startVoting", proposalId=proposal)
    late = await house.enters("late")
    with pytest.raises(NoVotingPower):
        await house.twin_casts(late, proposal)
    house.clock.now += timedelta(hours=72)
    with pytest.raises(VotingClosed):
        await house.twin_casts(author, proposal)


async def test_a_twins_acts_do_not_make_its_member_active(house: House) -> None:
    """So that a whenInactive delegation still acts for who left everything to its twin."""
    head, sleeper = await house.seat(1, 1)
    await sleeper.delegates(head, whenInactive=True)
    house.clock.now += timedelta(days=80)
    first = await head.tables("First")
    await house.twin_casts(sleeper, first)
    house.clock.now += timedelta(days=11)
    await house.works()
    second = await head.tables("Second")
    await head.cast(second)
    assert await house.counts(second) == (2, 0, 0, 2)


async def test_no_request_casts_in_the_name_of_a_twin(house: House) -> None:
    [author] = await house.seat(1)
    proposal = await author.tables()
    forged = """mutation ($p: ID!) { castVote(input: {proposalId: $p, choice: FOR, castBy: TWIN}) { vote { id } } }"""
    assert await author.codes(forged, p=proposal) != []
    assert (await house.quorum(proposal))["voters"] == 0
