"""Delegation bent: shopping for a delegate, a cap passed, circles, a delegate against its givers' own word."""

from datetime import timedelta
from itertools import pairwise

import pytest

from domain.rules import Rules
from tests.attacks.conftest import Found
from tests.attacks.houses import House

MINE = """query ($id: ID!) { proposal(id: $id) { myVotingPower myDelegationCarried myChain { handle }
  myVote { choice castBy via { handle } weight } } }"""


# Whom a member can name


async def test_nobody_delegates_where_it_cannot_go(house: House) -> None:
    giver, left = await house.seat(1, 1)
    await house.boss.do("deactivateMember", memberId=left.id, reason="Left.")
    past = (house.clock.now - timedelta(seconds=1)).isoformat()
    assert await giver.refused("delegate", to=giver.id) == "BAD_USER_INPUT"
    assert await giver.refused("delegate", to=left.id) == "CONFLICT"
    assert await giver.refused("delegate", to=house.boss.id, expiresAt=past) == "BAD_USER_INPUT"
    now = house.clock.now.isoformat()
    assert await giver.refused("delegate", to=house.boss.id, expiresAt=now) == "BAD_USER_INPUT"
    assert await giver.refused("delegate") == "BAD_USER_INPUT"
    assert await giver.refused("delegate", to="garbage") == "BAD_USER_INPUT"
    assert await left.refused("delegate", to=giver.id) == "FORBIDDEN"


async def test_a_circle_is_refused_at_each_level(house: House) -> None:
    a, b, c = await house.seat(1, 1, 1)
    money = await house.scope()
    for scope in (None, money):
        await a.delegates(b, scope=scope)
        await b.delegates(c, scope=scope)
        assert await c.refused("delegate", to=a.id, scope=scope) == "DELEGATION_CYCLE"


async def test_a_circle_over_two_levels_carries_each_weight_at_most_once(house: House) -> None:
    a, b, c = await house.seat(1, 2, 4)
    money = await house.scope()
    await a.delegates(b, scope=money)
    await b.delegates(a)
    silent = await c.tables("Silent", scope=money)
    await c.cast(silent)
    assert await house.counts(silent) == (4, 0, 0, 7)
    await a.cast(silent, "AGAINST")
    assert await house.counts(silent) == (4, 3, 0, 7)
    await b.cast(silent, "ABSTAIN")
    assert await house.counts(silent) == (4, 1, 2, 7)


# Topic shopping


async def test_free_topics_steer_no_vote(house: House) -> None:
    giver, wanted, other = await house.seat(4, 1, 1)
    money = await house.scope("Money")
    await giver.delegates(wanted, scope=money)
    proposal = await wanted.tables("Money, money", topics=["Money", "money"])
    await wanted.cast(proposal)
    await other.cast(proposal, "AGAINST")
    assert await house.counts(proposal) == (1, 1, 0, 6)


async def test_a_scope_is_one_that_an_admin_marked_and_is_fixed_at_open(house: House) -> None:
    author, _ = await house.seat(1, 1)
    money = await house.scope("Money")
    tagged = await author.opens("Tagged", topics=["Pleasure"])
    query = "query ($id: ID!) { proposal(id: $id) { topics { id } } }"
    [pleasure] = (await author.ask(query, id=tagged))["proposal"]["topics"]
    assert await author.refused("createProposal", title="t", body="b", scope=pleasure["id"]) == "BAD_USER_INPUT"
    assert await author.refused("delegate", to=house.boss.id, scope=pleasure["id"]) == "BAD_USER_INPUT"
    assert await author.refused("updateProposal", proposalId=tagged, scope=money) == "CONFLICT"


async def test_a_scope_that_was_closed_meanwhile_does_not_get_opened(house: House) -> None:
    [author] = await house.seat(1)
    money = await house.scope("Money")
    draft = await author.drafts(scope=money)
    await house.boss.do("createTopic", title="money", delegable=False, reason="Closed.")
    assert await author.refused("openProposal", proposalId=draft) == "BAD_USER_INPUT"


async def test_a_delegate_in_the_scope_shuts_out_the_global_one_even_while_silent(house: House) -> None:
    giver, expert, friend = await house.seat(4, 1, 1)
    money = await house.scope()
    await giver.delegates(expert, scope=money)
    await giver.delegates(friend)
    proposal = await friend.tables(scope=money)
    await friend.cast(proposal)
    assert await house.counts(proposal) == (1, 0, 0, 6)
    await expert.cast(proposal, "AGAINST")
    assert await house.counts(proposal) == (1, 5, 0, 6)
    elsewhere = await friend.tables("Elsewhere")
    await friend.cast(elsewhere)
    assert await house.status(elsewhere) == "PASSED QUORUM_AND_MAJORITY"


async def test_to_nobody_in_a_scope_shuts_out_the_global_delegate(house: House) -> None:
    giver, friend = await house.seat(4, 1)
    money = await house.scope()
    await giver.delegates(friend)
    await giver.delegates(None, scope=money)
    proposal = await friend.tables(scope=money)
    await friend.cast(proposal)
    assert await house.counts(proposal) == (1, 0, 0, 5)


# What a delegate can do with it


@pytest.mark.parametrize("before", [True, False])
async def test_a_members_own_ballot_wins_over_its_delegates(house: House, before: bool) -> None:
    head, giver, _ = await house.seat(1, 2, 4)
    await giver.delegates(head)
    proposal = await head.tables()
    if before:
        await giver.cast(proposal, "AGAINST")
        await head.cast(proposal)
    else:
        await head.cast(proposal)
        assert await house.counts(proposal) == (3, 0, 0, 7)
        await giver.cast(proposal, "AGAINST")
    assert await house.counts(proposal) == (1, 2, 0, 7)
    await head.cast(proposal, "ABSTAIN")
    assert await house.counts(proposal) == (0, 2, 1, 7)
    mine = (await giver.ask(MINE, id=proposal))["proposal"]
    assert mine["myVote"] == {"choice": "AGAINST", "castBy": "MEMBER", "via": [], "weight": 2}


async def test_a_delegate_that_abstains_takes_all_its_weight_along(house: House) -> None:
    head, giver, other = await house.seat(1, 5, 4)
    await giver.delegates(head)
    proposal = await head.tables()
    await other.cast(proposal)
    await head.cast(proposal, "ABSTAIN")
    assert (await house.counts(proposal), await house.status(proposal)) == (
        (4, 0, 6, 10),
        "PASSED QUORUM_AND_MAJORITY",
    )


async def test_no_chain_makes_more_weight_than_there_is(house: House) -> None:
    members = await house.seat(1, 2, 4, 8)
    for giver, head in pairwise(members):
        await giver.delegates(head)
    proposal = await members[0].tables()
    for hand in reversed(members):
        await hand.cast(proposal, "AGAINST")
    quorum = await house.quorum(proposal)
    assert (quorum["againstWeight"], quorum["eligibleWeight"], quorum["byMembers"]) == (15, 15, 15)
    powers = [(await hand.ask(MINE, id=proposal))["proposal"]["myVotingPower"] for hand in members]
    assert powers == [1, 3, 7, 15]


async def test_a_delegate_over_the_cap_carries_whole_givers_the_oldest_first(found: Found) -> None:
    house = await found(Rules(delegation_cap_percent=40))
    head, first, second, third, other = await house.seat(1, 2, 2, 1, 4)
    for giver in (first, second, third):
        await giver.delegates(head)
        await house.after(minutes=1)
    proposal = await head.tables()
    await head.cast(proposal)
    assert await house.counts(proposal) == (4, 0, 0, 10)
    told = [(await hand.ask(MINE, id=proposal))["proposal"] for hand in (head, first, second, third, other)]
    assert [mine["myDelegationCarried"] for mine in told] == [None, True, False, True, None]
    assert [mine["myVotingPower"] for mine in told] == [4, 2, 2, 1, 4]
    await second.cast(proposal, "AGAINST")
    assert await house.counts(proposal) == (4, 2, 0, 10)


async def test_the_cap_is_not_passed_by_a_chain(found: Found) -> None:
    house = await found(Rules(delegation_cap_percent=40))
    head, middle, giver, _ = await house.seat(2, 2, 2, 4)
    await giver.delegates(middle)
    await house.after(minutes=1)
    await middle.delegates(head)
    proposal = await head.tables()
    await head.cast(proposal)
    await middle.cast(proposal, "AGAINST")
    assert await house.counts(proposal) == (2, 4, 0, 10)
    assert (await middle.ask(MINE, id=proposal))["proposal"]["myDelegationCarried"] is False


# Declining and taking back


async def test_who_declined_carries_nothing_in_later_votes(house: House) -> None:
    head, giver, _ = await house.seat(1, 2, 4)
    delegation = await giver.delegates(head)
    running = await head.tables("Running")
    declined = await head.do("declineDelegation", delegationId=delegation)
    assert declined["stillBound"] == [{"id": running}]
    later = await head.tables("Later")
    for proposal in (running, later):
        await head.cast(proposal)
    assert (await house.counts(running), await house.counts(later)) == ((3, 0, 0, 7), (1, 0, 0, 7))
    assert await head.refused("declineDelegation", delegationId=delegation) == "CONFLICT"


async def test_an_expired_delegation_carries_nothing(house: House) -> None:
    head, giver = await house.seat(1, 2)
    await giver.delegates(head, expiresAt=(house.clock.now + timedelta(hours=1)).isoformat())
    await house.after(hours=1)
    proposal = await head.tables()
    await head.cast(proposal)
    assert await house.counts(proposal) == (1, 0, 0, 3)


async def test_nobody_touches_or_reads_anothers_delegation(house: House) -> None:
    head, giver, thief = await house.seat(1, 2, 4)
    delegation = await giver.delegates(head)
    for step in ("revokeDelegation", "declineDelegation"):
        assert await thief.refused(step, delegationId=delegation) == "NOT_FOUND"
        assert await house.boss.refused(step, delegationId=delegation) == "FORBIDDEN"
    assert await head.refused("revokeDelegation", delegationId=delegation) == "FORBIDDEN"
    assert await giver.refused("declineDelegation", delegationId=delegation) == "FORBIDDEN"
    seen = "query ($d: ID!) { node(id: $d) { id } delegations { nodes { id } } }"
    assert await thief.ask(seen, d=delegation) == {"node": None, "delegations": {"nodes": []}}
    assert await thief.codes("query ($m: ID!) { delegations(memberId: $m) { totalCount } }", m=giver.id) == [
        "FORBIDDEN"
    ]
    assert await thief.codes("query ($m: ID!) { member(id: $m) { delegations { id } } }", m=giver.id) == ["FORBIDDEN"]


async def test_a_second_delegation_in_the_same_place_replaces_the_first(house: House) -> None:
    giver, one, two = await house.seat(4, 1, 2)
    await giver.delegates(one)
    await giver.delegates(two)
    proposal = await one.tables()
    await one.cast(proposal)
    await two.cast(proposal, "AGAINST")
    assert await house.counts(proposal) == (1, 6, 0, 7)
