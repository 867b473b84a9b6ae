"""/openapi.json: complete, and what is answered is what it says, whatever is asked."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.api.client import Api, bearer

Json = dict[str, Any]
REFUSAL = {"code", "message", "field", "retryable"}
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}


class Document(dict[str, Any]):
    def __repr__(self) -> str:
        return "/openapi.json"


@pytest.fixture(scope="module")
def document(api: Api) -> Document:
    response = api.http.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    return Document(response.json())


def operations(document: Document) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def everything(value: object) -> Iterator[Json]:
    """Every object inside."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from everything(each)


def test_it_is_openapi_3_1_with_every_path(document: Document) -> None:
    assert document["openapi"] == "3.1.0"
    assert {(method, path) for method, path, _ in operations(document)} == {
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("POST", "/upload"),
        ("POST", "/vote"),
        ("GET", "/twin/{uid}/profile"),
        ("POST", "/twin/{uid}/chat"),
        ("GET", "/twin/{uid}/chat/{replyId}"),
        ("GET", "/resolutions/{id}/receipt.json"),
        ("GET", "/proposals/open"),
        ("GET", "/proposals/{pid}/status"),
    }


def test_every_reference_leads_somewhere(document: Document) -> None:
    named = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert {each["$ref"] for each in everything(document) if "$ref" in each} <= named


def test_every_operation_is_told_in_full(document: Document) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["description"], where
        assert [each["name"] for each in operation.get("parameters", []) if not each.get("description")] == [], where
        assert {"200", "202"} & set(operation["responses"]), where
        if not path.startswith("/health"):
            assert operation["security"] == [{"bearer": []}], where
            assert {"401", "500", "503"} <= set(operation["responses"]), where
        for status, response in operation["responses"].items():
            assert response["description"], (where, status)
            if int(status) >= 400 and path != "/health/ready":
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Refusal"}, (where, status)


def test_every_member_of_every_object_is_described(document: Document) -> None:
    for name, schema in document["components"]["schemas"].items():
        if schema["type"] == "object":
            assert schema["description"], name
            silent = [member for member, each in schema["properties"].items() if "description" not in each]
            assert silent == [], name


def test_methods_that_are_not_told_are_405_with_allow(api: Api, document: Document) -> None:
    token = bearer(api.token("prober"))
    for path, item in document["paths"].items():
        there = {method.upper() for method in item}
        for method in METHODS - there:
            url = path.replace("{", "").replace("}", "")
            response = api.http.request(method, url, headers={"Authorization": token})
            assert (response.status_code, set(response.json())) == (405, REFUSAL), (method, path)
            assert set(response.headers["allow"].split(", ")) == there


def test_head_is_get_without_its_body(api: Api) -> None:
    headers = {"Authorization": bearer(api.token("prober"))}
    for path in ("/health/live", "/proposals/open", "/twin/prober/profile"):
        response = api.http.head(path, headers=headers)
        assert (response.status_code, response.content) == (200, b"")


def test_a_path_that_is_not_there_is_404(api: Api) -> None:
    response = api.http.get("/proposals/a/b/c")
    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")


def test_a_key_that_comes_twice_is_read_once(api: Api) -> None:
    keys = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    twice = [("Authorization", bearer(api.token("doubled"))), *keys]
    assert api.http.get("/twin/doubled/profile", headers=twice).status_code == 200
    assert api.http.post("/vote", json={"proposalId": "x"}, headers=twice).status_code == 422


def test_two_tokens_are_none(api: Api) -> None:
    token = bearer(api.token("doubled"))
    for tokens in ([token, "Bearer x"], ["Bearer x", token], [token, token]):
        refused = api.http.get("/twin/doubled/profile", headers=[("Authorization", each) for each in tokens])
        assert (refused.status_code, refused.json()["code"]) == (401, "UNAUTHENTICATED")


SEGMENTS = st.one_of(
    st.text(min_size=1, max_size=120),
    st.sampled_from(
        ["1", "0", "9" * 30, "prober", "VHdpbjox", "TWVtYmVyOjE", "UHJvcG9zYWw6MQ", "%", "\0", "..", "a/b"]
    ),
    st.integers(-(10**30), 10**30).map(str),
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=50))
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))
MEMBERS = st.sampled_from(["proposalId", "choice", "ballot", "confidence", "reason", "text", "sessionId", "title"])
HEADERS = st.dictionaries(
    st.sampled_from(["Idempotency-Key", "Last-Event-ID", "Content-Type", "Accept", "Range"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=300).map(str.strip),
    max_size=3,
)


def path_of(template: str, segments: list[str]) -> str:
    left = iter(segments)
    parts = [quote(next(left), safe="") if part.startswith("{") else part for part in template.split("/")]
    return "/".join(parts)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.integers(0, 9),
    segments=st.lists(SEGMENTS, min_size=2, max_size=2),
    body=st.dictionaries(MEMBERS, VALUES) | VALUES,
    headers=HEADERS,
)
@example(which=5, segments=["prober", "x"], body={"text": "x", "sessionId": None}, headers={"Last-Event-ID": "7"})
@example(which=3, segments=["x", "x"], body={"proposalId": "UHJvcG9zYWw6MQ", "ballot": {"single": 10**30}}, headers={})
def test_every_answer_is_one_that_is_told(
    api: Api, document: Document, which: int, segments: list[str], body: object, headers: dict[str, str]
) -> None:
    method, template, operation = list(operations(document))[which]
    token = bearer(api.token("prober"))
    try:
        request = api.http.build_request(method, path_of(template, segments), json=body)
    except (ValueError, httpx.InvalidURL):  # a client that is not let out: NaN, halves of surrogate pairs
        request = api.http.build_request(
            method, path_of(template, segments), content=b'{"text": NaN, "ballot": "\\ud800"}'
        )
    request.headers.update({**headers, "Authorization": token})
    response = api.http.send(request, stream=True)
    try:
        check_told(operation, response)
    finally:
        response.close()


def check_told(operation: Json, response: httpx.Response) -> None:
    status = str(response.status_code)
    if (status == "404" and "404" not in operation["responses"]) or status == "405":
        return  # no such path: a slash in a segment
    assert status in operation["responses"], (response.request.url, status)
    assert response.status_code < 500, response.request.url
    kinds = operation["responses"][status].get("content", {})
    if status == "204":
        assert kinds == {}
        return
    assert response.headers["content-type"].split(";")[0] in kinds, response.request.url
    if response.status_code >= 400:
        response.read()
        assert set(response.json()) == REFUSAL


def test_the_profile_shows_what_is_private_to_its_member_only(api: Api) -> None:
    handle = f"profile-{uuid4().hex[:8]}"
    token = api.token(handle)
    viewer = api.data(
        "{ viewer { id handle displayName role weight joinedAt admitted active twin { id } } }", token=token
    )["viewer"]
    twin = viewer.pop("twin")["id"]
    own = {"Authorization": bearer(token)}
    told = [api.http.get(f"/twin/{uid}/profile", headers=own).json() for uid in (handle, viewer["id"], twin)]
    nothing = {"totalCount": 0}
    assert told == [{"id": twin, "member": viewer, "memories": nothing, "sessions": nothing}] * 3
    other = {"Authorization": bearer(api.token("onlooker"))}
    seen = api.http.get(f"/twin/{twin}/profile", headers=other).json()
    assert seen == {"id": twin, "member": viewer, "memories": None, "sessions": None}


@pytest.mark.parametrize(
    ("uid", "status", "code"),
    [
        ("nobody-there", 404, "NOT_FOUND"),
        ("TWVtYmVyOjk5OTk5", 404, "NOT_FOUND"),
        ("UHJvcG9zYWw6MQ", 422, "BAD_USER_INPUT"),
        ("%00", 422, "BAD_USER_INPUT"),
        ("Ana", 404, "NOT_FOUND"),
    ],
)
def test_a_twin_that_is_not_there_has_no_profile(api: Api, uid: str, status: int, code: str) -> None:
    response = api.http.get(f"/twin/{uid}/profile", headers={"Authorization": bearer(api.token("onlooker"))})
    assert (response.status_code, response.json()["code"], response.json()["field"]) == (status, code, "uid")
