"""A fast minority, a last second, a plurality: nobody ends a vote before the rules do, or decides it after."""

from datetime import timedelta

import pytest

from domain.errors import AlreadyResolved
from domain.rules import EarlyClose, Rules
from tests.attacks.conftest import Found
from tests.attacks.houses import House


async def test_a_fast_minority_cannot_close_before_the_rest_wakes(found: Found) -> None:
    house = await found(Rules(minimum_voting_minutes=60))
    members = await house.seat(1, 1, 1, 1, 1)
    proposal = await members[0].tables()
    for fast in members[:4]:
        await fast.cast(proposal)
    assert (await house.counts(proposal), await house.status(proposal)) == ((4, 0, 0, 5), "VOTING")
    await house.after(minutes=59)
    assert await house.status(proposal) == "VOTING"
    await members[4].cast(proposal, "AGAINST")
    await members[3].cast(proposal, "AGAINST")
    await house.after(minutes=1)
    assert (await house.counts(proposal), await house.status(proposal)) == ((3, 2, 0, 5), "VOTING")
    await house.after(hours=71)
    assert await house.status(proposal) == "FAILED MAJORITY_NOT_REACHED"


async def test_a_vote_that_nobody_opposes_closes_when_the_least_time_is_over(found: Found) -> None:
    house = await found(Rules(minimum_voting_minutes=60))
    members = await house.seat(1, 1, 1, 1, 1)
    proposal = await members[0].tables()
    for fast in members[:3]:
        await fast.cast(proposal)
    await house.after(minutes=60)
    assert await house.status(proposal) == "PASSED QUORUM_AND_MAJORITY"


async def test_the_quorum_is_of_the_eligible_weight_and_not_of_heads(house: House) -> None:
    *many, one = await house.seat(1, 1, 1, 1, 6)
    proposal = await many[0].tables()
    for hand in many:
        await hand.cast(proposal)
    assert (await house.counts(proposal), await house.status(proposal)) == ((4, 0, 0, 10), "VOTING")
    await house.after(hours=72)
    assert await house.status(proposal) == "FAILED NO_QUORUM"
    assert await one.refused_vote(proposal) == "ALREADY_RESOLVED"


async def test_on_quorum_never_ends_a_vote_as_failed(house: House) -> None:
    members = await house.seat(1, 1, 1)
    proposal = await members[0].tables()
    for hand in members:
        await hand.cast(proposal, "AGAINST")
    assert (await house.counts(proposal), await house.status(proposal)) == ((0, 3, 0, 3), "VOTING")
    await members[0].cast(proposal)
    await members[1].cast(proposal)
    assert (await house.counts(proposal), await house.status(proposal)) == ((2, 1, 0, 3), "PASSED QUORUM_AND_MAJORITY")


async def test_a_vote_without_support_fails_at_its_end_only(house: House) -> None:
    members = await house.seat(1, 1, 1)
    proposal = await members[0].tables()
    for hand in members:
        await hand.cast(proposal, "AGAINST")
    await house.after(hours=72, milliseconds=-1)
    assert await house.status(proposal) == "VOTING"
    await house.after(milliseconds=1)
    assert await house.status(proposal) == "FAILED MAJORITY_NOT_REACHED"


@pytest.mark.parametrize(
    ("choices", "outcome"),
    [
        (("ABSTAIN", "ABSTAIN", "ABSTAIN", "ABSTAIN"), "FAILED MAJORITY_NOT_REACHED"),
        (("FOR", "FOR", "AGAINST", "AGAINST"), "FAILED MAJORITY_NOT_REACHED"),
        (("FOR", "FOR", "ABSTAIN", "ABSTAIN"), "PASSED QUORUM_AND_MAJORITY"),
    ],
)
async def test_at_half_a_tie_and_silence_fail(found: Found, choices: tuple[str, ...], outcome: str) -> None:
    house = await found(Rules(majority_percent=50, early_close=EarlyClose.NEVER))
    members = await house.seat(1, 1, 1, 1)
    proposal = await members[0].tables()
    for hand, choice in zip(members, choices, strict=True):
        await hand.cast(proposal, choice)
    await house.after(hours=72)
    assert await house.status(proposal) == outcome


async def test_when_decided_waits_for_every_ballot_that_could_still_change_the_outcome(found: Found) -> None:
    house = await found(Rules(early_close=EarlyClose.WHEN_DECIDED))
    members = await house.seat(1, 1, 1, 1, 1)
    proposal = await members[0].tables()
    for hand in members[:3]:
        await hand.cast(proposal)
    assert (await house.counts(proposal), await house.status(proposal)) == ((3, 0, 0, 5), "VOTING")
    assert await members[0].refused_vote(proposal, "AGAINST") == "CONFLICT"
    await members[3].cast(proposal)
    assert await house.status(proposal) == "PASSED QUORUM_AND_MAJORITY"


async def test_when_decided_counts_what_a_delegate_or_a_twin_said_as_still_open(found: Found) -> None:
    house = await found(Rules(early_close=EarlyClose.WHEN_DECIDED))
    head, *givers, owner = await house.seat(1, 1, 1, 1, 1, 1)
    for giver in givers:
        await giver.delegates(head)
    proposal = await head.tables()
    await head.cast(proposal)
    await house.twin_casts(owner, proposal)
    await house.after(hours=71)
    assert (await house.counts(proposal), await house.status(proposal)) == ((6, 0, 0, 6), "VOTING")
    for giver in givers[:3]:
        await giver.cast(proposal, "AGAINST")
    assert (await house.counts(proposal), await house.status(proposal)) == ((3, 3, 0, 6), "FAILED MAJORITY_IMPOSSIBLE")


@pytest.mark.parametrize(
    ("house_closes", "asked", "code"),
    [
        (EarlyClose.NEVER, "ON_QUORUM", "FORBIDDEN"),
        (EarlyClose.NEVER, "WHEN_DECIDED", "FORBIDDEN"),
        (EarlyClose.WHEN_DECIDED, "ON_QUORUM", "FORBIDDEN"),
    ],
)
async def test_no_author_closes_earlier_than_the_dao(
    found: Found, house_closes: EarlyClose, asked: str, code: str
) -> None:
    house = await found(Rules(early_close=house_closes))
    [author] = await house.seat(1)
    draft = {"title": "Fast", "body": "Now.", "rules": {"earlyClose": asked}}
    assert await author.refused("createProposal", **draft) == code
    assert await house.boss.refused("createProposal", **draft) == code


async def test_no_window_is_shorter_than_the_bounds_or_than_the_least_voting_time(found: Found) -> None:
    house = await found(Rules(minimum_voting_minutes=60))
    [author] = await house.seat(1)
    for minutes in (4, 59, 43_201):
        draft = {"title": "Short", "body": "Now.", "rules": {"votingMinutes": minutes}}
        assert await author.refused("createProposal", **draft) == "BAD_USER_INPUT"
    await author.drafts("Short", rules={"votingMinutes": 60})


async def test_a_plurality_enacts_nothing(house: House) -> None:
    [author] = await house.seat(1)
    action = {"enactPolicy": {"title": "Crown", "body": "All to me."}}
    options = {"system": "SINGLE_CHOICE", "options": ["Me", "You"]}
    crown = {"title": "Crown", "body": "b", "action": action, **options}
    assert await author.refused("createProposal", **crown) == "BAD_USER_INPUT"
    draft = await author.drafts("Crown", action=action)
    assert await author.refused("updateProposal", proposalId=draft, **options) == "BAD_USER_INPUT"
    plain = await author.drafts("Plain", **options)
    assert await author.refused("updateProposal", proposalId=plain, action=action) == "BAD_USER_INPUT"
    await author.do("openProposal", proposalId=plain)
    await author.do("startVoting", proposalId=plain)
    await author.do("castVote", proposalId=plain, ballot={"single": 1})
    await house.after(hours=72)
    assert await house.status(plain) == "PASSED OPTION_CHOSEN"
    assert (await author.ask("{ policies { totalCount } }"))["policies"]["totalCount"] == 0


async def test_a_plurality_of_few_chooses_nothing_without_the_quorum(house: House) -> None:
    author, other, *_ = await house.seat(1, 1, 1, 1)
    proposal = await author.tables(system="APPROVAL", options=["x", "y"])
    for hand in (author, other):
        await hand.do("castVote", proposalId=proposal, ballot={"approved": [1]})
    await house.after(hours=72)
    assert await house.status(proposal) == "FAILED NO_QUORUM"


async def test_a_ballot_counts_until_the_end_and_not_at_it(house: House) -> None:
    members = await house.seat(1, 1, 1, 1)
    proposal = await members[0].tables()
    house.clock.now += timedelta(hours=72, milliseconds=-1)
    await members[0].cast(proposal)
    house.clock.now += timedelta(milliseconds=1)
    assert await members[1].refused_vote(proposal) == "VOTING_CLOSED"
    await house.works()
    assert await members[1].refused_vote(proposal) == "ALREADY_RESOLVED"
    assert (await house.counts(proposal), await house.status(proposal)) == ((1, 0, 0, 4), "FAILED NO_QUORUM")


async def test_a_decision_seals_the_ballots(house: House) -> None:
    members = await house.seat(1, 1, 1)
    proposal = await members[0].tables()
    for hand in members[:2]:
        await hand.cast(proposal)
    assert await house.status(proposal) == "PASSED QUORUM_AND_MAJORITY"
    for hand in members:
        assert await hand.refused_vote(proposal, "AGAINST") == "ALREADY_RESOLVED"
    with pytest.raises(AlreadyResolved):
        await house.twin_casts(members[2], proposal)
    assert await house.counts(proposal) == (2, 0, 0, 3)
    assert await members[0].refused("startVoting", proposalId=proposal) == "CONFLICT"
    assert await members[0].refused("cancelProposal", proposalId=proposal, reason="No.") == "CONFLICT"


async def test_nobody_votes_before_the_start_or_after_a_cancellation(house: House) -> None:
    author, other = await house.seat(1, 1)
    draft = await author.drafts()
    assert await author.refused_vote(draft) == "VOTING_CLOSED"
    assert await house.boss.refused_vote(draft) == "VOTING_CLOSED"
    assert await other.refused_vote(draft) == "NOT_FOUND"
    await author.do("openProposal", proposalId=draft)
    assert await other.refused_vote(draft) == "VOTING_CLOSED"
    await author.do("startVoting", proposalId=draft)
    assert await author.refused("startVoting", proposalId=draft) == "CONFLICT"
    await house.boss.do("cancelProposal", proposalId=draft, reason="Spam.")
    assert await other.refused_vote(draft) == "VOTING_CLOSED"
    assert await other.refused_vote("garbage") == "BAD_USER_INPUT"
    assert await other.refused_vote(author.id) == "BAD_USER_INPUT"
