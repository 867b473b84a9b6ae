"""Every path to the leader of a hidden vote: nothing that anybody may read moves with what a ballot says."""

import asyncio
from contextlib import aclosing
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import redis

from domain.members import Role
from domain.proposals import SHOWN_BALLOTS
from domain.rules import Rules
from domain.tally import Choice
from tests.attacks.conftest import Found
from tests.attacks.houses import LONGEST_SECONDS, Hand, House, Json

HIDDEN = {"hiddenUntilClose": True, "votingMinutes": 60}
QUORUM = """seq eligibleWeight forWeight againstWeight abstainWeight participatingWeight participation support
  quorumReached majorityReached decided voters asOf byMembers byTwins byDelegates"""
VOTES = """totalCount nodes { id choice castBy castAt reason confidence weight via { handle } acknowledgement }
  edges { cursor } pageInfo { startCursor endCursor }"""
PROPOSAL = f"""seq status quorum {{ {QUORUM} }} results {{ option score rank }} votes(first: 100) {{ {VOTES} }}
  myVote {{ id }} myVotingPower myChain {{ handle }} myDelegationCarried history {{ status at reason }}
  resolution {{ id passed }} viewerCan {{ vote cancel reasons {{ code field }} }}"""
EVERYTHING = f"""query ($id: ID!, $m: ID!, $votes: [ID!]!) {{
  proposal(id: $id) {{ {PROPOSAL} }}
  proposals(first: 10) {{ totalCount nodes {{ {PROPOSAL} }} edges {{ cursor }} }}
  soon: proposals(orderBy: ENDING_SOON) {{ edges {{ cursor node {{ id seq }} }} }}
  votes {{ {VOTES} }} of: votes(filter: {{proposal: $id}}) {{ {VOTES} }} by: votes(filter: {{member: $m}}) {{ {VOTES} }}
  twins: votes(filter: {{castBy: TWIN}}) {{ totalCount }} late: votes(filter: {{castAfter: "2024-01-01T00:00:00Z"}}) {{
    totalCount }}
  nodes(ids: $votes) {{ id }} node(id: $id) {{ ... on Proposal {{ {PROPOSAL} }} }}
  member(id: $m) {{ delegatedWeight weight active }}
  dao {{ seq meanParticipation resolvedCount votingCount }} resolutions {{ totalCount }}
  auditLog {{ nodes {{ act reason }} }} }}"""
SNAPSHOT = """query ($id: String!) {
  proposals { id state scores scores_by_strategy scores_total scores_state scores_updated votes updated }
  proposal(id: $id) { scores scores_total votes }
  votes(first: 1000) { id voter choice vp reason } spaces { id votesCount proposalsCount votesCount7d } }"""
PATHS = (
    "/dao",
    "/dao/members",
    "/dao/proposals",
    "/dao/proposals/1",
    "/dao/proposals/1/content.md",
    "/dao/activity-log",
    "/dao/governance.md",
    "/resolutions/0/receipt.json",
)
REST = ("/proposals/open", "/proposals/1/status")


async def everything(house: House, spy: Hand, proposal: str, of: Hand, votes: list[str]) -> list[Any]:
    """What the spy reads over GraphQL, REST and, as anybody, the public views; the house's port does not tell."""
    found: list[Any] = [await spy.ask(EVERYTHING, id=proposal, m=of.id, votes=votes)]
    async with httpx.AsyncClient(base_url=house.url, trust_env=False) as http:
        token = house.tokens.issue(spy.handle, role=Role.ADMIN if spy is house.boss else Role.MEMBER)
        headers = {"Authorization": f"Bearer {token}"}
        found += [(await http.get(path, headers=headers)).text for path in REST]
        told = [(await http.get(path)).text.replace(house.url, "") for path in PATHS]
        found += [text.replace(house.container.services.receipts.key, "KEY") for text in told]  # each house has its own
        query = {"query": SNAPSHOT, "variables": {"id": proposal}}
        found.append((await http.post("/compat/snapshot/graphql", json=query)).json())
    assert "errors" not in found[-1], found[-1]
    return found


async def seen_by(house: House, spy: Hand, proposal: str) -> Json:
    found: Json = (await spy.ask(f"query ($id: ID!) {{ proposal(id: $id) {{ {PROPOSAL} }} }}", id=proposal))["proposal"]
    return found


@pytest.fixture
async def open_house(found: Found) -> House:
    """One whose public views anybody reads."""
    return await found(public=True)


async def test_a_hidden_ballot_moves_nothing_that_anybody_reads(open_house: House) -> None:
    caster, spy, *_ = await open_house.seat(1, 1, 1, 1, 1, 1, 1)
    proposal = await spy.tables(rules=HIDDEN)
    spies = (spy, open_house.boss)
    votes: list[str] = ["Vm90ZTox"]
    before = [await everything(open_house, each, proposal, caster, votes) for each in spies]
    cast = await caster.cast(proposal, "FOR", reason="Loud.", confidence=0.9)
    assert cast["vote"]["id"] == votes[0]
    assert [await everything(open_house, each, proposal, caster, votes) for each in spies] == before
    await caster.cast(proposal, "AGAINST")
    assert [await everything(open_house, each, proposal, caster, votes) for each in spies] == before


async def test_two_votes_with_opposite_ballots_look_the_same(found: Found) -> None:
    looks = []
    for choice in ("FOR", "AGAINST"):
        house = await found(public=True)
        *casters, spy = await house.seat(*[1] * 7)
        proposal = await spy.tables(rules=HIDDEN)
        for hand in casters[:6]:
            await hand.cast(proposal, choice)
        await house.after(minutes=2)
        looks.append([await everything(house, each, proposal, casters[0], ["Vm90ZTox"]) for each in (spy, house.boss)])
    assert looks[0] == looks[1]
    proposals = [look[0]["proposal"] for look in looks[0]]
    assert [each["quorum"]["voters"] for each in proposals] == [6, 6]
    assert [each["status"] for each in proposals] == ["VOTING", "VOTING"]


async def test_the_turnout_moves_in_steps_of_ballots_or_of_minutes(house: House) -> None:
    *casters, spy = await house.seat(*[1] * 9)
    proposal = await spy.tables(rules=HIDDEN)
    shown = []
    for hand in casters[:7]:
        await hand.cast(proposal)
        shown.append((await seen_by(house, spy, proposal))["quorum"]["voters"])
    assert shown == [0, 0, 0, 0, SHOWN_BALLOTS, SHOWN_BALLOTS, SHOWN_BALLOTS]
    await house.after(seconds=59)
    assert (await seen_by(house, spy, proposal))["quorum"]["voters"] == SHOWN_BALLOTS
    await house.after(seconds=1)
    quorum = (await seen_by(house, spy, proposal))["quorum"]
    assert (quorum["voters"], quorum["participatingWeight"], quorum["byMembers"]) == (7, 7, 7)
    told = ("forWeight", "againstWeight", "abstainWeight", "support", "majorityReached", "decided")
    assert [quorum[name] for name in told] == [None] * 6


@pytest.mark.parametrize("field", ["quorum", "proposalChanged"])
async def test_a_subscription_tells_no_single_ballot(house: House, field: str) -> None:
    *casters, spy = await house.seat(*[1] * 7)
    proposal = await spy.tables(rules=HIDDEN)
    answer = "voters forWeight decided" if field == "quorum" else "quorum { voters forWeight decided }"
    query = f"subscription ($id: ID!) {{ {field}(proposalId: $id) {{ {answer} }} }}"
    seen = []
    async with asyncio.timeout(LONGEST_SECONDS), aclosing(spy.client.subscribe(query, id=proposal)) as events:
        for number in range(2):
            event = (await anext(events))[field]
            seen.append(event if field == "quorum" else event["quorum"])
            if number == 0:
                for hand in casters[:5]:
                    await hand.cast(proposal)
    assert seen == [{"voters": voters, "forWeight": None, "decided": None} for voters in (0, 5)]


async def test_a_giver_learns_that_its_delegate_voted_and_not_how(house: House) -> None:
    head, giver, *_ = await house.seat(*[1] * 4)
    await giver.delegates(head)
    proposal = await head.tables(rules=HIDDEN)
    await head.cast(proposal, "AGAINST", reason="No!", confidence=1.0)
    mine = (await giver.ask(MINE, id=proposal))["proposal"]
    assert (mine["quorum"], mine["votes"]["totalCount"]) == ({"voters": 0, "byDelegates": 0}, 0)
    vote_id = mine["myVote"].pop("id")
    assert mine["myVote"] == {
        "choice": None,
        "ballot": None,
        "reason": None,
        "confidence": None,
        "castBy": "DELEGATE",
        "via": [{"handle": "m0"}],
        "acknowledgement": None,
        "canonicalBallot": None,
    }
    assert await giver.ask("query ($id: ID!) { node(id: $id) { id } }", id=vote_id) == {"node": None}


MINE = """query ($id: ID!) { proposal(id: $id) { votes { totalCount } quorum { voters byDelegates } myVote {
  id choice ballot { single } reason confidence castBy via { handle } acknowledgement canonicalBallot } } }"""


async def test_a_caster_reads_its_own_ballot_and_no_other(house: House) -> None:
    caster, other, *_ = await house.seat(*[1] * 4)
    proposal = await caster.tables(rules=HIDDEN)
    await other.cast(proposal)
    said = await caster.cast(proposal, "AGAINST")
    assert (said["vote"]["choice"], said["proposal"]) == ("AGAINST", {"status": "VOTING", "seq": 2})
    seen = await seen_by(house, caster, proposal)
    assert [(node["id"], node["choice"]) for node in seen["votes"]["nodes"]] == [(said["vote"]["id"], "AGAINST")]
    assert seen["votes"]["totalCount"] == 1


async def test_a_repeated_request_tells_no_more_than_the_first(house: House) -> None:
    caster, *others = await house.seat(*[1] * 5)
    proposal = await caster.tables(rules=HIDDEN)
    given = {"proposalId": proposal, "choice": "AGAINST", "idempotencyKey": "one"}
    first = await caster.do("castVote", **given)
    for hand in others[:3]:
        await hand.cast(proposal)
    assert await caster.do("castVote", **given) == first
    assert await caster.refused("castVote", **{**given, "choice": "FOR"}) == "CONFLICT"
    spied = await others[3].do("castVote", **given)
    assert spied["vote"]["id"] != first["vote"]["id"]


async def test_a_hidden_vote_that_all_agree_on_ends_at_its_end_only(house: House) -> None:
    members = await house.seat(1, 1, 1)
    proposal = await members[0].tables(rules={**HIDDEN, "earlyClose": "ON_QUORUM"})
    for hand in members:
        await hand.cast(proposal, reason="Now.")
    await house.after(minutes=59)
    assert await house.status(proposal) == "VOTING"
    assert (await members[0].ask("{ resolutions { totalCount } }"))["resolutions"]["totalCount"] == 0
    await house.after(minutes=1)
    assert await house.status(proposal) == "PASSED QUORUM_AND_MAJORITY"
    seen = await seen_by(house, house.boss, proposal)
    assert [(node["choice"], node["reason"]) for node in seen["votes"]["nodes"]] == [("FOR", "Now.")] * 3
    assert await house.counts(proposal) == (3, 0, 0, 3)


async def test_no_resolution_is_announced_before_the_close(house: House) -> None:
    [caster, *_] = await house.seat(1)
    proposal = await caster.tables(rules=HIDDEN)
    await caster.cast(proposal)
    query = "subscription { resolved(afterSeq: -1) { seq passed } }"
    first = asyncio.create_task(house.boss.first_event(query))
    await house.after(minutes=59)
    await house.works()
    assert first.done() is False
    await house.after(minutes=1)
    assert await first == {"resolved": {"seq": 0, "passed": True}}


async def test_a_cancelled_hidden_vote_stays_sealed(open_house: House) -> None:
    caster, spy, giver, *_ = await open_house.seat(*[1] * 8)
    await giver.delegates(caster)
    proposal = await spy.tables(rules=HIDDEN)
    empty = await everything(open_house, spy, proposal, caster, ["Vm90ZTox"])
    await caster.cast(proposal, reason="Loud.")
    await open_house.boss.do("cancelProposal", proposalId=proposal, reason="To see them.")
    for each in (spy, open_house.boss):
        seen = await seen_by(open_house, each, proposal)
        assert (seen["status"], seen["votes"]["totalCount"], seen["votes"]["nodes"]) == ("CANCELLED", 0, [])
        told = ("forWeight", "againstWeight", "abstainWeight", "support", "voters", "participatingWeight")
        assert [seen["quorum"][name] for name in told] == [None, None, None, None, 0, 0]
    after = await everything(open_house, spy, proposal, caster, ["Vm90ZTox"])
    assert (after[0]["votes"], after[0]["nodes"], after[-1]["data"]["votes"]) == (empty[0]["votes"], [None], [])
    mine = await giver.ask("query ($id: ID!) { proposal(id: $id) { myVote { choice } } }", id=proposal)
    assert mine["proposal"]["myVote"] == {"choice": None}


@pytest.mark.parametrize(
    ("system", "ballots"),
    [
        ("SINGLE_CHOICE", ({"single": 1}, {"single": 2})),
        ("RANKED_SCHULZE", ({"ranking": [1, 2]}, {"ranking": [2, 1]})),
        ("WEIGHTED", ({"shares": [{"option": 1, "share": 1}]}, {"shares": [{"option": 2, "share": 1}]})),
    ],
)
async def test_options_of_a_hidden_vote_have_no_scores(
    found: Found, system: str, ballots: tuple[dict[str, object], dict[str, object]]
) -> None:
    looks = []
    for ballot in ballots:
        house = await found(public=True)
        *casters, spy = await house.seat(*[1] * 7)
        proposal = await spy.tables(rules=HIDDEN, system=system, options=["x", "y"])
        for hand in casters[:5]:
            await hand.do("castVote", proposalId=proposal, ballot=ballot)
        looks.append(await everything(house, spy, proposal, casters[0], []))
    assert looks[0] == looks[1]
    assert looks[0][0]["proposal"]["results"] == []
    assert looks[0][0]["proposal"]["quorum"]["voters"] == 5


async def test_ballots_leave_the_database_after_the_close_only(house: House) -> None:
    caster, *_ = await house.seat(1, 1)
    hidden = await caster.tables("Hidden", rules=HIDDEN)
    await caster.cast(hidden)
    await house.twin_casts(house.hands["m1"], hidden)
    assert "BallotCast" not in [entry.name for entry in await house.container.outbox.projectable(limit=200)]
    plain = await caster.tables("Plain")
    await caster.cast(plain)
    assert "BallotCast" in [entry.name for entry in await house.container.outbox.projectable(limit=200)]


@pytest.mark.parametrize("cancelled", [False, True])
async def test_the_graph_knows_nothing_of_a_hidden_vote(found: Found, graph_url: str, cancelled: bool) -> None:
    house = await found(graph_url=graph_url)
    spy, *_ = await house.seat(*[1] * 6)
    proposal = await spy.tables(rules=HIDDEN)
    for hand in list(house.hands.values())[1:6]:
        await hand.cast(proposal, "AGAINST", reason="Loud.")
    if cancelled:
        await house.boss.do("cancelProposal", proposalId=proposal, reason="To see them.")
    container = house.container
    with redis.Redis(port=urlsplit(graph_url).port or 0) as connection:
        await container.services.projections.project(await container.outbox.projectable(limit=200))
        counted = [connection.execute_command("GRAPH.QUERY", "dao", query)[1] for query in COUNTED]
    assert counted == [[[1]], [[0]]]


COUNTED = ("MATCH (p:Proposal) RETURN count(p)", "MATCH (v:Vote) RETURN count(v)")


async def test_an_admins_recount_of_a_hidden_vote_tells_nothing(house: House) -> None:
    caster, spy, *_ = await house.seat(*[1] * 6)
    proposal = await spy.tables(rules=HIDDEN)
    await caster.cast(proposal)
    before = await seen_by(house, spy, proposal)
    await house.boss.do("resolveStalled", proposalId=proposal, reason="Look.")
    assert await seen_by(house, spy, proposal) == before
    assert [reason for _, reason in await house.audited("PROPOSAL_RECOUNTED")] == [
        "Look. (Recounted: the tally was right.)"
    ]


async def test_a_hidden_twins_ballot_is_as_sealed_as_its_members(open_house: House) -> None:
    caster, spy, *_ = await open_house.seat(*[1] * 7)
    proposal = await spy.tables(rules=HIDDEN)
    before = await everything(open_house, spy, proposal, caster, ["Vm90ZTox"])
    await open_house.twin_casts(caster, proposal, Choice.AGAINST)
    open_house.clock.now += timedelta(seconds=30)
    assert await everything(open_house, spy, proposal, caster, ["Vm90ZTox"]) == before


async def test_a_dao_that_hides_its_votes_lets_nobody_open_them(found: Found) -> None:
    house = await found(Rules(hidden_until_close=True))
    [author] = await house.seat(1)
    for hand in (author, house.boss):
        draft = {"title": "Open", "body": "b", "rules": {"hiddenUntilClose": False}}
        assert await hand.refused("createProposal", **draft) == "FORBIDDEN"
