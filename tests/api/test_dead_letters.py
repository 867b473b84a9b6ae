"""Dead letters as an ADMIN sees and drives them, and as nobody else does."""

import asyncio
from uuid import uuid4

from app.container import Container
from app.settings import Settings
from tests.api.client import Answer, Api, code_of

LETTERS = """{ deadLetters(first: 2) {
    nodes { id task code message attempts transactionId payload firstFailedAt lastFailedAt } totalCount } }"""
REDRIVE = """mutation($input: RedriveDeadLetterInput!) { redriveDeadLetter(input: $input) {
    deadLetter { id task } userErrors { code field message } } }"""


async def given_up(settings: Settings, count: int) -> None:
    """Work that no worker knows, given up."""
    async with Container(settings) as container:
        for number in range(count):
            await container.database.transact(lambda work, number=number: work.enqueue("remove_blob", f"0/{number}"))  # type: ignore[misc]  # bound
        for entry in await container.outbox.claim(limit=1_000, lease_seconds=30):  # other tests' jobs wait too
            if entry.name == "remove_blob" and str(entry.args["args"]).startswith("['0/"):
                await container.outbox.dead(entry, code="INGESTION_ERROR", message="IngestionFailed: The disk is full.")


def letters(api: Api, token: str) -> Answer:
    found: Answer = api.data(LETTERS, token=token)["deadLetters"]
    return found


def test_an_admin_sees_and_drives_them_and_nobody_else_does(api: Api, settings: Settings) -> None:
    boss, member = api.token("boss-of-letters", admin=True), api.token("reader-of-letters")
    before = letters(api, boss)["totalCount"]
    asyncio.run(given_up(settings, 3))
    found = letters(api, boss)
    assert found["totalCount"] == before + 3
    newest = found["nodes"][0]
    assert (newest["task"], newest["code"], newest["attempts"]) == ("remove_blob", "INGESTION_ERROR", 1)
    assert newest["payload"] == {"args": ["0/2"]}
    assert newest["message"] == "IngestionFailed: The disk is full."

    refused = api.ask(LETTERS, token=member)
    assert (refused["data"], code_of(refused)) == ({"deadLetters": None}, "FORBIDDEN")
    node = "query($id: ID!) { node(id: $id) { id ... on DeadLetter { task } } }"
    assert api.data(node, token=member, id=newest["id"]) == {"node": None}
    assert api.data(node, token=boss, id=newest["id"])["node"]["task"] == "remove_blob"

    given = {"id": newest["id"], "reason": "There is room again.", "idempotencyKey": uuid4().hex}
    theirs = api.data(REDRIVE, token=member, input=given)["redriveDeadLetter"]
    assert (theirs["deadLetter"], theirs["userErrors"][0]["code"]) == (None, "FORBIDDEN")
    answers = [api.data(REDRIVE, token=boss, input=given)["redriveDeadLetter"] for _ in range(2)]
    assert answers == [{"deadLetter": {"id": newest["id"], "task": "remove_blob"}, "userErrors": []}] * 2
    again = api.data(REDRIVE, token=boss, input={**given, "idempotencyKey": None})["redriveDeadLetter"]
    assert [error["code"] for error in again["userErrors"]] == ["CONFLICT"]
    assert letters(api, boss)["totalCount"] == before + 2

    [last] = [
        entry for entry in api.data(AUDITS, token=member)["auditLog"]["nodes"] if entry["reason"] == given["reason"]
    ]
    assert (last["act"], last["by"]["handle"], last["subject"]) == ("DEAD_LETTER_REDRIVEN", "boss-of-letters", None)


AUDITS = "{ auditLog(first: 20) { nodes { act reason by { handle } subject { id } } } }"


def test_bad_ids_and_reasons_name_their_field(api: Api) -> None:
    boss = api.token("boss-of-letters", admin=True)

    def refused(**given: str) -> list[str]:
        [error] = api.data(REDRIVE, token=boss, input=given)["redriveDeadLetter"]["userErrors"]
        return [error["code"], *error["field"]]

    assert refused(id="x", reason="Why not.") == ["BAD_USER_INPUT", "input", "id"]
    unknown = "RGVhZExldHRlcjo5OTk5OTk"
    assert refused(id=unknown, reason="Why not.") == ["NOT_FOUND", "input", "id"]
    assert refused(id=unknown, reason=" ") == ["BAD_USER_INPUT", "input", "reason"]
