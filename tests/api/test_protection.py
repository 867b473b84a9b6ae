"""A server for others: no introspection, no hints, limits a member and an address, and its own list of documents."""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from app.settings import BadSettings, Settings
from tests.api.client import PROTOCOL, Api, Socket, bearer, code_of
from tests.api.publics import serving

HANDLE = "{ viewer { handle } }"
WHO = "query Who { viewer { handle } }"
FEW = 5


def like(settings: Settings, folder: Path, **more: object) -> Settings:
    folder.mkdir(exist_ok=True)
    return settings.model_copy(update={"data_dir": folder, **more})


@pytest.fixture(scope="module")
def deployed(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    own = like(settings, tmp_path_factory.mktemp("deployed"), introspection=False, rate_member=FEW, sockets_member=2)
    with serving(own) as api:
        yield api


@pytest.fixture(scope="module")
def listed(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("listed")
    manifest = folder / "manifest.json"
    operations = [{"id": "who", "name": "Who", "type": "query", "body": WHO}]
    manifest.write_text(
        json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations})
    )
    with serving(like(settings, folder, trusted_documents=manifest)) as api:
        yield api


def posted(api: Api, token: str | None = None, **body: object) -> httpx.Response:
    return api.http.post("/graphql", json=body, headers={"Authorization": bearer(token)} if token else {})


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hashed(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}


@pytest.mark.parametrize("query", [get_introspection_query(), '{ __type(name: "Query") { name } }'])
def test_a_deployed_schema_is_not_told(deployed: Api, query: str) -> None:
    answer = deployed.ask(query)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    assert "data" not in answer


@pytest.mark.parametrize(
    "query",
    [
        "{ viewr { id } }",
        "{ viewer { handel } }",
        "{ propsal(id: 1) { id } }",
        "query ($i: IDD) { node(id: $i) { id } }",
        "{ viewer }",
    ],
)
def test_a_deployed_server_suggests_no_name(deployed: Api, api: Api, query: str) -> None:
    assert "Did you mean" not in deployed.post(query).text
    assert "Did you mean" in api.post(query).text


def test_a_deployed_server_has_no_explorer(deployed: Api, api: Api) -> None:
    assert [each.http.get("/graphiql").status_code for each in (deployed, api)] == [404, 200]


def test_a_member_that_asks_too_often_is_told_when_to_come_back(deployed: Api) -> None:
    token, other = deployed.token("often"), deployed.token("seldom")
    answers = [deployed.post(HANDLE, token=token) for _ in range(FEW + 1)]
    assert [answer.status_code for answer in answers] == [200] * FEW + [429]
    [error] = answers[-1].json()["errors"]
    wait = int(answers[-1].headers["retry-after"])
    assert error["extensions"] == {"code": "RATE_LIMITED", "retryable": True, "retryAfter": wait}
    assert 1 <= wait <= 120
    assert deployed.data(HANDLE, token=other) == {"viewer": {"handle": "seldom"}}


def test_rest_counts_with_graphql(deployed: Api) -> None:
    token = deployed.token("rest")
    for _ in range(FEW):
        deployed.data(HANDLE, token=token)
    answer = deployed.http.get("/proposals/open", headers={"Authorization": bearer(token)})
    assert answer.status_code == 429
    assert answer.json()["code"] == "RATE_LIMITED"
    assert int(answer.headers["retry-after"]) >= 1


def test_a_sockets_operations_count_too(deployed: Api) -> None:
    with deployed.socket(deployed.token("socket")) as socket:
        for number in range(FEW):
            socket.subscribe(HANDLE, id=str(number))
        messages = [socket.receive() for _ in range(2 * (FEW - 1) + 1)]
    [refused] = [message for message in messages if message["type"] == "error"]
    assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert refused["payload"][0]["extensions"]["retryAfter"] >= 1


def test_a_member_has_so_many_sockets_and_a_closed_one_makes_room(deployed: Api) -> None:
    token = deployed.token("sockets")
    with deployed.socket(token):
        with deployed.socket(token):
            assert closed(deployed, token) == (1013, "You have 2 sockets open: close one first.")
        with deployed.socket(token):
            pass


def test_a_stream_of_events_takes_a_sockets_place(settings: Settings, tmp_path: Path) -> None:
    with serving(like(settings, tmp_path, sockets_member=2)) as api:
        headers = {"Authorization": bearer(api.token("streams")), "Accept": "text/event-stream"}
        body = {"query": "subscription { daoChanged { seq } }"}

        def status(streams: ExitStack) -> int:
            opened = api.http.stream("POST", "/graphql", json=body, headers=headers)
            return streams.enter_context(opened).status_code

        with ExitStack() as streams:
            assert [status(streams) for _ in range(3)] == [200, 200, 429]
        for _ in range(200):  # it takes the server a moment to see that they are gone
            with ExitStack() as streams:
                found = [status(streams), status(streams)]
            if found == [200, 200]:
                break
            time.sleep(0.02)
        assert found == [200, 200]


def closed(api: Api, token: str) -> tuple[int, str]:
    with connect(f"ws://{api.address}/graphql", subprotocols=[PROTOCOL]) as connection:
        Socket(connection).send(type="connection_init", payload={"authorization": bearer(token)})
        with pytest.raises(ConnectionClosedError) as error:
            connection.recv(10)
    assert error.value.rcvd is not None
    return error.value.rcvd.code, error.value.rcvd.reason


def test_guessing_tokens_is_limited_by_address(settings: Settings, tmp_path: Path) -> None:
    with serving(like(settings, tmp_path, rate_address=FEW)) as api:
        statuses = [api.post(HANDLE, token="guess").status_code for _ in range(FEW + 1)]
    assert statuses == [401] * FEW + [429]


def test_what_takes_too_long_is_ended(settings: Settings, tmp_path: Path) -> None:
    with serving(like(settings, tmp_path, operation_seconds=1e-6)) as api:
        answer = api.ask("{ members { totalCount } }", token=api.token("slow"))
    assert code_of(answer) == "TIMEOUT"


def test_a_document_is_known_by_its_hash_once_it_was_sent(api: Api) -> None:
    text = "query Registered { __typename }"
    unknown = posted(api, extensions=hashed(text))
    assert unknown.status_code == 200
    [error] = unknown.json()["errors"]
    assert error["message"] == "PersistedQueryNotFound"
    assert error["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert posted(api, query=text, extensions=hashed(text)).json() == {"data": {"__typename": "Query"}}
    assert posted(api, extensions=hashed(text)).json() == {"data": {"__typename": "Query"}}
    assert posted(api, documentId=f"sha256:{digest(text)}").json() == {"data": {"__typename": "Query"}}
    by_get = api.http.get("/graphql", params={"extensions": json.dumps(hashed(text))})
    assert by_get.json() == {"data": {"__typename": "Query"}}


def test_what_a_member_registers_is_known_to_all_processes(api: Api, settings: Settings, tmp_path: Path) -> None:
    text = "query Shared { __typename }"
    posted(api, api.token("registrar"), query=text, extensions=hashed(text))
    with serving(like(settings, tmp_path)) as other:
        assert posted(other, extensions=hashed(text)).json() == {"data": {"__typename": "Query"}}


def test_hashes_work_over_the_socket(api: Api) -> None:
    text = "query OverSocket { __typename }"
    with api.socket() as socket:
        socket.send(id="1", type="subscribe", payload={"extensions": hashed(text)})
        assert socket.receive()["payload"][0]["message"] == "PersistedQueryNotFound"
        socket.send(id="2", type="subscribe", payload={"query": text, "extensions": hashed(text)})
        assert socket.next() == {"data": {"__typename": "Query"}}
        socket.receive()
        socket.send(id="3", type="subscribe", payload={"extensions": hashed(text)})
        assert socket.next() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{ __typename }", "extensions": hashed("{ other }")},
        {"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "abc"}}},
        {"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 2, "sha256Hash": "0" * 64}}},
        {"query": "{ __typename }", "extensions": {"persistedQuery": 1}},
        {"extensions": {"persistedQuery": None}},
    ],
)
def test_a_crooked_hash_is_400(api: Api, body: dict[str, Any]) -> None:
    answer = posted(api, **body)
    assert answer.status_code == 400
    assert code_of(answer.json()) == "BAD_USER_INPUT"


def test_an_unknown_document_id_is_404(api: Api) -> None:
    answer = posted(api, documentId="nobody-has-this")
    assert answer.status_code == 404
    assert code_of(answer.json()) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "body",
    [{"documentId": "who"}, {"query": WHO}, {"extensions": hashed(WHO)}, {"documentId": f"sha256:{digest(WHO)}"}],
)
def test_listed_documents_run(listed: Api, body: dict[str, Any]) -> None:
    answer = posted(listed, listed.token("listed"), **body)
    assert answer.json() == {"data": {"viewer": {"handle": "listed"}}}


@pytest.mark.parametrize("extensions", [{}, hashed(HANDLE)])
def test_no_other_document_runs(listed: Api, extensions: dict[str, Any]) -> None:
    answer = posted(listed, listed.token("listed"), query=HANDLE, extensions=extensions)
    assert answer.status_code == 403
    assert code_of(answer.json()) == "FORBIDDEN"
    assert code_of(posted(listed, extensions=hashed(HANDLE)).json()) == "PERSISTED_QUERY_NOT_FOUND"


def test_no_other_document_runs_over_a_socket(listed: Api) -> None:
    with listed.socket(listed.token("listed")) as socket:
        socket.subscribe(HANDLE)
        assert socket.receive()["payload"][0]["extensions"]["code"] == "FORBIDDEN"
        socket.send(id="2", type="subscribe", payload={"documentId": "who"})
        assert socket.next() == {"data": {"viewer": {"handle": "listed"}}}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"id": 1}', '{"operations": [{"name": "x"}]}'])
def test_a_list_that_cannot_be_read_stops_the_start(settings: Settings, tmp_path: Path, text: str) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(text)
    with (
        pytest.raises(BadSettings, match="TRUSTED_DOCUMENTS"),
        serving(like(settings, tmp_path, trusted_documents=manifest)),
    ):
        pass
