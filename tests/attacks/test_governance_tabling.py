"""Spam, ambushes, old rules and actions out of date: what is put to the vote, and when, is the DAO's to say."""

from datetime import timedelta

import pytest

from domain.rules import EarlyClose, Rules
from tests.attacks.conftest import Found
from tests.attacks.houses import Hand, House

POLICIES = "{ policies(first: 100) { nodes { id title body version } } }"
RULES = "{ dao { rules { quorumPercent majorityPercent votingMinutes sponsorsNeeded } } }"


async def enacted(hand: Hand, title: str, body: str = "b", **given: object) -> str:
    """The id of a policy that the only voter passed."""
    proposal = await hand.tables(title, action={"enactPolicy": {"title": title, "body": body, **given}})
    await hand.cast(proposal)
    policies = (await hand.ask(POLICIES))["policies"]["nodes"]
    return next(str(policy["id"]) for policy in policies if policy["title"] == title)


# Spam


async def test_a_fourth_proposal_waits_until_one_of_three_is_done(house: House) -> None:
    author, _ = await house.seat(1, 1)
    first, *_ = [await author.opens(f"Number {number}") for number in range(2)]
    voting = await author.tables("Voting")
    fourth = await author.drafts("Fourth")
    assert await author.refused("openProposal", proposalId=fourth) == "CONFLICT"
    await author.do("cancelProposal", proposalId=first, reason="Spam.")
    await author.do("openProposal", proposalId=fourth)
    fifth = await author.drafts("Fifth")
    assert await author.refused("openProposal", proposalId=fifth) == "CONFLICT"
    await house.after(hours=72)
    assert await house.status(voting) == "FAILED NO_QUORUM"
    await author.do("openProposal", proposalId=fifth)


@pytest.mark.parametrize(
    ("title", "body"),
    [("Benches, please!", "For all."), ("benches please", "FOR ALL"), ("Benches", "please for\u00a0all\u200b…")],
)
async def test_what_failed_does_not_come_back_with_a_comma_changed(house: House, title: str, body: str) -> None:
    author, other = await house.seat(1, 1)
    await author.tables("Benches please", body="For all")
    await house.after(hours=72)
    for hand in (author, other):
        again = await hand.drafts(title, body=body)
        assert await hand.refused("openProposal", proposalId=again) == "CONFLICT"
        await hand.do("updateProposal", proposalId=again, title="Chairs")
    await house.after(days=30, milliseconds=1)
    await author.opens(title, body=body)


async def test_another_action_under_the_same_words_is_another_proposal(house: House) -> None:
    author, _ = await house.seat(1, 1)
    await author.tables("Benches")
    await house.after(hours=72)
    await author.opens("Benches", action={"setRules": {"strict": True}})


# Ambush


async def test_nobody_starts_before_the_discussion_is_over(found: Found) -> None:
    house = await found(Rules(minimum_discussion_minutes=1_440))
    [author] = await house.seat(1)
    soon = (house.clock.now + timedelta(minutes=1)).isoformat()
    proposal = await author.opens(startAt=soon)
    assert await author.refused("startVoting", proposalId=proposal) == "CONFLICT"
    await house.after(minutes=1_439)
    assert await house.status(proposal) == "OPEN"
    assert await author.refused("startVoting", proposalId=proposal) == "CONFLICT"
    await house.after(minutes=1)
    assert await house.status(proposal) == "VOTING"


async def test_no_start_lies_in_the_past(house: House) -> None:
    [author] = await house.seat(1)
    for at in (house.clock.now, house.clock.now - timedelta(days=1)):
        given = {"title": "Past", "body": "b", "startAt": at.isoformat()}
        assert await author.refused("createProposal", **given) == "BAD_USER_INPUT"


async def test_sponsors_are_two_others_and_each_counts_once(found: Found) -> None:
    house = await found(Rules(sponsors_needed=2))
    author, first, second, weightless = await house.seat(1, 1, 1, 0)
    proposal = await author.opens(startAt=(house.clock.now + timedelta(minutes=1)).isoformat())
    assert await author.refused("sponsorProposal", proposalId=proposal) == "FORBIDDEN"
    assert await weightless.refused("sponsorProposal", proposalId=proposal) == "FORBIDDEN"
    assert await house.boss.refused("sponsorProposal", proposalId=proposal) == "FORBIDDEN"
    await first.do("sponsorProposal", proposalId=proposal)
    await first.do("sponsorProposal", proposalId=proposal)
    await house.after(minutes=5)
    assert await author.refused("startVoting", proposalId=proposal) == "CONFLICT"
    sponsors = await author.ask("query ($id: ID!) { proposal(id: $id) { sponsors { handle } } }", id=proposal)
    assert sponsors["proposal"]["sponsors"] == [{"handle": "m1"}]
    await second.do("sponsorProposal", proposalId=proposal)
    await house.works()
    assert await house.status(proposal) == "VOTING"
    assert await first.refused("sponsorProposal", proposalId=proposal) == "CONFLICT"


# Rules


async def test_a_draft_with_old_rules_meets_the_rules_of_the_day_that_it_is_opened(house: House) -> None:
    one, _ = await house.seat(2, 1)
    low, opened = await one.drafts("Low"), await one.opens("Opened before")
    chosen = await one.drafts("Chosen", rules={"votingMinutes": 60})
    raising = await one.tables(
        "Raise", action={"setRules": {"quorumPercent": 90, "sponsorsNeeded": 1, "minimumVotingMinutes": 120}}
    )
    await one.cast(raising)
    assert await house.status(raising) == "PASSED QUORUM_AND_MAJORITY"
    after = await one.do("openProposal", proposalId=low)
    assert after["proposal"]["rules"] == {"quorumPercent": 90, "majorityPercent": 66}
    assert await one.refused("startVoting", proposalId=low) == "CONFLICT"
    assert await one.refused("openProposal", proposalId=chosen) == "BAD_USER_INPUT"
    started = await one.do("startVoting", proposalId=opened)
    assert started["proposal"]["rules"] == {"quorumPercent": 60, "majorityPercent": 66}


@pytest.mark.parametrize(
    "rules",
    [
        {"majorityPercent": 49},
        {"majorityPercent": 101},
        {"quorumPercent": -1},
        {"quorumPercent": 101},
        {"overrideMinutes": 0},
        {"delegationCapPercent": 0},
        {"votingMinutes": 4},
        {"votingMinutes": 43_201},
        {"minimumVotingMinutes": 43_200},
        {"sponsorsNeeded": 101},
        {},
    ],
    ids=str,
)
async def test_set_rules_stays_within_its_bounds(house: House, rules: dict[str, int]) -> None:
    [author] = await house.seat(1)
    given = {"title": "Rules", "body": "b", "action": {"setRules": rules}}
    assert await author.refused("createProposal", **given) == "BAD_USER_INPUT"


async def test_rules_change_only_by_a_vote_that_passed_under_the_rules_before(found: Found) -> None:
    house = await found(Rules(early_close=EarlyClose.NEVER))
    author, other = await house.seat(1, 1)
    lower = {"setRules": {"quorumPercent": 0, "majorityPercent": 50}}
    proposal = await author.tables("Lower", action=lower)
    await author.cast(proposal)
    await house.after(hours=72)
    assert await house.status(proposal) == "FAILED NO_QUORUM"
    assert (await other.ask(RULES))["dao"]["rules"]["quorumPercent"] == 60


async def test_two_changes_of_rules_are_merged_when_they_run(house: House) -> None:
    [one] = await house.seat(1)
    first = await one.tables("First", action={"setRules": {"quorumPercent": 70}})
    second = await one.tables("Second", action={"setRules": {"votingMinutes": 60}})
    await one.cast(second)
    await one.cast(first)
    rules = {"quorumPercent": 70, "majorityPercent": 66, "votingMinutes": 60, "sponsorsNeeded": 0}
    assert (await one.ask(RULES))["dao"]["rules"] == rules


async def test_changes_of_rules_that_no_longer_go_together_fail(house: House) -> None:
    [one] = await house.seat(1)
    longer = await one.tables("Longer", action={"setRules": {"minimumVotingMinutes": 600}})
    shorter = await one.tables("Shorter", action={"setRules": {"votingMinutes": 60}})
    await one.cast(longer)
    await one.cast(shorter)
    assert await house.status(shorter) == "FAILED ACTION_NOT_APPLICABLE"
    assert (await one.ask(RULES))["dao"]["rules"]["votingMinutes"] == 4_320


# Actions


async def test_a_policy_replaced_by_two_passed_proposals_is_replaced_once(house: House) -> None:
    [one] = await house.seat(1)
    old = await enacted(one, "Quiet hours", "After 22:00.")
    change = {"title": "Quiet hours", "replaces": old}
    early = await one.tables("Early", action={"enactPolicy": {**change, "body": "After 20:00."}})
    late = await one.tables("Late", action={"enactPolicy": {**change, "body": "After 24:00."}})
    for proposal in (early, late):
        await one.cast(proposal)
    assert await house.status(early) == "PASSED QUORUM_AND_MAJORITY"
    assert await house.status(late) == "FAILED ACTION_NOT_APPLICABLE"
    [policy] = (await one.ask(POLICIES))["policies"]["nodes"]
    assert (policy["body"], policy["version"]) == ("After 20:00.", 2)
    stale = {"title": "Stale", "body": "b", "action": {"repealPolicy": old}}
    assert await one.refused("createProposal", **stale) == "CONFLICT"


async def test_a_repeal_of_what_was_repealed_meanwhile_fails(house: House) -> None:
    [one] = await house.seat(1)
    old = await enacted(one, "Quiet hours")
    first, second = [await one.tables(title, action={"repealPolicy": old}) for title in ("First", "Second")]
    for proposal in (first, second):
        await one.cast(proposal)
    assert await house.status(second) == "FAILED ACTION_NOT_APPLICABLE"
    assert (await one.ask(POLICIES))["policies"]["nodes"] == []


async def test_a_superseded_policy_is_closed_and_answers_for_its_days(house: House) -> None:
    [one] = await house.seat(1)
    old = await enacted(one, "Quiet hours", "After 22:00.")
    then = house.clock.now
    await house.after(days=1)
    await enacted(one, "Quiet times", "After 20:00.", replaces=old)
    was = "query ($at: DateTime) { policies(asOf: $at) { nodes { body inForceTo } } }"
    [policy] = (await one.ask(was, at=then.isoformat()))["policies"]["nodes"]
    assert policy == {"body": "After 22:00.", "inForceTo": "2024-03-02T12:00:00.000Z"}
    [policy] = (await one.ask(was, at=house.clock.now.isoformat()))["policies"]["nodes"]
    assert policy == {"body": "After 20:00.", "inForceTo": None}


async def test_what_failed_enacts_nothing(house: House) -> None:
    one, _ = await house.seat(1, 1)
    proposal = await one.tables("Crown", action={"enactPolicy": {"title": "Crown", "body": "All to me."}})
    await one.cast(proposal)
    await house.after(hours=72)
    assert await house.status(proposal) == "FAILED NO_QUORUM"
    assert (await one.ask(POLICIES))["policies"]["nodes"] == []
    assert await house.audited("ACTION_RUN") == []


async def test_a_weight_for_who_left_meanwhile_does_not_apply(house: House) -> None:
    one, leaving = await house.seat(1, 0)
    proposal = await one.tables("Weigh", action={"setWeight": {"memberId": leaving.id, "weight": 900}})
    await house.boss.do("deactivateMember", memberId=leaving.id, reason="Left.")
    await one.cast(proposal)
    assert await house.status(proposal) == "FAILED ACTION_NOT_APPLICABLE"
    found = await one.ask("query ($id: ID!) { member(id: $id) { weight admitted } }", id=leaving.id)
    assert found["member"] == {"weight": 0, "admitted": False}


async def test_actions_name_what_exists_within_bounds(house: House) -> None:
    [one] = await house.seat(1)
    unknown = one.id.replace(one.id[-2:], "zz")
    actions: list[tuple[dict[str, object], str]] = [
        ({"setWeight": {"memberId": one.id, "weight": 1_000_001}}, "BAD_USER_INPUT"),
        ({"setWeight": {"memberId": one.id, "weight": -1}}, "BAD_USER_INPUT"),
        ({"setWeight": {"memberId": unknown, "weight": 1}}, "BAD_USER_INPUT"),
        ({"repealPolicy": one.id}, "BAD_USER_INPUT"),
        ({"enactPolicy": {"title": "", "body": "b"}}, "BAD_USER_INPUT"),
        ({"admitMember": {"memberId": one.id, "weight": 1}}, "CONFLICT"),
    ]
    for action, code in actions:
        assert await one.refused("createProposal", title="t", body="b", action=action) == code
