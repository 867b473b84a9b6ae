"""Documents in, by GraphQL and by POST /upload."""

import json
from typing import Any

import httpx
import pytest

from tests.api.client import Api, bearer, code_of

UPLOAD = """mutation($input: UploadDocumentInput!) {
  uploadDocument(input: $input) {
    document { id filename mediaType bytes visibility status progress duplicateOf { id } }
    userErrors { code field message }
  }
}"""

FOLLOW = """subscription($document: ID!) {
  documentChanged(documentId: $document) { id status visibility progress error { code } }
}"""


def post_file(api: Api, name: str, content: bytes, *, token: str | None, **fields: str) -> httpx.Response:
    headers = {"Authorization": bearer(token)} if token else {}
    return api.http.post("/upload", files={"file": (name, content)}, data=fields, headers=headers)


def mutate(api: Api, name: str, content: bytes, *, token: str, **input: object) -> dict[str, Any]:
    operations = {"query": UPLOAD, "variables": {"input": {**input, "file": None}}}
    data = {"operations": json.dumps(operations), "map": '{"0": ["variables.input.file"]}'}
    headers = {"Authorization": bearer(token), "GraphQL-Require-Preflight": "1"}
    answer = api.http.post("/graphql", data=data, files={"0": (name, content)}, headers=headers).json()
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["uploadDocument"]
    return payload


def test_an_upload_is_queued_and_its_state_can_be_followed(api: Api) -> None:
    token = api.token("uploader")
    response = post_file(api, "notes.md", b"# Notes\n\nPETG needs 240 degrees.", token=token, visibility="DAO")
    assert response.status_code == 202
    assert response.json()["status"] == "QUEUED"
    with api.socket(token) as socket:
        socket.subscribe(FOLLOW, document=response.json()["id"])
        expected = {"status": "QUEUED", "visibility": "DAO", "progress": 0.0, "error": None}
        assert socket.next()["data"]["documentChanged"] == {"id": response.json()["id"], **expected}


def test_the_same_bytes_again_are_a_duplicate(api: Api) -> None:
    token = api.token("repeater")
    first = mutate(api, "a.txt", b"The same words.", token=token)["document"]
    again = mutate(api, "b.txt", b"The same words.", token=token)["document"]
    assert first["duplicateOf"] is None
    assert (again["duplicateOf"], again["status"], again["progress"]) == ({"id": first["id"]}, "DONE", 1.0)


def test_a_repeated_key_gives_the_same_document_over_either_way(api: Api) -> None:
    token = api.token("keyed")
    first = mutate(api, "a.txt", b"Once only.", token=token, idempotencyKey="k1")["document"]["id"]
    assert mutate(api, "a.txt", b"Once only.", token=token, idempotencyKey="k1")["document"]["id"] == first
    assert post_file(api, "a.txt", b"Once only.", token=token, idempotencyKey="k1").json()["id"] == first
    refused = post_file(api, "a.txt", b"Other words.", token=token, idempotencyKey="k1")
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("empty.txt", b"", 422, "BAD_USER_INPUT"),
        ("archive.pdf", b"PK\x03\x04 and more", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("latin.txt", b"caf\xe9", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("large.txt", b"word " * (21 * 1024 * 1024 // 5), 413, "FILE_TOO_LARGE"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_either_way(
    api: Api, name: str, content: bytes, status: int, code: str
) -> None:
    token = api.token("refused")
    response = post_file(api, name, content, token=token)
    assert (response.status_code, response.json()["code"], response.json()["field"]) == (status, code, "file")
    payload = mutate(api, name, content, token=token)
    assert payload["document"] is None
    assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [(code, ["input", "file"])]
    assert api.data("{ documents { totalCount } }", token=token)["documents"]["totalCount"] == dao_documents(api)


def dao_documents(api: Api) -> int:
    """What a member without documents of its own sees."""
    count: int = api.data("{ documents { totalCount } }", token=api.token("onlooker"))["documents"]["totalCount"]
    return count


@pytest.mark.parametrize(
    ("fields", "field"), [({"visibility": "ALL"}, "visibility"), ({"idempotencyKey": "k" * 201}, "idempotencyKey")]
)
def test_a_crooked_field_is_422_and_named(api: Api, fields: dict[str, str], field: str) -> None:
    response = post_file(api, "a.txt", b"words", token=api.token("crooked"), **fields)
    assert (response.status_code, response.json()["field"]) == (422, field)


def test_a_form_without_a_file_is_422(api: Api) -> None:
    headers = {"Authorization": bearer(api.token("fileless"))}
    for response in (
        api.http.post("/upload", data={"file": "words"}, headers=headers),
        api.http.post("/upload", json={}, headers=headers),
        api.http.post("/upload", content=b"x", headers={**headers, "Content-Type": "multipart/form-data"}),
    ):
        assert (response.status_code, response.json()["code"]) == (422, "BAD_USER_INPUT")


@pytest.mark.parametrize("token", [None, "nonsense"])
def test_an_upload_without_a_good_token_is_401(api: Api, token: str | None) -> None:
    response = post_file(api, "a.txt", b"words", token=token)
    assert (response.status_code, response.json()["code"]) == (401, "UNAUTHENTICATED")


def test_a_file_that_is_no_file_is_bad_user_input(api: Api) -> None:
    answer = api.ask(UPLOAD, token=api.token("textual"), input={"file": "words"})
    assert code_of(answer) == "BAD_USER_INPUT"


def test_another_members_private_document_is_not_there(api: Api) -> None:
    mine = post_file(api, "secret.txt", b"My own words.", token=api.token("keeper")).json()["id"]
    other = api.token("seeker")
    query = "query($id: ID!) { node(id: $id) { id } document(id: $id) { filename } }"
    assert api.data(query, token=other, id=mine) == {"node": None, "document": None}
    delete = "mutation($id: ID!) { deleteDocument(input: {documentId: $id}) { deletedId userErrors { code field } } }"
    refused = api.data(delete, token=other, id=mine)["deleteDocument"]
    assert refused == {"deletedId": None, "userErrors": [{"code": "NOT_FOUND", "field": ["input", "documentId"]}]}
    assert api.data(delete, token=api.token("keeper"), id=mine)["deleteDocument"] == {
        "deletedId": mine,
        "userErrors": [],
    }
