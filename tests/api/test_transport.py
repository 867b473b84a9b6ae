"""HTTP and WebSocket: what is no operation is refused, never a 500, and one operation's fault ends that one only."""

import json
import socket

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.api.client import PROTOCOL, Api, Socket, bearer, code_of


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"42",
        b'"x"',
        b"[]",
        b'[{"query":"{__typename}"}]',
        b"{",
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"{}",
        b'{"query":42}',
        b'{"query":"{__typename}","variables":[]}',
        b'{"query":"{__typename}","operationName":"A"}',
    ],
)
def test_what_is_no_operation_is_400(api: Api, body: bytes) -> None:
    response = api.http.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert code_of(response.json()) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("operations", "map"),
    [
        ("{}", "[]"),
        ("[]", "{}"),
        ("null", "null"),
        ("{", "{}"),
        ('{"query":"{__typename}"}', '{"0":["variables.file"]}'),
        ('{"query":"{__typename}","variables":{"files":[]}}', '{"0":["variables.files.0"]}'),
        ('{"query":"{__typename}"}', '{"0":[1]}'),
        ('{"query":"{__typename}"}', '{"1":["variables.file"]}'),
    ],
)
def test_a_crooked_multipart_request_is_400(api: Api, operations: str, map: str) -> None:
    response = api.http.post(
        "/graphql",
        data={"operations": operations, "map": map},
        files={"0": ("a.md", b"text")},
        headers={"GraphQL-Require-Preflight": "1"},
    )
    assert response.status_code == 400
    assert code_of(response.json()) == "BAD_USER_INPUT"


def test_a_multipart_body_without_boundary_is_400(api: Api) -> None:
    response = api.http.post(
        "/graphql", content=b"x", headers={"Content-Type": "multipart/form-data", "GraphQL-Require-Preflight": "1"}
    )
    assert response.status_code == 400


def test_queries_may_come_by_get(api: Api) -> None:
    assert api.http.get("/graphql", params={"query": "{ __typename }"}).json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "query", ["mutation { updateProfile(input: {}) { __typename } }", "subscription { resolved { seq } }"]
)
def test_nothing_else_comes_by_get(api: Api, query: str) -> None:
    response = api.http.get("/graphql", params={"query": query}, headers={"Authorization": bearer(api.token("getter"))})
    assert response.status_code == 405


def test_subscriptions_do_not_come_by_post(api: Api) -> None:
    response = api.post("subscription { resolved { seq } }", token=api.token("poster"))
    assert response.status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "{ nothing }",
        "{ viewer { nothing } }",
        "{ member(handle: 42) { id } }",
        "query($id: ID!) { node(id: $id) { id } }",
        '{ proposals(filter: {createdAfter: "yesterday"}) { totalCount } }',
        "{ proposals(orderBy: NONE) { totalCount } }",
    ],
)
def test_an_operation_that_is_not_valid_is_bad_user_input(api: Api, query: str) -> None:
    answer = api.ask(query, token=api.token("asker"))
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}


def test_deep_nesting_is_refused(api: Api) -> None:
    answer = api.ask("{ viewer " + "{ twin { member " * 600 + "{ id }" + " } }" * 600 + " }", token=api.token("asker"))
    assert code_of(answer) == "QUERY_TOO_COMPLEX"
    assert "nested too deeply" in answer["errors"][0]["message"]


def test_a_large_body_is_413_and_the_connection_is_closed(api: Api) -> None:
    for path in ("/graphql", "/upload"):
        response = api.http.post(path, content=bytes(25 * 1024 * 1024), headers={"Content-Type": "application/json"})
        assert response.status_code == 413
        assert response.headers["connection"] == "close"
        if path == "/graphql":
            assert code_of(response.json()) == "FILE_TOO_LARGE"
            assert set(response.json()) == {"errors"}
        else:
            assert response.json()["code"] == "FILE_TOO_LARGE"
            assert set(response.json()) == {"code", "message", "field", "retryable"}


def test_a_large_body_without_a_length_is_413(api: Api) -> None:
    pieces = (bytes(1024 * 1024) for _ in range(25))
    response = api.http.post("/graphql", content=pieces, headers={"Content-Type": "application/json"})
    assert (response.status_code, code_of(response.json())) == (413, "FILE_TOO_LARGE")


def test_an_empty_accept_is_as_none(api: Api) -> None:
    response = api.http.post("/graphql", json={"query": "{ __typename }"}, headers={"Accept": ""})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json; charset=utf-8")


def test_an_announced_large_body_is_refused_before_it_is_sent(api: Api) -> None:
    host, port = api.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_an_unknown_path_has_the_same_body(api: Api) -> None:
    response = api.http.get("/nothing")
    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")


def test_one_operations_fault_leaves_the_socket_open(api: Api) -> None:
    with api.socket(api.token("speaker")) as socket:
        for id, query in (("1", "{"), ("2", "{ nothing }"), ("3", "subscription { nothing }")):
            socket.subscribe(query, id=id)
            message = socket.receive()
            assert (message["type"], message["id"]) == ("error", id)
            assert message["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        socket.subscribe("{ viewer { handle } }", id="4")
        assert socket.next() == {"data": {"viewer": {"handle": "speaker"}}}
        assert socket.receive() == {"id": "4", "type": "complete"}


def test_a_pong_carries_the_pings_payload(api: Api) -> None:
    with api.socket() as socket:
        socket.send(type="ping", payload={"n": 1})
        assert socket.receive() == {"type": "pong", "payload": {"n": 1}}


def test_connection_init_may_have_a_null_payload(api: Api) -> None:
    with connect(f"ws://{api.address}/graphql", subprotocols=[PROTOCOL]) as connection:
        Socket(connection).send(type="connection_init", payload=None)
        assert json.loads(connection.recv(10)) == {"type": "connection_ack"}


@pytest.mark.parametrize(
    "message",
    [
        "[]",
        "42",
        "null",
        "{}",
        "{",
        '{"type":"connection_init","payload":[]}',
        '{"type":"connection_init","payload":"x"}',
        '{"type":"subscribe","id":"1"}',
        '{"type":"subscribe","id":1,"payload":{"query":"{__typename}"}}',
        '{"type":"complete"}',
        '{"type":["ping"]}',
    ],
)
def test_what_is_no_message_closes_with_4400(api: Api, message: str) -> None:
    with connect(f"ws://{api.address}/graphql", subprotocols=[PROTOCOL]) as connection:
        connection.send(message)
        with pytest.raises(ConnectionClosedError) as closed:
            connection.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400


def test_a_page_of_another_site_may_not_open_a_socket(api: Api) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://{api.address}/graphql", subprotocols=[PROTOCOL], origin=Origin("http://elsewhere.example"))
    assert refused.value.response.status_code == 403
