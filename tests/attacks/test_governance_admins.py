"""An ADMIN that wants its way: it lowers no bar, takes no step of another's, and whatever it does is told."""

import pytest

from domain.members import Role
from domain.rules import EarlyClose, Rules
from tests.attacks.conftest import Found
from tests.attacks.houses import House

LOWER = [
    {"quorumPercent": 10},
    {"majorityPercent": 50},
    {"earlyClose": "ON_QUORUM"},
    {"strict": False},
    {"hiddenUntilClose": False},
    {"minimumDiscussionMinutes": 0},
    {"minimumVotingMinutes": 0},
    {"overrideMinutes": 1},
    {"minimumApprovalPercent": 0},
    {"sponsorsNeeded": 0},
    {"weighted": False},
    {"delegationCapPercent": 100},
]
HOUSE = Rules(
    early_close=EarlyClose.NEVER,
    strict=True,
    hidden_until_close=True,
    minimum_discussion_minutes=10,
    minimum_voting_minutes=10,
    override_minutes=10,
    minimum_approval_percent=10,
    sponsors_needed=1,
    delegation_cap_percent=50,
)


@pytest.mark.parametrize("rules", LOWER, ids=lambda rules: next(iter(rules)))
async def test_nobody_lowers_a_bar_in_a_proposal(found: Found, rules: dict[str, object]) -> None:
    house = await found(HOUSE)
    [author] = await house.seat(1)
    draft = await house.boss.drafts("Plain")
    for hand in (author, house.boss):
        assert await hand.refused("createProposal", title="Low", body="b", rules=rules) == "FORBIDDEN"
    assert await house.boss.refused("updateProposal", proposalId=draft, rules=rules) == "FORBIDDEN"


async def test_only_an_admin_raises_bars_and_all_read_of_it(house: House) -> None:
    [author] = await house.seat(1)
    high = {"quorumPercent": 100, "majorityPercent": 100}
    for bar, percent in high.items():
        assert await author.refused("createProposal", title="High", body="b", rules={bar: percent}) == "FORBIDDEN"
    await house.boss.opens("High", rules=high)
    assert await house.audited("PROPOSAL_BARS_RAISED") == [
        ("PROPOSAL_BARS_RAISED", "Opened with majorityPercent 100, quorumPercent 100.")
    ]


async def test_a_rivals_idea_tabled_at_100_percent_does_not_bury_it(house: House) -> None:
    rival, second, _ = await house.seat(1, 1, 1)
    idea = await rival.drafts("Benches")
    assert await second.refused("createProposal", title="Benches", body="b", rules={"majorityPercent": 100}) == (
        "FORBIDDEN"
    )
    stolen = await house.boss.tables("Benches", rules={"quorumPercent": 100, "majorityPercent": 100})
    await rival.cast(stolen)
    await house.after(hours=72)
    assert await house.status(stolen) == "FAILED NO_QUORUM"
    await rival.do("updateProposal", proposalId=idea, body="Benches for all, under the rules of the DAO.")
    opened = await rival.do("openProposal", proposalId=idea)
    assert opened["proposal"]["rules"] == {"quorumPercent": 60, "majorityPercent": 66}
    await rival.do("startVoting", proposalId=idea)
    for hand in (rival, second):
        await hand.cast(idea)
    assert await house.status(idea) == "PASSED QUORUM_AND_MAJORITY"


async def test_nobody_takes_an_authors_steps(house: House) -> None:
    author, other = await house.seat(1, 1)
    draft = await author.drafts()
    for step in ("updateProposal", "openProposal", "startVoting"):
        assert await house.boss.refused(step, proposalId=draft) == "FORBIDDEN"
    for step in ("updateProposal", "openProposal", "startVoting", "sponsorProposal"):
        assert await other.refused(step, proposalId=draft) == "NOT_FOUND"
    assert await other.refused("cancelProposal", proposalId=draft, reason="No.") == "NOT_FOUND"
    await author.do("openProposal", proposalId=draft)
    for hand in (house.boss, other):
        assert await hand.refused("updateProposal", proposalId=draft, body="Mine.") == "FORBIDDEN"
        assert await hand.refused("startVoting", proposalId=draft) == "FORBIDDEN"
    assert await other.refused("cancelProposal", proposalId=draft, reason="No.") == "FORBIDDEN"
    assert await house.status(draft) == "OPEN"


async def test_an_admin_that_cancels_while_losing_says_why_to_all(house: House) -> None:
    author, other, _ = await house.seat(1, 1, 1)
    proposal = await author.tables()
    await author.cast(proposal)
    assert await house.boss.refused("cancelProposal", proposalId=proposal, reason=" \t") == "BAD_USER_INPUT"
    assert await author.refused("cancelProposal", proposalId=proposal, reason="I lose.") == "CONFLICT"
    assert await other.refused("cancelProposal", proposalId=proposal, reason="I lose.") == "FORBIDDEN"
    await house.boss.do("cancelProposal", proposalId=proposal, reason="I was losing.")
    told = await other.ask(
        """query ($id: ID!) { proposal(id: $id) { status cancelledReason
          history { status by { handle } reason } }
          auditLog { nodes { act reason by { handle } subject { __typename id } } } }""",
        id=proposal,
    )
    assert told["proposal"]["cancelledReason"] == "I was losing."
    assert told["proposal"]["history"][-1] == {
        "status": "CANCELLED",
        "by": {"handle": "boss"},
        "reason": "I was losing.",
    }
    assert told["auditLog"]["nodes"][0] == {
        "act": "PROPOSAL_CANCELLED",
        "reason": "I was losing.",
        "by": {"handle": "boss"},
        "subject": {"__typename": "Proposal", "id": proposal},
    }


async def test_no_admin_cancels_what_is_decided(house: House) -> None:
    [author] = await house.seat(1)
    proposal = await author.tables()
    await author.cast(proposal)
    assert await house.boss.refused("cancelProposal", proposalId=proposal, reason="No.") == "CONFLICT"
    assert await house.status(proposal) == "PASSED QUORUM_AND_MAJORITY"


async def test_nobody_retags_or_rewrites_what_is_open(house: House) -> None:
    [author] = await house.seat(1)
    money = await house.scope("Money")
    proposal = await author.opens(topics=["Benches"])
    content = (await author.ask(CONTENT, id=proposal))["proposal"]
    changes = {
        "topics": ["Money"],
        "scope": money,
        "title": "t",
        "body": "b",
        "rules": {"votingMinutes": 5},
        "action": {"enactPolicy": {"title": "t", "body": "b"}},
        "system": "APPROVAL",
    }
    for name, value in changes.items():
        assert await author.refused("updateProposal", proposalId=proposal, **{name: value}) == "CONFLICT"
        assert await house.boss.refused("updateProposal", proposalId=proposal, **{name: value}) == "FORBIDDEN"
    assert (await author.ask(CONTENT, id=proposal))["proposal"] == content


CONTENT = "query ($id: ID!) { proposal(id: $id) { title body contentHash topics { title } scope { title } } }"


async def test_a_topic_that_is_closed_to_delegation_changes_no_running_vote(house: House) -> None:
    head, giver = await house.seat(1, 1)
    money = await house.scope("Money")
    await giver.delegates(head, scope=money)
    proposal = await head.tables(scope=money)
    again = {"title": "Money", "delegable": False, "reason": "Against them."}
    assert await giver.refused("createTopic", **again) == "FORBIDDEN"
    assert await house.boss.refused("createTopic", title="Money", delegable=False, reason="") == "BAD_USER_INPUT"
    await house.boss.do("createTopic", **again)
    await head.cast(proposal)
    assert await house.counts(proposal) == (2, 0, 0, 2)
    assert [reason for _, reason in await house.audited("TOPIC_CREATED")] == ["Against them.", "A scope."]


async def test_a_recount_decides_nothing_early_and_is_told(house: House) -> None:
    author, other, _ = await house.seat(1, 1, 1)
    proposal = await author.tables()
    await author.cast(proposal)
    assert await other.refused("resolveStalled", proposalId=proposal, reason="Now.") == "FORBIDDEN"
    assert await house.boss.refused("resolveStalled", proposalId=proposal, reason="") == "BAD_USER_INPUT"
    await house.boss.do("resolveStalled", proposalId=proposal, reason="Now.")
    assert (await house.counts(proposal), await house.status(proposal)) == ((1, 0, 0, 3), "VOTING")
    assert await house.audited("PROPOSAL_RECOUNTED") == [
        ("PROPOSAL_RECOUNTED", "Now. (Recounted: the tally was right.)")
    ]


async def test_implemented_is_what_passed_with_evidence_by_an_admin(house: House) -> None:
    author, _ = await house.seat(2, 1)
    failing, passing = await author.tables("Fails"), await author.tables("Passes")
    assert await house.boss.refused("markImplemented", proposalId=passing, evidence="Done.") == "CONFLICT"
    await author.cast(passing)
    await author.cast(failing, "AGAINST")
    await house.after(hours=72)
    assert await house.boss.refused("markImplemented", proposalId=failing, evidence="Done.") == "CONFLICT"
    assert await house.boss.refused("markImplemented", proposalId=passing, evidence="  ") == "BAD_USER_INPUT"
    assert await author.refused("markImplemented", proposalId=passing, evidence="Done.") == "FORBIDDEN"
    await house.boss.do("markImplemented", proposalId=passing, evidence="See the shelf.")
    assert await house.audited("PROPOSAL_IMPLEMENTED") == [("PROPOSAL_IMPLEMENTED", "See the shelf.")]


@pytest.mark.parametrize(
    ("act", "given"),
    [("setMemberWeight", {"weight": 9}), ("deactivateMember", {}), ("admitMember", {"weight": 9})],
)
async def test_acts_on_members_are_an_admins_with_a_reason(house: House, act: str, given: dict[str, int]) -> None:
    hand, other = await house.seat(1, 1)
    if act == "admitMember":
        await house.boss.do("deactivateMember", memberId=other.id, reason="Left.")
    before = await house.boss.ask(AUDITED)
    assert await hand.refused(act, memberId=other.id, reason="Mine.", **given) == "FORBIDDEN"
    assert await house.boss.refused(act, memberId=other.id, reason="", **given) == "BAD_USER_INPUT"
    assert await house.boss.ask(AUDITED) == before
    await house.boss.do(act, memberId=other.id, reason="Voted so.", **given)
    [newest, *_] = (await hand.ask(AUDITED))["auditLog"]["nodes"]
    assert (newest["reason"], newest["by"]) == ("Voted so.", {"handle": "boss"})


AUDITED = "{ auditLog { nodes { act reason by { handle } } } }"


async def test_who_is_no_longer_admin_may_nothing_more(house: House) -> None:
    """The role is the token's, each time."""
    [author] = await house.seat(1)
    proposal = await author.tables()
    former = await house.enters("boss", role=Role.MEMBER)
    assert await former.refused("cancelProposal", proposalId=proposal, reason="No.") == "FORBIDDEN"
    assert await former.refused("setMemberWeight", memberId=author.id, weight=9, reason="No.") == "FORBIDDEN"
