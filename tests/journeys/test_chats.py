"""Conversations over HTTP and WebSocket: one reply at a time, stopped, resumed, deleted, forgotten."""

import asyncio

from tests.journeys.asking import (
    REPLY,
    answer,
    chat,
    heard,
    learned,
    mutate,
    recalled,
    refusal,
    subscription_refused,
    twin_of,
    until_forgotten,
    until_recalled,
)
from tests.journeys.conftest import System

CONTENT = "query ($id: ID!) { node(id: $id) { ... on ChatMessage { content complete } } }"


async def test_of_messages_sent_at_once_one_is_answered(system: System) -> None:
    async with system.client("eager") as client:
        session = await chat(client)
        sent = await asyncio.gather(
            *(
                mutate(client, "sendMessage", "replyId", sessionId=session, text=f"What does lathe {n} cost?")
                for n in range(4)
            )
        )
        [reply] = [payload["replyId"] for payload in sent if payload["replyId"]]
        assert [payload["userErrors"][0]["code"] for payload in sent if payload["userErrors"]] == ["CONFLICT"] * 3
        assert (await heard(client, REPLY, id=reply, after=-1))[-1]["chatTokens"]["__typename"] == "ChatDone"
        assert "know" in (await answer(client, "What does lathe 9 cost?", session=session))["content"]


async def test_a_reply_is_resumed_after_any_event_and_ends_at_once_after_its_last(system: System) -> None:
    async with system.client("resuming") as client:
        session = await chat(client)
        reply = (await mutate(client, "sendMessage", "replyId", sessionId=session, text="Who are you?"))["replyId"]
        events = [event["chatTokens"]["seq"] for event in await heard(client, REPLY, id=reply, after=-1)]
        assert events == list(range(len(events)))
        for after in range(-1, len(events) + 1):
            rest = [event["chatTokens"]["seq"] for event in await heard(client, REPLY, id=reply, after=after)]
            assert rest == events[after + 1 :]
        assert await subscription_refused(client, REPLY, id="Q2hhdE1lc3NhZ2U6OTk5OTk5", after=-1)


async def test_a_cancelled_reply_is_complete_and_the_next_message_is_taken(system: System) -> None:
    async with system.client("impatient") as client:
        session = await chat(client)
        sent = await mutate(client, "sendMessage", "replyId message { id }", sessionId=session, text="Why? " * 1_500)
        stopped = await mutate(client, "cancelReply", "message { content complete }", replyId=sent["replyId"])
        assert stopped["message"]["complete"] is True
        assert (await heard(client, REPLY, id=sent["replyId"], after=-1))[-1]["chatTokens"]["__typename"] == "ChatDone"
        kept = await client.ask(CONTENT, id=sent["replyId"])
        assert kept["node"] == stopped["message"]
        assert await refusal(client, "cancelReply", "message { id }", replyId=sent["message"]["id"]) == "BAD_USER_INPUT"
        assert (await answer(client, "Hello!", session=session))["complete"] is True


async def test_a_chat_deleted_while_it_is_answered_ends_for_who_follows_and_its_ids_never_come_again(
    system: System,
) -> None:
    async with system.client("leaving") as client:
        ids: list[str] = []
        for _ in range(3):
            session = await chat(client)
            sent = await mutate(
                client, "sendMessage", "replyId", sessionId=session, text="I keep the teal gondola in Ulverly. " * 40
            )
            following = asyncio.create_task(heard(client, REPLY, id=sent["replyId"], after=-1))
            assert (await mutate(client, "deleteChat", "deletedId", sessionId=session))["deletedId"] == session
            await asyncio.gather(following, return_exceptions=True)  # refused when the chat was gone before it began
            assert following.done()
            ids += [session, sent["replyId"]]
        assert len(set(ids)) == len(ids)
        gone = await client.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
        assert gone["nodes"] == [None] * len(ids)
        await until_forgotten(system, "gondola")
        assert await recalled(client, "teal gondola") == []


async def test_a_preference_changes_and_once_forgotten_never_returns(system: System) -> None:
    async with system.client("fickle") as client:
        session = await chat(client)
        await answer(client, "I prefer the brass nozzle for brackets.", session=session)
        await answer(client, "I no longer use brass, I now prefer the steel nozzle for brackets.", session=session)
        question = "Which nozzle do I prefer for brackets?"
        await until_recalled(client, question, "steel nozzle")
        newer = await answer(client, question)
        assert "steel" in newer["content"]
        [memory] = [each for each in await recalled(client, question) if "steel" in each["text"]]
        forgotten = await mutate(client, "forgetMemory", "forgottenId", memoryId=memory["id"])
        assert forgotten["forgottenId"] == memory["id"]
        await until_forgotten(system, "steel nozzle")
        for where in (session, None):
            again = await answer(client, question, session=where)
            assert "steel" not in again["content"]
            assert "brass" in again["content"]
        cited = await client.ask(
            "query ($id: ID!) { node(id: $id) { ... on ChatMessage { citations { quote source { __typename } } } } }",
            id=newer["id"],
        )
        assert cited["node"]["citations"] == [{"quote": None, "source": None}]


async def test_an_answer_joins_two_documents_and_what_nobody_wrote_is_unknown(system: System) -> None:
    async with system.client("reader") as client:
        await learned(client, "log.md", "# Log\n\nThe Voron is serviced by Linnet Engineering.\n")
        await learned(client, "contracts.md", "# Contracts\n\nLinnet Engineering charges 80 euros an hour.\n")
        joined = await answer(client, "How much does the company that services the Voron charge an hour?")
        assert "80 euros" in joined["content"]
        assert {citation["source"]["source"] for citation in joined["citations"]} == {"log.md", "contracts.md"}
        unknown = await answer(client, "What is the capital of Mongolia?")
        assert (unknown["content"], unknown["citations"]) == (
            "I don't know: nothing I have read or said tells me that.",
            [],
        )


async def test_a_key_of_a_chat_that_is_gone_says_so(system: System) -> None:
    async with system.client("keyed") as client:
        twin = await twin_of(client)
        started = [
            await mutate(client, "startChat", "session { id }", twinId=twin, idempotencyKey="chat") for _ in range(2)
        ]
        assert started[0] == started[1]
        await mutate(client, "deleteChat", "deletedId", sessionId=started[0]["session"]["id"])
        code = await refusal(client, "startChat", "session { id }", twinId=twin, idempotencyKey="chat")
        assert code == "NOT_FOUND"
        assert await refusal(client, "startChat", "session { id }", twinId=twin, title=" ") == "BAD_USER_INPUT"
        session = await chat(client)
        for text in (" ", "x" * 8_001, "a\0b"):
            assert await refusal(client, "sendMessage", "replyId", sessionId=session, text=text) == "BAD_USER_INPUT"
