"""After the start nothing moves: not weights, not members, not delegations, not who was inactive."""

from app.demo.client import Client
from tests.attacks.houses import House

MEMBER = "query ($id: ID!) { member(id: $id) { admitted weight } }"


async def seated(house: House, handle: str) -> None:
    """A login, by which an inactive member becomes active."""
    async with Client(house.url, house.tokens.issue(handle)) as client:
        await client.ask("{ viewer { id } }")


async def test_weights_of_the_start_count_whatever_they_become(house: House) -> None:
    one, two, three = await house.seat(1, 2, 4)
    proposal = await one.tables()
    await house.weigh(one, 1_000)
    await house.weigh(two, 0)
    await one.cast(proposal)
    await two.cast(proposal, "AGAINST")
    assert await house.counts(proposal) == (1, 2, 0, 7)
    later = await one.tables("Later")
    assert await two.refused_vote(later) == "NO_VOTING_POWER"
    await three.cast(later, "AGAINST")
    assert await house.counts(later) == (0, 4, 0, 1_004)


async def test_a_weight_that_a_vote_sets_touches_later_votes_only(house: House) -> None:
    one, two = await house.seat(3, 1)
    running = await two.tables("Running")
    setting = await one.tables("Weigh", action={"setWeight": {"memberId": two.id, "weight": 50}})
    await one.cast(setting)
    assert await house.status(setting) == "PASSED QUORUM_AND_MAJORITY"
    await two.cast(running, "AGAINST")
    assert await house.counts(running) == (0, 1, 0, 4)
    later = await two.tables("Later")
    await one.cast(later)
    assert await house.counts(later) == (3, 0, 0, 53)


async def test_delegations_given_or_taken_back_meanwhile_change_nothing(house: House) -> None:
    head, giver, late, _ = await house.seat(1, 2, 4, 8)
    delegation = await giver.delegates(head)
    proposal = await head.tables()
    taken = await giver.do("revokeDelegation", delegationId=delegation)
    assert taken["stillBound"] == [{"id": proposal}]
    given = await late.do("delegate", to=head.id)
    assert given["stillBound"] == [{"id": proposal}]
    await head.cast(proposal)
    assert await house.counts(proposal) == (3, 0, 0, 15)
    await giver.cast(proposal, "AGAINST")
    assert await house.counts(proposal) == (1, 2, 0, 15)
    later = await head.tables("Later")
    await head.cast(later)
    assert await house.counts(later) == (5, 0, 0, 15)


async def test_who_is_deactivated_in_the_middle_keeps_its_place(house: House) -> None:
    one, leaving, _ = await house.seat(1, 2, 4)
    running = await one.tables("Running")
    await house.boss.do("deactivateMember", memberId=leaving.id, reason="It would vote against.")
    assert (await one.ask(MEMBER, id=leaving.id))["member"] == {"admitted": False, "weight": 0}
    await leaving.cast(running, "AGAINST")
    await leaving.cast(running, "ABSTAIN")
    assert await house.counts(running) == (0, 0, 2, 7)
    later = await one.tables("Later")
    assert await leaving.refused_vote(later) == "NO_VOTING_POWER"
    assert await house.counts(later) == (0, 0, 0, 5)
    draft = await leaving.drafts("Mine")
    assert await leaving.refused("openProposal", proposalId=draft) == "FORBIDDEN"


async def test_what_a_deactivated_delegate_was_given_still_follows_it_where_it_was_frozen(house: House) -> None:
    head, giver, _ = await house.seat(1, 2, 4)
    await giver.delegates(head)
    running = await giver.tables("Running")
    await house.boss.do("deactivateMember", memberId=head.id, reason="Left.")
    await head.cast(running)
    assert await house.counts(running) == (3, 0, 0, 7)
    later = await giver.tables("Later")
    assert await head.refused_vote(later) == "NO_VOTING_POWER"
    assert await house.counts(later) == (0, 0, 0, 6)


async def test_one_login_drops_no_delegate_that_was_frozen_for_the_inactive(house: House) -> None:
    head, sleeper, _ = await house.seat(1, 2, 4)
    await sleeper.delegates(head, whenInactive=True)
    await house.after(days=91)
    frozen = await head.tables("Frozen")
    await seated(house, "m1")
    await head.cast(frozen)
    assert await house.counts(frozen) == (3, 0, 0, 7)
    awake = await head.tables("Awake")
    await head.cast(awake)
    assert await house.counts(awake) == (1, 0, 0, 7)
    await sleeper.cast(frozen, "AGAINST")
    assert await house.counts(frozen) == (1, 2, 0, 7)


async def test_falling_asleep_meanwhile_gives_no_delegate_weight(house: House) -> None:
    head, sleeper, _ = await house.seat(1, 2, 4)
    await sleeper.delegates(head, whenInactive=True)
    await house.after(days=89)
    proposal = await head.tables(rules={"votingMinutes": 43_200})
    await house.after(days=10)
    await head.cast(proposal)
    assert await house.counts(proposal) == (1, 0, 0, 7)


async def test_the_inactive_stay_in_the_quorums_base(house: House) -> None:
    one, two, _, _ = await house.seat(1, 1, 1, 1)
    await house.after(days=91)
    proposal = await one.tables()
    for hand in (one, two):
        await hand.cast(proposal)
    assert (await house.counts(proposal), await house.status(proposal)) == ((2, 0, 0, 4), "VOTING")
    await house.after(hours=72)
    assert await house.status(proposal) == "FAILED NO_QUORUM"


async def test_a_delegation_that_ends_meanwhile_still_carries(house: House) -> None:
    head, giver, _ = await house.seat(1, 2, 4)
    await giver.delegates(head, expiresAt="2024-03-01T12:30:00Z")
    proposal = await head.tables()
    await house.after(hours=1)
    await head.cast(proposal)
    assert await house.counts(proposal) == (3, 0, 0, 7)
