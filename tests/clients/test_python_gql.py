"""The Python client gql, as docs/clients.md uses it: HTTP, uploads and subscriptions."""

from pathlib import Path
from uuid import uuid4

import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport

from tests.api.client import Api
from tests.clients.snippets.python_client import Frontier, Refused

CREATE = """mutation ($input: CreateProposalInput!) {
  createProposal(input: $input) { proposal { id } userErrors { message } }
}"""
STEPS = """mutation ($id: ID!) {
  openProposal(input: {proposalId: $id}) { userErrors { message } }
  startVoting(input: {proposalId: $id}) { userErrors { message } }
}"""


def member(api: Api) -> str:
    return api.token(f"python-{uuid4().hex[:8]}")


def drafted(api: Api, token: str) -> str:
    given = {"title": f"Mend the roof {uuid4()}", "body": "It leaks."}
    id: str = api.data(CREATE, token=token, input=given)["createProposal"]["proposal"]["id"]
    return id


def frontier(api: Api, token: str) -> Frontier:
    return Frontier(f"http://{api.address}", token)


async def test_every_page_is_read(api: Api) -> None:
    token = member(api)
    made = {drafted(api, token) for _ in range(101)}
    author = api.data("{ viewer { id } }", token=token)["viewer"]["id"]
    assert {node["id"] async for node in frontier(api, token).proposals(author=author)} == made


async def test_a_file_is_uploaded(api: Api, tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("# Printing\nI prefer the 0.6 mm nozzle.")
    document = await frontier(api, member(api)).upload(notes)
    assert document["filename"] == "notes.md"


async def test_a_refused_file_tells_its_field(api: Api, tmp_path: Path) -> None:
    empty = tmp_path / "empty.md"
    empty.touch()
    with pytest.raises(Refused) as refused:
        await frontier(api, member(api)).upload(empty)
    [[error]] = refused.value.args
    assert error["field"] == ["input", "file"]


async def test_states_arrive_over_the_socket(api: Api) -> None:
    token = member(api)
    id = drafted(api, token)
    api.data(STEPS, token=token, id=id)
    states = frontier(api, token).quorum(id)
    first = await anext(states)
    abstain = "mutation ($id: ID!) { castVote(input: {proposalId: $id, choice: ABSTAIN}) { vote { id } } }"
    api.data(abstain, token=token, id=id)
    second = await anext(states)
    await states.aclose()  # type: ignore[attr-defined]  # the iterator is a generator
    assert first["participation"] == 0 < second["participation"]
    assert first["seq"] < second["seq"]


async def test_an_unseen_proposal_is_an_error_with_its_code(api: Api) -> None:
    stranger = drafted(api, member(api))
    with pytest.raises(TransportQueryError) as failed:
        await anext(frontier(api, member(api)).quorum(stranger))
    assert failed.value.errors is not None
    assert failed.value.errors[0]["extensions"]["code"] == "NOT_FOUND"


def test_a_field_s_failure_is_an_error_with_its_code(api: Api) -> None:
    client = Client(transport=HTTPXTransport(f"http://{api.address}/graphql"))
    with pytest.raises(TransportQueryError) as failed:
        client.execute(gql("{ viewer { id } }"))
    assert failed.value.errors is not None
    assert failed.value.errors[0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_the_schema_is_fetched_and_checks_operations(api: Api) -> None:
    transport = HTTPXTransport(f"http://{api.address}/graphql", headers={"Authorization": f"Bearer {member(api)}"})
    with Client(transport=transport, fetch_schema_from_transport=True) as session:
        assert session.execute(gql("{ viewer { __typename } }")) == {"viewer": {"__typename": "Member"}}
        assert session.client.schema is not None
        assert "Proposal" in session.client.schema.type_map
