"""kill -9 of a part or of everything: nothing acknowledged is lost, nothing is doubled."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from app.demo.client import Client
from tests.journeys.conftest import System
from tests.journeys.test_main_journey import answered, cast, read_to_the_end, running_proposal

PAGE = " ".join(
    f"Shelf number {shelf} holds {shelf * 7} clay moulds for the guild of Marrow Lane." for shelf in range(600)
)
MEMORIES = "{ viewer { twin { memories(first: 1) { totalCount } } } }"


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("crash") / "data")
    system.start()
    yield system
    assert system.stop() == 0


async def memories_of(client: Client) -> int:
    count: int = (await client.ask(MEMORIES))["viewer"]["twin"]["memories"]["totalCount"]
    return count


async def test_a_worker_killed_while_it_reads_brings_the_document_to_done_once(crashing: System) -> None:
    async with crashing.client("undisturbed") as calm, crashing.client("killed") as killed:
        await asyncio.wait_for(read_to_the_end(calm, await calm.upload("shelves.txt", PAGE.encode())), 60)
        document = await killed.upload("shelves.txt", PAGE.encode())
        await asyncio.sleep(0.4)
        crashing.kill("worker")
        seen = await asyncio.wait_for(read_to_the_end(killed, document), 30)
        assert seen[-1]["status"] == "DONE"
        progress = [change["progress"] for change in seen]
        assert progress == sorted(progress)
        assert await memories_of(killed) == await memories_of(calm)


async def test_an_api_killed_in_the_middle_of_a_reply_can_be_asked_for_the_rest(crashing: System) -> None:
    async with crashing.client("killed") as client:
        twin = (await client.ask("{ viewer { twin { id } } }"))["viewer"]["twin"]["id"]
        start = "mutation ($in: StartChatInput!) { startChat(input: $in) { session { id } } }"
        session = (await client.ask(start, **{"in": {"twinId": twin}}))["startChat"]["session"]["id"]
        send = "mutation ($in: SendMessageInput!) { sendMessage(input: $in) { message { id } replyId } }"
        sent = (await client.ask(send, **{"in": {"sessionId": session, "text": "What does shelf number 12 hold?"}}))[
            "sendMessage"
        ]
        crashing.kill("api")
        await asyncio.sleep(0.2)
        crashing.wait_until_ready()
        query = "subscription ($id: ID!) { chatTokens(replyId: $id) { __typename seq ... on ChatToken { text } } }"
        heard = [event["chatTokens"] async for event in client.subscribe(query, id=sent["replyId"])]
        assert [event["seq"] for event in heard] == list(range(len(heard)))
        assert heard[-1]["__typename"] == "ChatDone"
        kept = await client.ask(
            "query ($id: ID!) { node(id: $id) { ... on ChatMessage { content } } }", id=sent["message"]["id"]
        )
        assert kept["node"]["content"] == "What does shelf number 12 hold?"


async def test_everything_killed_loses_no_acknowledged_ballot_or_message(crashing: System) -> None:
    voters = [crashing.client(f"member-{number}") for number in range(8)]
    for voter in voters:
        await voter.ask("{ viewer { id } }")
    proposal = await running_proposal(voters[0], "Survive a power cut")
    acknowledged = [voter for voter in voters[:4] if await cast(voter, proposal) == []]
    document = await voters[0].upload("more.txt", PAGE[:20_000].encode())
    crashing.kill_everything()
    with pytest.raises(httpx.TransportError):
        await voters[0].ask("{ viewer { id } }")
    crashing.start()
    seen = await asyncio.wait_for(read_to_the_end(voters[0], document), 30)
    assert seen[-1]["status"] == "DONE"
    votes = await voters[0].ask(
        "query ($id: ID!) { proposal(id: $id) { votes { totalCount } quorum { participatingWeight } } }", id=proposal
    )
    assert votes["proposal"] == {
        "votes": {"totalCount": len(acknowledged)},
        "quorum": {"participatingWeight": len(acknowledged)},
    }
    assert "clay moulds" in (await answered(voters[0], "What does shelf number 12 hold?"))["content"]
    for voter in voters:
        await voter.__aexit__()
