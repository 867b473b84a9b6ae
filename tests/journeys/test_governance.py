"""Proposals and votes over HTTP and WebSocket, and what the graph knows of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from typing import Any

import pytest

from app.demo.client import Client
from domain.members import Role
from tests.journeys.asking import GUARD_SECONDS, facts, mutate, refusal, rows, subscription_refused
from tests.journeys.conftest import System

VOTERS = ("alma", "bert", "cleo", "dora", "emil", "finn")
CAST = "vote { id choice weight } proposal { status }"
QUORUM = """subscription ($id: ID!) { quorum(proposalId: $id) {
  seq voters forWeight againstWeight participatingWeight decided } }"""
VOTES = """MATCH (u:User)-[voted:VOTED]->(v:Vote)-[:ON]->(p:Proposal)
  RETURN u.name, v.choice, v.open, p.status, voted.ts IS NOT NULL ORDER BY u.name"""


async def states(client: Client, proposal: str, started: asyncio.Event) -> list[dict[str, Any]]:
    """The quorum's states, from the present one to the decided one."""
    seen: list[dict[str, Any]] = []
    async with asyncio.timeout(GUARD_SECONDS), aclosing(client.subscribe(QUORUM, id=proposal)) as events:
        async for event in events:
            seen.append(event["quorum"])
            started.set()
            if seen[-1]["decided"]:
                break
    return seen


async def until_rows(system: System, cypher: str, expected: list[list[Any]]) -> None:
    for _ in range(GUARD_SECONDS * 5):
        if (found := rows(system, "dao", cypher)) == expected:
            return
        await asyncio.sleep(0.2)
    assert found == expected


@pytest.fixture
async def voters(system: System) -> AsyncIterator[list[Client]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(system.client(handle)) for handle in VOTERS]


@pytest.fixture
async def admin(system: System) -> AsyncIterator[Client]:
    async with system.client("chair", role=Role.ADMIN) as client:
        yield client


@pytest.fixture
async def late(system: System) -> AsyncIterator[Client]:
    async with system.client("latecomer") as client:
        yield client


async def test_a_vote_from_draft_to_implemented_as_all_stores_tell_it(
    system: System, voters: list[Client], admin: Client, late: Client
) -> None:
    author, other = voters[:2]
    for member in (*voters, admin):
        await member.ask("{ viewer { id } }")
    drafted = await mutate(author, "createProposal", "proposal { id number }", title="Buy a kiln", body="For winter.")
    proposal = drafted["proposal"]["id"]
    assert await refusal(author, "castVote", CAST, proposalId=proposal, choice="FOR") == "VOTING_CLOSED"
    assert await refusal(other, "castVote", CAST, proposalId=proposal, choice="FOR") == "NOT_FOUND"
    assert await subscription_refused(other, QUORUM, id=proposal)
    assert await refusal(author, "startVoting", "proposal { id }", proposalId=proposal) == "CONFLICT"
    await mutate(author, "openProposal", "proposal { id }", proposalId=proposal)
    assert await refusal(other, "startVoting", "proposal { id }", proposalId=proposal) == "FORBIDDEN"
    assert await refusal(other, "castVote", CAST, proposalId=proposal, choice="FOR") == "VOTING_CLOSED"
    assert await refusal(author, "updateProposal", "proposal { id }", proposalId=proposal, title="x") == "CONFLICT"
    began = await mutate(author, "startVoting", "proposal { status quorum { eligibleWeight } }", proposalId=proposal)
    eligible = began["proposal"]["quorum"]["eligibleWeight"]
    assert eligible == len(VOTERS) + 1
    assert await refusal(author, "startVoting", "proposal { id }", proposalId=proposal) == "CONFLICT"
    assert await refusal(late, "castVote", CAST, proposalId=proposal, choice="FOR") == "NO_VOTING_POWER"
    started = asyncio.Event()
    watching = asyncio.create_task(states(late, proposal, started))
    await started.wait()

    first = await mutate(other, "castVote", CAST, proposalId=proposal, choice="AGAINST", reason="Too dear.")
    changed = await mutate(other, "castVote", CAST, proposalId=proposal, choice="FOR", reason="Cheaper now.")
    assert changed["vote"]["id"] == first["vote"]["id"]
    await until_rows(system, VOTES, [["bert", "FOR", True, "VOTING", True]])
    deciding = -(-eligible * 60 // 100)
    cast = [
        (await mutate(voter, "castVote", CAST, proposalId=proposal, choice="FOR"))["proposal"]["status"]
        for voter in voters[2 : deciding + 1]
    ]
    assert cast == ["VOTING"] * (deciding - 2) + ["PASSED"]
    assert await refusal(author, "castVote", CAST, proposalId=proposal, choice="FOR") == "ALREADY_RESOLVED"

    seen = await watching
    assert seen[0]["voters"] == 0
    assert [state["seq"] for state in seen] == sorted({state["seq"] for state in seen})
    assert seen[-1]["forWeight"] == seen[-1]["participatingWeight"] == deciding
    sealed = [[handle, "FOR", False, "PASSED", True] for handle in VOTERS[1 : deciding + 1]]
    await until_rows(system, VOTES, sealed)
    await until_rows(system, "MATCH (r:DAOResolution) RETURN r.passed, r.reason", [[True, "QUORUM_AND_MAJORITY"]])
    assert await refusal(other, "markImplemented", "proposal { id }", proposalId=proposal, evidence="x") == "FORBIDDEN"
    done = await mutate(admin, "markImplemented", "proposal { status }", proposalId=proposal, evidence="Invoice 7")
    assert done["proposal"]["status"] == "IMPLEMENTED"
    await until_rows(system, "MATCH (p:Proposal) RETURN p.name, p.status", [["Buy a kiln", "IMPLEMENTED"]])

    voted = await facts(late, "How did bert vote on the kiln?", limit=5)
    assert voted[0]["relation"] == "VOTED"
    assert voted[0]["text"].startswith("bert voted for “Buy a kiln” on ")
    assert voted[-1]["text"].startswith("bert voted against “Buy a kiln” on ")
    assert [fact["validTo"] is None for fact in voted] == [True] * 4 + [False]
    decided = await facts(late, "What was decided this month?", limit=1)
    assert "“Buy a kiln” passed" in decided[0]["text"]
    assert await facts(late, "What was decided in May 1999?") == []


async def test_a_key_holds_for_every_step_of_a_proposal(system: System) -> None:
    async with system.client("careful") as client:
        made = await asyncio.gather(
            *(
                mutate(client, "createProposal", "proposal { id }", title="Once", body="b", idempotencyKey="new")
                for _ in range(6)
            )
        )
        assert len({payload["proposal"]["id"] for payload in made}) == 1
        proposal = made[0]["proposal"]["id"]
        kept = {"proposalId": proposal, "choice": "FOR", "idempotencyKey": "vote"}
        assert await refusal(client, "castVote", CAST, **kept) == "VOTING_CLOSED"
        for step in ("openProposal", "startVoting"):
            twice = [
                await mutate(client, step, "proposal { status }", proposalId=proposal, idempotencyKey="k")
                for _ in range(2)
            ]
            assert twice[0] == twice[1]
        assert await refusal(client, "castVote", CAST, **kept) == "VOTING_CLOSED"
        other = {**kept, "choice": "AGAINST"}
        assert await refusal(client, "castVote", CAST, **other) == "CONFLICT"
        cast = [
            await mutate(client, "castVote", CAST, proposalId=proposal, choice="FOR", idempotencyKey="w")
            for _ in range(2)
        ]
        assert cast[0] == cast[1]
        assert cast[0]["vote"]["choice"] == "FOR"
