"""Documents over HTTP: refused or read, doubled, given to all, deleted with all that was learned."""

import asyncio
import io
import zipfile

import httpx
import pytest

from app.demo.client import Client, RequestRefused
from tests.attacks.test_hostile_pdfs import HOSTILE
from tests.journeys.asking import answer, facts, learned, mutate, read, recalled, refusal, rows, until_forgotten
from tests.journeys.conftest import System

MIB = 1 << 20
NOTES = """# Beehive ledger

Quillon Marbrook of Tessaly Works repairs the copper beehive every April.

# Budget

Vesper Dunmore lent Tessaly Works 900 euros for the honey press.
"""


def zipped() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "not a PDF")
    return packed.getvalue()


REFUSED = {
    "too large": (b"x" * (21 * MIB), 413, "FILE_TOO_LARGE"),
    "a body too large": (b"x" * (25 * MIB), 413, "FILE_TOO_LARGE"),
    "empty": (b"", 422, "BAD_USER_INPUT"),
    "a ZIP named .pdf": (zipped(), 415, "UNSUPPORTED_MEDIA_TYPE"),
    "not UTF-8": ("Grüße aus Köln, schöne Maße".encode("latin-1"), 415, "UNSUPPORTED_MEDIA_TYPE"),
}


async def posted(client: Client, filename: str, content: bytes) -> httpx.Response:
    return await client._http.post("/upload", files={"file": (filename, content)})


async def test_bad_files_are_refused_and_leave_no_row(system: System) -> None:
    async with system.client("refused") as client:
        for name, (content, status, code) in REFUSED.items():
            answered = await posted(client, "paper.pdf", content)
            assert (name, answered.status_code, answered.json()["code"]) == (name, status, code)
            assert set(answered.json()) == {"code", "message", "field", "retryable"}
        assert (await client.ask("{ documents { totalCount } }")) == {"documents": {"totalCount": 0}}


@pytest.mark.parametrize("name", ["locked by a password", "a scan", "an object that is itself", "a flate bomb"])
async def test_what_only_reading_shows_fails_the_document_with_a_remedy(system: System, name: str) -> None:
    content, _ = HOSTILE[name]
    async with system.client("hostile") as client:
        document = await client.upload(f"{name}.pdf", content())
        last = (await read(client, document))[-1]
        assert (last["status"], last["error"]["code"], last["error"]["retryable"]) == (
            "FAILED",
            "INGESTION_ERROR",
            False,
        )
        assert last["progress"] < 1
        assert await refusal(client, "retryDocument", "document { id }", documentId=document) == "CONFLICT"
        assert (await client.ask("{ viewer { twin { memories { totalCount } } } }"))["viewer"]["twin"] == {
            "memories": {"totalCount": 0}
        }


async def test_a_copy_fails_with_what_it_repeats(system: System) -> None:
    async with system.client("twofold") as client:
        torn = b"%PDF-1.4 torn in two"
        first, again = await client.upload("torn.pdf", torn), await client.upload("torn.pdf", torn)
        failed = (await read(client, first))[-1]
        copy = (await read(client, again))[-1]
        assert (failed["status"], copy["status"], copy["error"]) == ("FAILED", "FAILED", failed["error"])


async def test_a_deleted_document_is_known_to_no_search_no_twin_and_no_graph(system: System) -> None:
    async with system.client("keeper") as keeper:
        document = await learned(keeper, "ledger.md", NOTES)
        said = await answer(keeper, "Who repairs the copper beehive?")
        [citation] = said["citations"]
        assert "Quillon Marbrook" in said["content"]
        assert citation["source"]["__typename"] == "Memory"
        again = await keeper.upload("copy.md", NOTES.encode())
        copy = (await keeper.ask("query ($id: ID!) { document(id: $id) { status duplicateOf { id } } }", id=again))[
            "document"
        ]
        assert copy == {"status": "DONE", "duplicateOf": {"id": document}}
        assert (await mutate(keeper, "deleteDocument", "deletedId", documentId=document))["deletedId"] == document
        await until_forgotten(system, "Quillon")
        await until_forgotten(system, "Tessaly")
        await until_forgotten(system, "ledger.md")
        assert await recalled(keeper, "Who repairs the copper beehive?") == []
        assert not any("Quillon" in fact["text"] for fact in await facts(keeper, "Quillon Marbrook beehive"))
        assert (await keeper.ask("{ documents { totalCount } policyTopics { totalCount } }")) == {
            "documents": {"totalCount": 0},
            "policyTopics": {"totalCount": 0},
        }
        kept = await keeper.ask(
            "query ($id: ID!) { node(id: $id) { ... on ChatMessage { citations { quote source { __typename } } } } }",
            id=said["id"],
        )
        assert kept["node"]["citations"] == [{"quote": None, "source": None}]
        after = await answer(keeper, "Who repairs the copper beehive?")
        assert "Quillon" not in after["content"]
        anew = await learned(keeper, "ledger.md", NOTES)
        assert anew not in (document, again)


async def test_a_document_deleted_while_it_is_read_leaves_nothing(system: System) -> None:
    shelves = " ".join(f"Shelf {n} of Corvane holds {n * 7} tins for Osric Pell of Harrow Guild." for n in range(400))
    async with system.client("hasty") as client:
        for pause in (0.0, 0.5, 1.5):
            document = await client.upload("shelves.txt", shelves.encode())
            await asyncio.sleep(pause)
            assert (await mutate(client, "deleteDocument", "deletedId", documentId=document))["deletedId"] == document
        await learned(client, "last.txt", "The owl of Pemberly Hall sleeps at noon.")  # what came before has ended
        await until_forgotten(system, "Corvane")
        assert [memory["source"] for memory in await recalled(client, "shelf with tins")] == ["last.txt"]


async def test_a_forgotten_passage_takes_what_it_stated_along(system: System) -> None:
    async with system.client("forgetful") as client:
        await learned(client, "mill.md", NOTES.replace("Quillon", "Ottoline"))
        [memory] = [each for each in await recalled(client, "copper beehive") if "Ottoline" in each["text"]]
        forgotten = await mutate(client, "forgetMemory", "forgottenId", memoryId=memory["id"])
        assert forgotten["forgottenId"] == memory["id"]
        await until_forgotten(system, "Ottoline Marbrook of Tessaly Works repairs")
        assert not any("Ottoline" in each["text"] for each in await recalled(client, "copper beehive"))
        assert "Ottoline" not in (await answer(client, "Who repairs the copper beehive?"))["content"]
        assert await refusal(client, "forgetMemory", "forgottenId", memoryId=memory["id"]) == "NOT_FOUND"


async def test_a_document_of_the_dao_is_read_by_every_twin_and_deleted_by_its_member_only(system: System) -> None:
    text = "# House rules\n\nThe kiln room of Bramble Court closes at 21:30."
    async with system.client("giver") as giver, system.client("reader") as reader:
        sent = {"visibility": "DAO"}
        answered = await giver._http.post("/upload", files={"file": ("rules.md", text.encode())}, data=sent)
        document = answered.json()["id"]
        assert (await read(giver, document))[-1]["status"] == "DONE"
        said = await answer(reader, "When does the kiln room close?")
        assert "21:30" in said["content"]
        assert [citation["source"]["source"] for citation in said["citations"]] == ["rules.md"]
        assert await refusal(reader, "deleteDocument", "deletedId", documentId=document) == "FORBIDDEN"
        [memory] = await recalled(reader, "kiln room")
        assert await refusal(reader, "forgetMemory", "forgottenId", memoryId=memory["id"]) == "NOT_FOUND"
        private = await giver.upload("rules.md", text.encode())
        assert (await giver.ask("query ($id: ID!) { document(id: $id) { duplicateOf { id } } }", id=private)) == {
            "document": {"duplicateOf": None}
        }
        assert (await read(giver, private))[-1]["chunkCount"] == 1
        authored = (
            "MATCH (u:User)-[a:AUTHORED]->(d:Document)-[:MENTIONS]->(t:PolicyTopic) RETURN u.name, d.name, a.ts, t.name"
        )
        assert ["giver", "rules.md"] in [row[:2] for row in rows(system, "dao", authored)]


async def test_an_upload_key_gives_the_same_document_and_is_refused_for_another(system: System) -> None:
    async with system.client("once") as client:

        async def upload(content: bytes) -> httpx.Response:
            sent = {"idempotencyKey": "one"}
            return await client._http.post("/upload", files={"file": ("a.txt", content)}, data=sent)

        first = await asyncio.gather(*(upload(b"The crane turns at dawn.") for _ in range(4)))
        assert len({answered.json()["id"] for answered in first}) == 1
        other = await upload(b"The crane turns at dusk.")
        assert (other.status_code, other.json()["code"]) == (409, "CONFLICT")
        names = [
            node["filename"]
            for node in (await client.ask("{ documents { nodes { filename } } }"))["documents"]["nodes"]
        ]
        assert names.count("a.txt") == 1
        with pytest.raises(RequestRefused, match="field"):
            await client.upload("", b"A file without a name.")
