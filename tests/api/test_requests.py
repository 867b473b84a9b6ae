"""What a request may be sent and answered as, and what its values may hold."""

import gzip
import socket

import pytest

from app.graphql import http
from tests.api.client import Api, bearer, code_of

TYPENAME = b'{"query":"{ __typename }"}'
JSON, GRAPHQL = "application/json", "application/graphql-response+json"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", JSON),
        (f"{GRAPHQL}, {JSON}; q=0.9", GRAPHQL),
        (f"{JSON}; Q=0.4, {GRAPHQL}; q=0.5", GRAPHQL),
        (f"{JSON}; q=0, */*", GRAPHQL),
        (f"*/*, {JSON}; q=0.1", GRAPHQL),
        (f"{JSON}; q=0.1, application/*; q=0.2", GRAPHQL),
        ("text/html, application/xhtml+xml, */*; q=0.8", JSON),
        ("text/*; q=0.5, application/json; q=0", "text/event-stream"),
    ],
)
def test_the_answer_is_of_the_type_that_is_wanted_most(api: Api, accept: str, kind: str) -> None:
    response = api.http.post("/graphql", content=TYPENAME, headers={"Content-Type": JSON, "Accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, f"{kind}; charset=utf-8")


@pytest.mark.parametrize("accept", [f"{JSON}; q=0", "text/html", f"{JSON}; q=nan", ",,"])
def test_who_wants_nothing_that_there_is_gets_406(api: Api, accept: str) -> None:
    response = api.http.post("/graphql", content=TYPENAME, headers={"Content-Type": JSON, "Accept": accept})
    assert (response.status_code, code_of(response.json())) == (406, "BAD_USER_INPUT")


@pytest.mark.parametrize("kind", [JSON, "multipart/form-data; boundary=x"])
def test_a_compressed_body_is_415(api: Api, kind: str) -> None:
    headers = {"Content-Type": kind, "Content-Encoding": "gzip", "GraphQL-Require-Preflight": "1"}
    response = api.http.post("/graphql", content=gzip.compress(TYPENAME), headers=headers)
    assert (response.status_code, response.headers["accept-encoding"]) == (415, "identity")
    assert "without Content-Encoding" in response.json()["errors"][0]["message"]


def test_a_body_without_files_is_at_most_a_mib(api: Api) -> None:
    body = b'{"query":"{ __typename }","variables":{"a":"%b"}}'
    fits, large = (body % (b"x" * size) for size in (1024 * 1024 - len(body) + 2, 1024 * 1024))
    assert api.http.post("/graphql", content=fits, headers={"Content-Type": JSON}).status_code == 200
    response = api.http.post("/graphql", content=large, headers={"Content-Type": JSON})
    assert (response.status_code, code_of(response.json())) == (413, "FILE_TOO_LARGE")


def test_variables_that_would_hold_up_everybody_are_refused(api: Api) -> None:
    """Half a million values, each made an ID, took the server seconds."""
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert code_of(api.ask(query, ids=[1] * 400_000)) == "QUERY_TOO_COMPLEX"
    with api.socket() as socket:
        socket.subscribe(query, ids=[1] * 300_000)  # a larger message ends the socket by its size
        message = socket.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "QUERY_TOO_COMPLEX")


def test_a_body_that_does_not_arrive_is_408(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BODY_SECONDS", 0.1)
    host, port = api.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"TIMEOUT"' in answer


def test_two_tokens_are_none(api: Api) -> None:
    token = bearer(api.token("twice"))
    for path, status in (("/graphql?query={viewer{handle}}", 401), ("/proposals/open", 401)):
        response = api.http.get(path, headers=[("Authorization", token), ("Authorization", token)])
        assert response.status_code == status
        assert response.headers["www-authenticate"] == "Bearer"


def test_a_nul_in_an_uploads_key_is_refused_and_named(api: Api) -> None:
    headers, file = {"Authorization": bearer(api.token("nul"))}, {"file": ("a.txt", b"words")}
    response = api.http.post("/upload", headers=headers, files=file, data={"idempotencyKey": "a\0b"})
    assert (response.status_code, response.json()["field"]) == (422, "idempotencyKey")


def test_an_id_that_is_none_is_the_error_of_its_place(api: Api) -> None:
    token = api.token("mistaken")
    own = api.data("{ viewer { id } }", token=token)["viewer"]["id"]
    answer = api.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", token=token, ids=[own, "x", own])
    assert answer["data"] == {"nodes": [{"id": own}, None, {"id": own}]}
    [error] = answer["errors"]
    assert (error["path"], error["extensions"]["field"]) == (["nodes", 1], ["ids", "1"])
    assert error["message"] == "ids.1 is no id: take the `id` of a node as it stands."


def test_a_literal_that_python_cannot_read_is_no_fault(api: Api) -> None:
    answer = api.ask("{ members(first: %s) { totalCount } }" % ("9" * 40_000))
    assert (code_of(answer), answer["errors"][0]["message"]) == (
        "BAD_USER_INPUT",
        "A number has at most 100 characters.",
    )


def test_answers_are_not_guessed_at_and_not_kept(api: Api) -> None:
    for body in ({"query": "{ __typename }"}, {"query": 1}):
        headers = api.http.post("/graphql", json=body).headers
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")


@pytest.mark.parametrize(("least", "code"), [(-0.1, "BAD_USER_INPUT"), (1.1, "BAD_USER_INPUT"), (0, None), (1, None)])
def test_an_importance_is_between_0_and_1(api: Api, least: float, code: str | None) -> None:
    query = """query($least: Float) {
      viewer { twin { memories(filter: {minImportance: $least}) { totalCount } } } }"""
    answer = api.ask(query, token=api.token("important"), least=least)
    found = [(error["extensions"]["code"], error["extensions"]["field"]) for error in answer.get("errors", [])]
    assert found == ([(code, ["filter", "minImportance"])] if code else [])


def test_what_is_nested_too_deeply_to_be_walked_is_no_fault(api: Api) -> None:
    attributes: object = 1
    for _ in range(800):
        attributes = {"a": attributes}
    query = "mutation($i: SetMemberWeightInput!) { setMemberWeight(input: $i) { userErrors { code } } }"
    given = {"memberId": "x", "reason": "Why not.", "attributes": attributes, "idempotencyKey": "deep"}
    assert code_of(api.ask(query, token=api.token("deep", admin=True), i=given)) == "QUERY_TOO_COMPLEX"
