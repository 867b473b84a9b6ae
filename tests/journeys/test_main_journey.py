"""The main job over HTTP and WebSocket, by a client that knows only the contract."""

import asyncio
import time
from contextlib import aclosing
from typing import Any

from app.demo.client import Client
from tests.journeys.conftest import System

NOTES = """# Kiln notes

The blue kiln reaches 1,240 °C and is serviced by Wenke Dorsten every second Thursday.

# Glaze

I mix the celadon glaze with 14 percent wood ash from the bakery.
"""
STAGES = ["QUEUED", "EXTRACTING", "CHUNKING", "REMEMBERING", "LINKING", "DONE"]
CHANGED = "subscription ($id: ID!) { documentChanged(documentId: $id) { seq status progress chunkCount } }"
REPLY = """subscription ($id: ID!) { chatTokens(replyId: $id, afterSeq: -1) { __typename seq
  ... on ChatToken { text }
  ... on ChatDone { message { content complete model citations { quote source { __typename
      ... on Memory { source text byteRange { start end } } } } } } } }"""


async def read_to_the_end(client: Client, document: str) -> list[dict[str, Any]]:
    async with aclosing(client.subscribe(CHANGED, id=document)) as changes:
        seen = []
        async for change in changes:
            seen.append(change["documentChanged"])
            if seen[-1]["status"] in ("DONE", "FAILED"):
                return seen
    raise AssertionError("The stream ended before the document was read.")


async def answered(client: Client, question: str) -> dict[str, Any]:
    """The stored message of the reply, after its tokens were compared with it."""
    twin = (await client.ask("{ viewer { twin { id } } }"))["viewer"]["twin"]["id"]
    start = "mutation ($in: StartChatInput!) { startChat(input: $in) { session { id } userErrors { message } } }"
    session = (await client.ask(start, **{"in": {"twinId": twin}}))["startChat"]["session"]["id"]
    send = "mutation ($in: SendMessageInput!) { sendMessage(input: $in) { replyId userErrors { message } } }"
    sent = await client.ask(send, **{"in": {"sessionId": session, "text": question}})
    async with aclosing(client.subscribe(REPLY, id=sent["sendMessage"]["replyId"])) as events:
        heard = [event["chatTokens"] async for event in events]
    assert [event["seq"] for event in heard] == list(range(len(heard)))
    assert heard[0]["__typename"] == "ChatContext"
    message: dict[str, Any] = heard[-1]["message"]
    assert message["content"] == "".join(event.get("text", "") for event in heard)
    return message


async def running_proposal(author: Client, title: str) -> str:
    create = (
        "mutation ($in: CreateProposalInput!) { createProposal(input: $in) { proposal { id } userErrors { message } } }"
    )
    made = await author.ask(create, **{"in": {"title": title, "body": "For the winter."}})
    proposal: str = made["createProposal"]["proposal"]["id"]
    for step in ("openProposal", "startVoting"):
        query = f"mutation ($in: ProposalIdInput!) {{ {step}(input: $in) {{ userErrors {{ message }} }} }}"
        assert (await author.ask(query, **{"in": {"proposalId": proposal}}))[step]["userErrors"] == []
    return proposal


async def cast(voter: Client, proposal: str, choice: str = "FOR") -> list[str]:
    query = "mutation ($in: CastVoteInput!) { castVote(input: $in) { vote { choice } userErrors { code } } }"
    answer = await voter.ask(query, **{"in": {"proposalId": proposal, "choice": choice}})
    return [error["code"] for error in answer["castVote"]["userErrors"]]


async def test_a_document_is_read_in_stages_and_answered_from_with_its_source(system: System) -> None:
    async with system.client("runa") as runa:
        seen = await read_to_the_end(runa, await runa.upload("kiln.md", NOTES.encode()))
        assert [change["seq"] for change in seen] == sorted({change["seq"] for change in seen})
        assert [STAGES.index(change["status"]) for change in seen] == sorted(
            STAGES.index(change["status"]) for change in seen
        )
        assert seen[-1]["progress"] == 1
        assert seen[-1]["chunkCount"] == 1
        message = await answered(runa, "Who services the blue kiln?")
        assert "Wenke Dorsten" in message["content"]
        assert message["model"] == "built-in"
        [source] = [citation["source"] for citation in message["citations"] if "Wenke" in citation["quote"]]
        assert source["source"] == "kiln.md"
        stored = NOTES.encode()[source["byteRange"]["start"] : source["byteRange"]["end"]].decode()
        assert stored == source["text"]


async def test_another_member_learns_nothing_of_a_private_document(system: System) -> None:
    async with system.client("runa") as runa, system.client("sten") as sten:
        await read_to_the_end(runa, await runa.upload("kiln.md", NOTES.encode()))
        message = await answered(sten, "Who services the blue kiln?")
        assert "Wenke" not in message["content"]
        assert message["citations"] == []
        assert (await sten.ask("{ documents { nodes { filename } } policyTopics { nodes { title } } }")) == {
            "documents": {"nodes": []},
            "policyTopics": {"nodes": []},
        }
        facts = (await sten.ask('{ searchFacts(query: "blue kiln Wenke Dorsten", days: null) { text } }'))[
            "searchFacts"
        ]
        assert not any("Wenke" in fact["text"] or "kiln" in fact["text"] for fact in facts)


async def test_the_deciding_ballot_resolves_within_a_second_and_seals_the_ballots(system: System) -> None:
    handles = [f"voter-{number}" for number in range(10)]
    voters = [system.client(handle) for handle in handles]
    for voter in voters:
        await voter.ask("{ viewer { id } }")
    proposal = await running_proposal(voters[0], "Buy a second kiln")
    quorum = await voters[0].ask("query ($id: ID!) { proposal(id: $id) { quorum { eligibleWeight } } }", id=proposal)
    eligible = quorum["proposal"]["quorum"]["eligibleWeight"]
    deciding = -(-eligible * 60 // 100)
    resolved: asyncio.Future[tuple[dict[str, Any], float]] = asyncio.get_running_loop().create_future()

    async def listen() -> None:
        query = """subscription { resolved { seq passed reason proposal { id status }
          tally { forWeight participatingWeight } } }"""
        async with aclosing(voters[1].subscribe(query)) as resolutions:
            async for event in resolutions:
                if event["resolved"]["proposal"]["id"] == proposal:
                    resolved.set_result((event["resolved"], time.monotonic()))
                    return

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.5)
    for number in range(deciding - 1):
        assert await cast(voters[number], proposal) == []
    assert not resolved.done()
    began = time.monotonic()
    assert await cast(voters[deciding - 1], proposal) == []
    resolution, arrived = await asyncio.wait_for(resolved, 5)
    assert arrived - began < 1
    await listening
    assert resolution["passed"] is True
    assert resolution["reason"] == "QUORUM_AND_MAJORITY"
    assert resolution["tally"] == {"forWeight": deciding, "participatingWeight": deciding}
    assert resolution["proposal"]["status"] == "PASSED"
    assert await cast(voters[deciding], proposal) == ["ALREADY_RESOLVED"]
    for voter in voters:
        await voter.__aexit__()
