"""receipt.json over the wire: the bytes that are signed, for members, or for anybody where PUBLIC is on."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from click.testing import CliRunner

from adapters.auth.ed25519 import Ed25519Signer, Ed25519Verifier
from adapters.sql.database import Database
from app.cli import frontier
from app.settings import Settings
from domain.errors import BadInput
from domain.verifications import verify
from schema.ids import global_id
from services.receipts import Receipts
from tests.api.client import Api
from tests.api.publics import CAST, Hand, serving


async def seal(settings: Settings) -> list[int]:
    """As the worker does."""
    database = Database(settings.database)
    try:
        signer = Ed25519Signer(settings.receipt_key)
        return await Receipts(database.transact, database.receipts, signer, Ed25519Verifier()).seal()
    finally:
        await database.close()


@pytest.fixture(scope="module")
def own(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings.model_copy(update={"data_dir": tmp_path_factory.mktemp("receipts")})


@pytest.fixture(scope="module")
def members_only(own: Settings) -> Iterator[Api]:
    with serving(own) as api:
        yield api


@pytest.fixture(scope="module")
def decided(members_only: Api, own: Settings) -> Hand:
    """The only member, whose one proposal passed with its ballot and is sealed."""
    ada = Hand.new(members_only, "ada")
    proposal = ada.draft("Only one")["id"]
    ada.step(proposal, "openProposal", "startVoting")
    said = {"proposalId": proposal, "choice": "FOR"}
    assert members_only.data(CAST, token=ada.token, i=said)["castVote"]["userErrors"] == []
    assert asyncio.run(seal(own)) == [1]
    return ada


def get(api: Api, name: str, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return api.http.get(f"/resolutions/{name}/receipt.json", headers=headers)


def test_a_member_reads_the_signed_bytes_by_number_and_by_id(members_only: Api, decided: Hand, own: Settings) -> None:
    by_number, by_id = (
        get(members_only, "0", decided.token),
        get(members_only, global_id("Resolution", 1), decided.token),
    )
    assert (by_number.status_code, by_number.headers["content-type"]) == (200, "application/json")
    assert by_number.content == by_id.content
    assert verify(by_number.content, Ed25519Verifier(), key=Ed25519Signer(own.receipt_key).key).mismatches == ()


def test_without_a_token_there_is_nothing(members_only: Api, decided: Hand) -> None:
    refused = get(members_only, "0")
    assert (refused.status_code, refused.json()["code"]) == (401, "UNAUTHENTICATED")
    assert get(members_only, "0", "nonsense").status_code == 401


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("1", 404, "NOT_FOUND"),
        (global_id("Resolution", 99), 404, "NOT_FOUND"),
        (global_id("Proposal", 1), 422, "BAD_USER_INPUT"),
        ("nonsense", 422, "BAD_USER_INPUT"),
    ],
)
def test_what_is_no_sealed_resolution_is_refused(
    members_only: Api, decided: Hand, name: str, status: int, code: str
) -> None:
    refused = get(members_only, name, decided.token)
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (status, code, "id")


def test_with_public_anybody_reads_it(own: Settings, members_only: Api, decided: Hand) -> None:
    with serving(own.model_copy(update={"public": True})) as public:
        answer = get(public, "0")
        assert answer.content == get(members_only, "0", decided.token).content
        assert answer.headers["access-control-allow-origin"] == "*"
        assert get(public, "0", "nonsense").status_code == 401


def test_the_command_reads_the_database_by_number_and_by_id(own: Settings, decided: Hand) -> None:
    for name in ("0", global_id("Resolution", 1)):
        done = CliRunner().invoke(frontier, ["verify", name, "--data-dir", str(own.data_dir)])
        assert (done.exit_code, done.output.splitlines()[0].split(",")[:2]) == (0, [f"{name}: valid", " resolution 0"])
    missing = CliRunner().invoke(frontier, ["verify", "7", "--data-dir", str(own.data_dir)])
    assert isinstance(missing.exception, BadInput)
    assert str(missing.exception) == "There is no file 7, and no sealed receipt of a resolution 7."
