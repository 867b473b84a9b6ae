"""An operator that rewrites the record behind the services' back: the receipt no longer fits, and anybody sees it."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from adapters.auth.ed25519 import Ed25519Signer, Ed25519Verifier
from app.cli import frontier
from domain.rules import EarlyClose, Rules
from tests.attacks.conftest import Found
from tests.attacks.houses import Hand, House, Json

VERIFY = "query ($id: ID!) { verifyResolution(id: $id) { valid computed stored mismatches } }"
DECIDED = "query ($id: ID!) { proposal(id: $id) { resolution { id receipt previousReceipt } } dao { verifyKey } }"

FORGED_RULES = Rules(majority_percent=90, early_close=EarlyClose.NEVER)


@dataclass(frozen=True)
class Record:
    """A house in which two proposals were decided: m0 for, m1 against, m3 for m2, who delegated to it."""

    house: House
    proposals: list[str]
    resolutions: list[str]

    @property
    def reader(self) -> Hand:
        return self.house.hands["m0"]

    async def verified(self, number: int = 0) -> Json:
        found: Json = (await self.reader.ask(VERIFY, id=self.resolutions[number]))["verifyResolution"]
        return found

    async def key(self) -> str:
        return str((await self.reader.ask("{ dao { verifyKey } }"))["dao"]["verifyKey"])

    async def rewrites(self, statement: str, **values: object) -> None:
        """Straight into the database."""
        writer = self.house.container.database.writer
        assert await writer(lambda session: session.connection().execute(text(statement), values).rowcount) > 0

    async def file(self, number: int = 0) -> bytes:
        """The receipt as it is served."""
        async with httpx.AsyncClient(base_url=self.house.url, trust_env=False) as http:
            token = self.house.tokens.issue("m0")
            answer = await http.get(f"/resolutions/{number}/receipt.json", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == httpx.codes.OK
        return answer.content

    async def checks(self, folder: Path, content: bytes) -> tuple[int, str]:
        """Exit code and output of `frontier verify`, with the key that members know."""
        file = folder / "receipt.json"
        file.write_bytes(content)
        arguments = ["verify", str(file), "--key", await self.key(), "--data-dir", str(folder / "none")]
        done = await asyncio.to_thread(CliRunner().invoke, frontier, arguments)
        return done.exit_code, done.output


@pytest.fixture
async def record(found: Found) -> Record:
    house = await found()
    first, second, giver, head = await house.seat(1, 2, 3, 4)
    await giver.delegates(head)
    proposals, resolutions = [], []
    for title in ("First", "Second"):
        proposal = await first.tables(title)
        await first.cast(proposal, reason="I like it.")
        await second.cast(proposal, "AGAINST")
        await head.cast(proposal)
        await house.works()
        decided = (await first.ask(DECIDED, id=proposal))["proposal"]["resolution"]
        proposals.append(proposal)
        resolutions.append(decided["id"])
    return Record(house, proposals, resolutions)


async def test_an_untouched_record_is_valid(record: Record, tmp_path: Path) -> None:
    for number in (0, 1):
        found = await record.verified(number)
        assert (found["valid"], found["mismatches"], found["computed"]) == (True, [], found["stored"])
        code, output = await record.checks(tmp_path, await record.file(number))
        assert (code, f"valid, resolution {number}" in output) == (0, True)


@pytest.mark.parametrize("system", ["BASIC", "APPROVAL", "RANKED_INSTANT_RUNOFF", "QUADRATIC"])
async def test_an_honest_record_of_twins_delegates_and_circles_is_valid(house: House, system: str) -> None:
    first, second, giver, head, one, other = await house.seat(1, 2, 3, 4, 5, 6)
    money = await house.scope()
    await giver.delegates(head, scope=money)
    await one.delegates(other, scope=money)
    await other.delegates(one)
    options: Json = {"options": ["x", "y", "z"]} if system != "BASIC" else {"rules": {"earlyClose": "NEVER"}}
    proposal = await first.tables(scope=money, system=system, **options)
    for hand, option in ((first, 1), (second, 2), (other, 1)):
        await hand.do("castVote", proposalId=proposal, **BALLOTS[system](option))
    if system == "BASIC":
        await house.twin_casts(giver, proposal)
    await head.do("castVote", proposalId=proposal, **BALLOTS[system](2))
    await first.do("castVote", proposalId=proposal, **BALLOTS[system](2))
    await house.after(hours=72)
    decided = (await first.ask(DECIDED, id=proposal))["proposal"]["resolution"]
    found = (await first.ask(VERIFY, id=decided["id"]))["verifyResolution"]
    assert (found["valid"], found["mismatches"], found["computed"]) == (True, [], found["stored"])


BALLOTS: dict[str, Callable[[int], Json]] = {
    "BASIC": lambda option: {"choice": "FOR" if option == 1 else "AGAINST"},
    "APPROVAL": lambda option: {"ballot": {"approved": [option]}},
    "RANKED_INSTANT_RUNOFF": lambda option: {"ballot": {"ranking": [option]}},
    "QUADRATIC": lambda option: {"ballot": {"shares": [{"option": option, "share": 1}]}},
}
TAMPERED = {
    "a ballot": "UPDATE ballot SET choice = 'AGAINST' WHERE vote_id = (SELECT min(vote_id) FROM ballot)",
    "who cast it": "UPDATE ballot SET cast_by = 'TWIN' WHERE vote_id = (SELECT min(vote_id) FROM ballot)",
    "when it was cast": "UPDATE ballot SET cast_at = '2024-01-01 00:00:00.000000'",
    "a ballot less": "DELETE FROM ballot WHERE vote_id = (SELECT min(vote_id) FROM ballot)",
    "a weight": "UPDATE vote SET weight = 5 WHERE proposal_id = 1 AND weight = 1",
    "a delegate": "UPDATE vote SET delegate_id = NULL WHERE delegate_id IS NOT NULL",
    "the outcome": "UPDATE resolution SET passed = FALSE",
    "its reason": "UPDATE resolution SET reason = 'TIE'",
    "the tally": "UPDATE resolution SET against = against - 1",
    "the rules": f"UPDATE resolution SET rules = '{json.dumps(asdict(FORGED_RULES))}'",  # noqa: S608  # our own text
    "the text": "UPDATE proposal SET body = 'Something else.' WHERE number = 1",
    "the title": "UPDATE proposal SET title = 'Something else' WHERE number = 1",
    "the window": "UPDATE proposal SET ends_at = '2025-01-01 00:00:00.000000'",
    "the hash": "UPDATE receipt SET hash = 'forged'",
    "the signature": "UPDATE receipt SET signature = 'Zm9yZ2Vk'",
    "the salt": "UPDATE proposal SET salt = '00' WHERE number = 1",
    "a giver's shown vote": "UPDATE vote SET choice = 'AGAINST' WHERE proposal_id = 1 AND cast_by = 'DELEGATE'",
    "the shown caster": "UPDATE vote SET cast_by = 'TWIN' WHERE proposal_id = 1 AND cast_by = 'MEMBER'",
    "the shown choice": "UPDATE vote SET choice = 'AGAINST' WHERE proposal_id = 1 AND choice = 'FOR'",
    "the shown status": "UPDATE proposal SET status = 'FAILED' WHERE number = 1",
    "the shown tally": "UPDATE proposal SET against = against - 1 WHERE number = 1",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
async def test_whatever_the_operator_rewrites_is_found(record: Record, statement: str) -> None:
    sealed = (await record.verified())["stored"]
    await record.rewrites(statement)
    found = await record.verified()
    assert found["valid"] is False, sealed
    assert found["mismatches"] != []


@pytest.mark.parametrize("name", ["a ballot", "the outcome", "a weight", "the tally", "the signature"])
async def test_the_file_of_a_rewritten_record_is_invalid(record: Record, tmp_path: Path, name: str) -> None:
    await record.rewrites(TAMPERED[name])
    code, output = await record.checks(tmp_path, await record.file())
    assert (code, "INVALID, resolution 0" in output) == (1, True)


async def test_a_forger_that_recomputes_the_hash_lacks_the_key(record: Record, tmp_path: Path) -> None:
    await record.rewrites(TAMPERED["a ballot"])
    await record.rewrites("UPDATE resolution SET against = against + 1, in_favour = in_favour - 1")
    computed = (await record.verified())["computed"]
    await record.rewrites("UPDATE receipt SET hash = :hash WHERE seq = 0", hash=computed)
    assert (await record.verified())["valid"] is False
    code, _ = await record.checks(tmp_path, await record.file())
    assert code == 1


async def test_a_file_signed_with_another_key_is_refused(record: Record, tmp_path: Path) -> None:
    content = json.loads(await record.file())
    other = Ed25519Signer(tmp_path / "other.key")
    forged = json.dumps({**content, "key": other.key}).encode()
    code, output = await record.checks(tmp_path, forged)
    assert (code, "INVALID" in output) == (1, True)


async def test_an_earlier_receipt_sealed_anew_breaks_the_chain(record: Record) -> None:
    assert (await record.verified(1))["valid"] is True
    await record.rewrites("UPDATE receipt SET hash = 'forged' WHERE seq = 0")
    assert (await record.verified(1))["valid"] is False


async def test_every_ballot_is_acknowledged_so_that_its_caster_can_prove_it(record: Record) -> None:
    caster = record.house.hands["m1"]
    nodes = (await caster.ask(ACKNOWLEDGED, id=record.proposals[0]))["proposal"]["votes"]["nodes"]
    mine = next(node for node in nodes if node["member"]["handle"] == "m1")
    content = mine["canonicalBallot"].encode()
    key = await record.key()
    assert Ed25519Verifier().verify(content, mine["acknowledgement"], key) is True
    assert Ed25519Verifier().verify(content.replace(b"AGAINST", b"FOR"), mine["acknowledgement"], key) is False
    assert [node["canonicalBallot"] for node in nodes if node is not mine] == [None] * 3


ACKNOWLEDGED = """query ($id: ID!) { proposal(id: $id) { votes { nodes {
  member { handle } acknowledgement canonicalBallot } } } }"""


async def test_receipts_hold_no_name_and_no_free_text(record: Record) -> None:
    content = (await record.file()).decode()
    receipt = json.loads(content)
    handles, ids = ("m0", "m1", "m2", "m3", "boss"), [hand.id for hand in record.house.hands.values()]
    assert [word for word in (*handles, *ids, "I like it", "First") if f'"{word}' in content] == []
    assert receipt["hash"] == (await record.verified())["stored"]


async def test_nobody_but_members_reads_receipts_of_a_dao_that_is_not_public(record: Record) -> None:
    async with httpx.AsyncClient(base_url=record.house.url, trust_env=False) as http:
        assert (await http.get("/resolutions/0/receipt.json")).status_code == httpx.codes.UNAUTHORIZED
