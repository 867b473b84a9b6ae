"""`make tour`: the whole journey against a running server, printed as it happens."""

import argparse
import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.auth.local import LocalTokens
from app.demo.client import Client
from app.demo.content import people
from app.settings import Settings, load_settings

NOTES = """# Heat bed of Alder

Alder is the printer that I repaired in October 2026. Its heat bed needs 92 °C for ASA since the new glass is on.

# Spare keys

The spare key of the compressor room hangs behind the blue cabinet. Marta Quint keeps the list of who took it.
"""
QUESTIONS = (
    ("one source", "How hot must Alder's heat bed be for ASA?"),
    ("one source", "Where does the spare key of the compressor room hang?"),
    ("two sources joined", "Who services the printer that broke in March?"),
    ("nothing known", "What does the laser cutter cost?"),
)
BEFORE, AFTER = (
    "I prefer matte black filament for bottle cages.",
    "I now prefer signal orange filament for bottle cages.",
)
PREFERENCE = "Which filament do I prefer for bottle cages?"
REPLY = """subscription ($id: ID!) { chatTokens(replyId: $id) {
  __typename seq
  ... on ChatToken { text }
  ... on ChatDone { message { model citations { quote source { __typename ... on Memory { source } } } } }
  ... on ChatFailed { error { message } } } }"""


async def tour(settings: Settings) -> None:
    tokens = LocalTokens(settings.token_key)
    async with Client(settings.address, tokens.issue("ana")) as ana:
        me = (await ana.ask("{ viewer { displayName twin { id } } }"))["viewer"]
        say(f"You are {me['displayName']}.")
        await read_a_document(ana)
        session = await started_chat(ana, me["twin"]["id"])
        for what, question in QUESTIONS:
            heading(f"A question: {what}")
            await ask_twin(ana, session, question)
        heading("A preference that changed")
        for line in (BEFORE, AFTER, PREFERENCE):
            await ask_twin(ana, session, line)
        await vote(settings, tokens, ana)


async def read_a_document(ana: Client) -> None:
    heading("A document is read")
    document = await ana.upload("alder-and-keys.md", NOTES.encode())
    query = """subscription ($id: ID!) { documentChanged(documentId: $id) {
      status progress chunkCount duplicateOf { id } error { message } topics { title } } }"""
    async with aclosing(ana.subscribe(query, id=document)) as changes:
        async for change in changes:
            now = change["documentChanged"]
            say(f"{now['status']:<12} {now['progress']:4.0%}" + (" (known already)" if now["duplicateOf"] else ""))
            if now["status"] in ("DONE", "FAILED"):
                say(", ".join(topic["title"] for topic in now["topics"]))
                return


async def started_chat(ana: Client, twin: str) -> str:
    query = "mutation ($in: StartChatInput!) { startChat(input: $in) { session { id } userErrors { message } } }"
    answer = await ana.ask(query, **{"in": {"twinId": twin, "title": "Tour"}})
    return str(answer["startChat"]["session"]["id"])


async def ask_twin(ana: Client, session: str, text: str) -> None:
    query = "mutation ($in: SendMessageInput!) { sendMessage(input: $in) { replyId userErrors { message } } }"
    sent = (await ana.ask(query, **{"in": {"sessionId": session, "text": text}}))["sendMessage"]
    say(f"You:  {text}")
    print("Twin: ", end="", flush=True)  # noqa: T201  # a tour is read on the terminal
    async with aclosing(ana.subscribe(REPLY, id=sent["replyId"])) as events:
        async for event in events:
            show(event["chatTokens"])


def show(event: dict[str, Any]) -> None:
    match event["__typename"]:
        case "ChatToken":
            print(event["text"], end="", flush=True)  # noqa: T201  # as above
        case "ChatDone":
            say(f"\n      [{event['message']['model']}]")
            for citation in event["message"]["citations"]:
                say(f"      from {(citation['source'] or {}).get('source', 'the record')}: “{citation['quote']}”")
        case "ChatFailed":
            say(f"\n      failed: {event['error']['message']}")


async def vote(settings: Settings, tokens: LocalTokens, ana: Client) -> None:
    heading("A proposal, and the ballot that decides it")
    proposal = await put_to_the_vote(ana)
    watching = asyncio.create_task(first_resolution(ana.subscribe(RESOLVED), proposal))
    await asyncio.sleep(0.2)  # let the subscription join before the first ballot
    for person in people():
        async with Client(settings.address, tokens.issue(person.handle)) as voter:
            refusal = await cast(voter, proposal)
        say(f"{person.name} votes FOR" + (f": {refusal}" if refusal else ""))
    say(await asyncio.wait_for(watching, 10))


RESOLVED = """subscription { resolved { seq passed reason decidedAt proposal { id number title }
  tally { forWeight againstWeight eligibleWeight } } }"""


async def first_resolution(events: AsyncGenerator[dict[str, Any]], proposal: str) -> str:
    async with aclosing(events) as resolutions:
        async for event in resolutions:
            one = event["resolved"]
            if one["proposal"]["id"] == proposal:
                tally, outcome = one["tally"], "passed" if one["passed"] else "failed"
                return (
                    f"resolved: “{one['proposal']['title']}” {outcome} ({one['reason']}), "
                    f"{tally['forWeight']} of {tally['eligibleWeight']} FOR, decided at {one['decidedAt']}"
                )
    raise RuntimeError("The stream of resolutions ended.")


async def put_to_the_vote(ana: Client) -> str:
    title = f"Open the workshop on Sunday mornings ({datetime.now(UTC):%d %b %H:%M:%S})"
    body = "Six of us have no other time. Whoever opens also sweeps the floor."
    create = """mutation ($in: CreateProposalInput!) { createProposal(input: $in) {
      proposal { id number } userErrors { message } } }"""
    made = await ana.ask(create, **{"in": {"title": title, "body": body, "rules": {"votingMinutes": 60}}})
    proposal = made["createProposal"]["proposal"]
    say(f"Proposal {proposal['number']}: {title}")
    for step in ("openProposal", "startVoting"):
        query = f"mutation ($in: ProposalIdInput!) {{ {step}(input: $in) {{ proposal {{ status }} }} }}"
        answer = await ana.ask(query, **{"in": {"proposalId": proposal["id"]}})
        say(f"{step}: {answer[step]['proposal']['status']}")
    return str(proposal["id"])


async def cast(voter: Client, proposal: str) -> str:
    query = """mutation ($in: CastVoteInput!) { castVote(input: $in) {
      proposal { quorum { participation } } userErrors { code message } } }"""
    answer = (await voter.ask(query, **{"in": {"proposalId": proposal, "choice": "FOR"}}))["castVote"]
    return "; ".join(f"{error['code']}: {error['message']}" for error in answer["userErrors"])


def heading(text: str) -> None:
    say(f"\n== {text}")


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # a tour is read on the terminal


def main() -> None:
    parser = argparse.ArgumentParser(description="The whole journey against the server that `frontier up` runs.")
    parser.add_argument("--data-dir", type=Path, help="the folder that `frontier up` uses (default: .data)")
    asyncio.run(tour(load_settings(data_dir=parser.parse_args().data_dir)))


if __name__ == "__main__":
    main()
