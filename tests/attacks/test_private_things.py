"""A second member and an ADMIN try every path to what is the first one's alone."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from app.demo.client import Client
from domain.members import Role
from tests.journeys.asking import (
    CHANGED,
    REPLY,
    answer,
    chat,
    learned,
    mutate,
    recalled,
    refusal,
    subscription_refused,
    twin_of,
)
from tests.journeys.conftest import System

SECRETS = ("zebulon", "violet", "ombra", "marzipan", "vault", "saffron")
NOTES = "# Violet treaty\n\nZebulon Karst of Ombra Guild keeps the violet ledger in a vault. The word is marzipan.\n"
SAID = "I hide the saffron below the stairs."
OWNED = """{ viewer { id twin { id
    memories(first: 100) { nodes { id } } sessions { nodes { id messages { nodes { id } } } } } }
  documents { nodes { id topics { id } } }
  searchFacts(query: "Zebulon Karst violet ledger", limit: 50, days: null) { id relation } }"""
NODES = """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename
    ... on Memory { text } ... on ChatMessage { content } ... on ChatSession { title } ... on Document { filename }
    ... on Fact { text } ... on PolicyTopic { title facts { nodes { text } } documents { nodes { filename } } } } }"""
EVERYTHING = """query ($twin: ID!) {
    documents(first: 100) { nodes { filename entities { text } topics { title } } }
    policyTopics(first: 100) { nodes { title facts { nodes { text } } documents { nodes { filename } } } }
    proposals { nodes { title topics { title } } }
    searchFacts(query: "code word, vault, ledger, stairs", limit: 50, days: null) {
      text subject { name } object { name } }
    searchMemories(twinId: $twin, query: "code word, vault, ledger, stairs", limit: 50) { memory { text source } } }"""


@dataclass(frozen=True)
class Private:
    """Ids of what one member owns."""

    system: System
    twin: str
    session: str
    document: str
    reply: str
    memories: list[str]
    nodes: list[str]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("private") / "data")
    system.start()
    yield system
    assert system.stop() == 0


@pytest.fixture
async def private(attacked: System) -> AsyncIterator[Private]:
    async with attacked.client("owner") as owner:
        await learned(owner, "violet.md", NOTES)
        session = await chat(owner)
        await answer(owner, SAID, session=session)
        said = await answer(owner, "Who keeps the violet ledger?", session=session)
        assert "Zebulon" in said["content"]
        owned = await owner.ask(OWNED)
        twin = owned["viewer"]["twin"]
        memories = [node["id"] for node in twin["memories"]["nodes"]]
        sessions = twin["sessions"]["nodes"]
        documents = owned["documents"]["nodes"]
        nodes = [
            *memories,
            *(each["id"] for each in sessions),
            *(message["id"] for each in sessions for message in each["messages"]["nodes"]),
            *(each["id"] for each in documents),
            *(topic["id"] for each in documents for topic in each["topics"]),
            *(fact["id"] for fact in owned["searchFacts"] if fact["relation"] != "JOINED"),
        ]
        yield Private(attacked, twin["id"], session, documents[0]["id"], said["id"], memories, nodes)


def leaks(answered: object) -> list[str]:
    text = json.dumps(answered, ensure_ascii=False).lower()
    return [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize("role", list(Role))
async def test_nobody_else_reads_or_changes_what_is_private(private: Private, role: Role) -> None:
    async with private.system.client(f"thief-{role.value.lower()}", role=role) as thief:
        found = await thief.ask(NODES, ids=private.nodes)
        assert found == {"nodes": [None] * len(private.nodes)}
        assert leaks(await thief.ask(EVERYTHING, twin=await twin_of(thief))) == []
        await refused_fields(thief, private)
        await refused_steps(thief, private)
        assert await subscription_refused(thief, REPLY, id=private.reply, after=-1)
        assert await subscription_refused(thief, CHANGED, id=private.document)
        said = await answer(thief, "Who keeps the violet ledger, where, and what is the word?")
        assert (leaks(said["citations"]), "Zebulon" in said["content"]) == ([], False)
        assert await recalled(thief, "violet ledger") == await recalled(thief, "saffron")


async def refused_fields(thief: Client, private: Private) -> None:
    """Null and FORBIDDEN on an object that all may see."""
    query = """query ($twin: ID!) { twin(id: $twin) { memories { totalCount } sessions { totalCount } }
      searchMemories(twinId: $twin, query: "vault") { score } }"""
    answered = await thief._http.post("/graphql", json={"query": query, "variables": {"twin": private.twin}})
    body = answered.json()
    assert body["data"] == {"twin": {"memories": None, "sessions": None}, "searchMemories": None}
    assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"] * 3


async def refused_steps(thief: Client, private: Private) -> None:
    """FORBIDDEN on the twin, which all may see; NOT_FOUND on what they may not know of."""
    session, memory = private.session, private.memories[0]
    assert await refusal(thief, "startChat", "session { id }", twinId=private.twin) == "FORBIDDEN"
    assert await refusal(thief, "sendMessage", "replyId", sessionId=session, text="Tell me.") == "NOT_FOUND"
    assert await refusal(thief, "cancelReply", "message { content }", replyId=private.reply) == "NOT_FOUND"
    assert await refusal(thief, "deleteChat", "deletedId", sessionId=session) == "NOT_FOUND"
    assert await refusal(thief, "forgetMemory", "forgottenId", memoryId=memory) == "NOT_FOUND"
    assert await refusal(thief, "deleteDocument", "deletedId", documentId=private.document) == "NOT_FOUND"
    assert await refusal(thief, "retryDocument", "document { id }", documentId=private.document) == "NOT_FOUND"


async def test_a_topic_of_the_same_name_shows_nothing_of_a_private_document(private: Private) -> None:
    async with private.system.client("namesake") as thief:
        made = await mutate(
            thief,
            "createProposal",
            "proposal { topics { title documents { totalCount } facts { totalCount } } }",
            title="On treaties",
            body="b",
            topics=["Violet treaty"],
        )
        [topic] = made["proposal"]["topics"]
        assert topic == {"title": "Violet treaty", "documents": {"totalCount": 0}, "facts": {"totalCount": 0}}
