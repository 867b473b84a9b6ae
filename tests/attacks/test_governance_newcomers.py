"""New logins as votes, and weight out of nothing."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from adapters.sql.members import MemberRow
from domain.errors import NoVotingPower
from domain.members import Role
from tests.attacks.conftest import Found
from tests.attacks.houses import House

MEMBER = "query ($id: ID!) { member(id: $id) { admitted weight } }"
DAO = "{ dao { memberCount totalWeight } }"
MOST, EACH = 2_000_000_000, 1_000_000


async def fill(house: House, weight: int) -> None:
    """So many members of the greatest weight that the DAO has this weight."""
    rows = [
        {
            **dict.fromkeys(("subject", "handle", "display_name"), f"rich{number}"),
            "role": Role.MEMBER.value,
            "weight": EACH,
            "admitted": True,
            "joined_at": datetime(2024, 1, 1, tzinfo=UTC),
            "last_seen": datetime(2024, 1, 1, tzinfo=UTC),
            "transaction_id": "filled",
        }
        for number in range(weight // EACH)
    ]
    await house.container.database.writer(
        lambda session: session.connection().execute(insert(MemberRow), rows) and None
    )
    assert (await house.boss.ask(DAO))["dao"]["memberCount"] >= len(rows)


@pytest.fixture
async def guarded(found: Found) -> House:
    """A DAO that admits newcomers itself."""
    return await found(admission="approve")


async def admitted(house: House, *weights: int) -> list[str]:
    handles = [f"old{number}" for number in range(len(weights))]
    for handle, weight in zip(handles, weights, strict=True):
        hand = await house.enters(handle)
        await house.boss.do("admitMember", memberId=hand.id, weight=weight, reason="Known.")
    return handles


async def test_logins_make_no_votes(guarded: House) -> None:
    handles = await admitted(guarded, 1)
    old = guarded.hands[handles[0]]
    crowd = [await guarded.enters(f"sock{number}") for number in range(5)]
    proposal = await old.tables()
    for sock in crowd:
        assert await sock.refused_vote(proposal) == "NO_VOTING_POWER"
        with pytest.raises(NoVotingPower):
            await guarded.twin_casts(sock, proposal)
    assert (await old.ask(MEMBER, id=crowd[0].id))["member"] == {"admitted": False, "weight": 0}
    assert await guarded.counts(proposal) == (0, 0, 0, 1)
    assert (await old.ask(DAO))["dao"] == {"memberCount": 1, "totalWeight": 1}


async def test_who_waits_neither_opens_nor_sponsors_nor_delegates_nor_is_a_delegate(guarded: House) -> None:
    handles = await admitted(guarded, 1)
    old, sock = guarded.hands[handles[0]], await guarded.enters("sock")
    draft, opened = await sock.drafts(), await old.opens()
    assert await sock.refused("openProposal", proposalId=draft) == "FORBIDDEN"
    assert await sock.refused("sponsorProposal", proposalId=opened) == "FORBIDDEN"
    assert await sock.refused("delegate", to=old.id) == "FORBIDDEN"
    assert await old.refused("delegate", to=sock.id) == "CONFLICT"
    assert await sock.refused("admitMember", memberId=sock.id, weight=9, reason="Me.") == "FORBIDDEN"
    given = {"memberId": sock.id, "weight": 9, "reason": "Early."}
    assert await guarded.boss.refused("setMemberWeight", **given) == "CONFLICT"


async def test_a_vote_admits_and_touches_no_vote_that_runs(guarded: House) -> None:
    handles = await admitted(guarded, 2)
    old, sock = guarded.hands[handles[0]], await guarded.enters("sock")
    running = await old.tables("Running")
    admission = await old.tables("Admit", action={"admitMember": {"memberId": sock.id, "weight": 3}})
    twice = await old.tables("Twice", action={"admitMember": {"memberId": sock.id, "weight": 900}})
    for proposal in (admission, twice):
        await old.cast(proposal)
    assert await guarded.status(admission) == "PASSED QUORUM_AND_MAJORITY"
    assert await guarded.status(twice) == "FAILED ACTION_NOT_APPLICABLE"
    assert (await old.ask(MEMBER, id=sock.id))["member"] == {"admitted": True, "weight": 3}
    assert await sock.refused_vote(running) == "NO_VOTING_POWER"
    assert await guarded.counts(running) == (0, 0, 0, 2)


async def test_with_open_doors_newcomers_wait_for_the_next_vote(house: House) -> None:
    [old] = await house.seat(1)
    proposal = await old.tables()
    sock = await house.enters("sock")
    assert await sock.refused_vote(proposal) == "NO_VOTING_POWER"
    assert await house.counts(proposal) == (0, 0, 0, 1)
    later = await old.tables("Later")
    await sock.cast(later, "AGAINST")
    assert await house.counts(later) == (0, 1, 0, 2)


async def test_a_login_does_not_bring_a_deactivated_member_back(house: House) -> None:
    old, left = await house.seat(1, 1)
    await house.boss.do("deactivateMember", memberId=left.id, reason="Spam.")
    again = await house.enters("m1")
    assert again.id == left.id
    assert (await old.ask(MEMBER, id=left.id))["member"] == {"admitted": False, "weight": 0}


async def test_a_role_in_a_token_gives_no_weight(house: House) -> None:
    [old] = await house.seat(1)
    proposal = await old.tables()
    await house.enters("second-boss", role=Role.ADMIN)
    assert await house.boss.refused_vote(proposal) == "NO_VOTING_POWER"
    assert await house.counts(proposal) == (0, 0, 0, 1)


async def test_the_total_weight_does_not_run_over(house: House) -> None:
    [one] = await house.seat(1)
    await fill(house, MOST - EACH)
    given = {"memberId": one.id, "reason": "More."}
    assert await house.boss.refused("setMemberWeight", weight=EACH + 1, **given) == "BAD_USER_INPUT"
    await house.boss.do("setMemberWeight", weight=EACH, **given)
    assert (await one.ask(DAO))["dao"]["totalWeight"] == MOST
    other = {"memberId": house.boss.id, "weight": 1, "reason": "One more."}
    assert await house.boss.refused("setMemberWeight", **other) == "CONFLICT"
    proposal = await one.tables()
    await one.cast(proposal)
    assert await house.counts(proposal) == (EACH, 0, 0, MOST)


async def test_a_newcomer_does_not_make_the_total_run_over(house: House) -> None:
    [one] = await house.seat(0)
    await fill(house, MOST)
    late = await house.enters("late")
    assert (await one.ask(MEMBER, id=late.id))["member"] == {"admitted": False, "weight": 0}
    assert (await one.ask(DAO))["dao"]["totalWeight"] == MOST


async def test_a_weight_by_vote_does_not_make_the_total_run_over(house: House) -> None:
    one, two = await house.seat(EACH, 0)
    proposal = await one.tables("More", action={"setWeight": {"memberId": two.id, "weight": 2}})
    await fill(house, MOST - EACH)
    await one.cast(proposal)
    assert await house.status(proposal) == "FAILED ACTION_NOT_APPLICABLE"
    assert (await two.ask(MEMBER, id=two.id))["member"]["weight"] == 0
