"""How the journeys speak: a mutation by name, a document read to its end, a question answered."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from typing import Any

from falkordb.falkordb import FalkorDB

from app.demo.client import Client, RequestRefused
from tests.journeys.conftest import System

GUARD_SECONDS = 90
INPUTS = {"openProposal": "ProposalId", "startVoting": "ProposalId"}
CHANGED = """subscription ($id: ID!) { documentChanged(documentId: $id) {
  seq status progress chunkCount error { code message retryable } } }"""
REPLY = """subscription ($id: ID!, $after: Int) { chatTokens(replyId: $id, afterSeq: $after) { __typename seq
  ... on ChatToken { text }
  ... on ChatFailed { error { code } }
  ... on ChatDone { message { id content complete citations { quote source { __typename
      ... on Memory { id source text } ... on Fact { id text } } } } } } }"""


async def mutate(client: Client, name: str, answer: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON
    """The payload with its userErrors."""
    kind = INPUTS.get(name, name[0].upper() + name[1:])
    query = f"mutation ($in: {kind}Input!) {{ {name}(input: $in) {{ {answer} userErrors {{ code field message }} }} }}"
    payload: dict[str, Any] = (await client.ask(query, **{"in": given}))[name]
    return payload


async def refusal(client: Client, name: str, answer: str, **given: Any) -> str:  # noqa: ANN401  # any JSON
    """The one code with which it is refused."""
    payload = await mutate(client, name, answer, **given)
    [error] = payload["userErrors"]
    assert payload[answer.partition("{")[0].strip()] is None
    code: str = error["code"]
    return code


async def heard(client: Client, query: str, **variables: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # any JSON
    """Every event of a subscription that ends by itself."""
    async with asyncio.timeout(GUARD_SECONDS), aclosing(client.subscribe(query, **variables)) as events:
        return [event async for event in events]


async def subscription_refused(client: Client, query: str, **variables: Any) -> bool:  # noqa: ANN401  # any JSON
    try:
        await heard(client, query, **variables)
    except RequestRefused as refused:
        return "NOT_FOUND" in str(refused)
    return False


async def read(client: Client, document: str) -> list[dict[str, Any]]:
    """Its states, to DONE or FAILED."""
    seen = []
    async with asyncio.timeout(GUARD_SECONDS), aclosing(client.subscribe(CHANGED, id=document)) as changes:
        async for change in changes:
            seen.append(change["documentChanged"])
            if seen[-1]["status"] in ("DONE", "FAILED"):
                break
    return seen


async def learned(client: Client, filename: str, text: str) -> str:
    """A document's id, once it is DONE."""
    document = await client.upload(filename, text.encode())
    assert (await read(client, document))[-1]["status"] == "DONE"
    return document


async def twin_of(client: Client) -> str:
    twin: str = (await client.ask("{ viewer { twin { id } } }"))["viewer"]["twin"]["id"]
    return twin


async def chat(client: Client) -> str:
    started = await mutate(client, "startChat", "session { id }", twinId=await twin_of(client))
    session: str = started["session"]["id"]
    return session


async def answer(client: Client, text: str, *, session: str | None = None) -> dict[str, Any]:
    """The twin's finished message, with `replyId`."""
    session = session or await chat(client)
    sent = await mutate(client, "sendMessage", "replyId", sessionId=session, text=text)
    events = await heard(client, REPLY, id=sent["replyId"], after=-1)
    message: dict[str, Any] = events[-1]["chatTokens"]["message"]
    return message


async def recalled(client: Client, query: str) -> list[dict[str, Any]]:
    """What the viewer's twin recalls."""
    found = await client.ask(
        """query ($t: ID!, $q: String!) { searchMemories(twinId: $t, query: $q, limit: 50) {
          memory { id text source } } }""",
        t=await twin_of(client),
        q=query,
    )
    return [hit["memory"] for hit in found["searchMemories"]]


async def until_recalled(client: Client, query: str, words: str) -> None:
    """What was said in one chat is known in the others once it is projected, which a worker that starts delays."""
    for _ in range(GUARD_SECONDS * 5):
        if any(words in memory["text"] for memory in await recalled(client, query)):
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{words!r} is not recalled.")


async def facts(client: Client, query: str, *, limit: int = 50) -> list[dict[str, Any]]:
    found = await client.ask(
        """query ($q: String!, $n: Int) { searchFacts(query: $q, limit: $n, days: null) {
          id text relation validFrom validTo } }""",
        q=query,
        n=limit,
    )
    stated: list[dict[str, Any]] = found["searchFacts"]
    return stated


@contextmanager
def graphs(system: System) -> Iterator[FalkorDB]:
    port = int((system.folder / "redis.port").read_text())
    database = FalkorDB(host="127.0.0.1", port=port)  # type: ignore[no-untyped-call]  # the client has no types there
    try:
        yield database
    finally:
        database.connection.close()


def rows(system: System, graph: str, cypher: str) -> list[list[Any]]:
    with graphs(system) as database:
        result: list[list[Any]] = database.select_graph(graph).query(cypher).result_set
        return result


async def until_forgotten(system: System, words: str) -> None:
    """No node or edge of any graph says these words."""
    for _ in range(GUARD_SECONDS * 5):
        with graphs(system) as database:
            where = [name for name in database.list_graphs() if says(database, name, words)]
        if not where:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{words!r} is still known to {where}.")


def says(database: FalkorDB, name: str, words: str) -> bool:
    graph = database.select_graph(name)
    nodes = graph.query("MATCH (n) RETURN properties(n)").result_set
    edges = graph.query("MATCH ()-[e]->() RETURN properties(e)").result_set
    return any(words in str(value) for [properties] in (*nodes, *edges) for value in properties.values())
