"""ERC-4824's documents over the wire, read as a dashboard reads them: by following the URIs."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from app.http.erc4824 import PATHS
from app.settings import Settings
from tests.api.client import Api
from tests.api.publics import Scene, scene, serving

EIP = "https://www.daostar.org/schemas"
EIP_FIELDS = {
    "dao": {"@context", "type", "name"}
    | {f"{name}URI" for name in ("members", "proposals", "activityLog", "governance", "contracts")},
    "proposal": {"type", "id", "name", "contentURI", "status"},
    "activity": {"id", "type", "proposal", "member", "action", "time"},
}
"""The standard's names; an activity's action and time are an extension."""


@pytest.fixture(scope="module")
def public_api(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    opened = settings.model_copy(update={"public": True, "data_dir": tmp_path_factory.mktemp("erc4824")})
    with serving(opened) as api:
        yield api


@pytest.fixture(scope="module")
def played(public_api: Api) -> Scene:
    return scene(public_api)


def read(api: Api, uri: str) -> Any:  # noqa: ANN401  # a document
    response = api.http.get(uri)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/ld+json"), response.text
    assert response.headers["access-control-allow-origin"] == "*"
    return response.json()


def listed(api: Api, uri: str, name: str) -> list[Any]:
    """All pages of a list."""
    page = read(api, uri)
    rows = list(page[name])
    while "next" in page:
        page = read(api, page["next"])
        rows += page[name]
    return rows


@pytest.fixture(scope="module")
def dao(public_api: Api, played: Scene) -> dict[str, Any]:
    document: dict[str, Any] = read(public_api, "/dao")
    return document


@pytest.mark.parametrize("path", PATHS)
def test_without_public_there_is_nothing(api: Api, path: str) -> None:
    response = api.http.get(path.format(id="x", number=1))
    assert response.status_code == 404
    assert response.json()["code"] == "NOT_FOUND"
    assert "PUBLIC=true" in response.json()["message"]


def test_the_dao_names_its_documents(public_api: Api, dao: dict[str, Any]) -> None:
    assert set(dao) == EIP_FIELDS["dao"]
    assert (dao["@context"], dao["type"], dao["name"]) == ("http://www.daostar.org/schemas", "DAO", "Frontier DAO")
    uris = [value for name, value in dao.items() if name.endswith("URI")]
    assert {urlsplit(uri).netloc for uri in uris} == {public_api.address}
    assert [public_api.http.get(uri).status_code for uri in uris] == [200] * 5


def test_members_have_uris_that_answer(public_api: Api, played: Scene, dao: dict[str, Any]) -> None:
    page = read(public_api, dao["membersURI"])
    found = {member["id"].rsplit("/", 1)[-1]: member for member in page["members"]}
    author = found[played.author.id]
    assert set(author) == {"type", "id", "name", "handle"}
    assert {member["type"] for member in page["members"]} == {"Person"}
    assert read(public_api, author["id"]) == {"@context": EIP, **author}


def test_pages_join_without_a_gap(public_api: Api, dao: dict[str, Any]) -> None:
    for uri, name in (("membersURI", "members"), ("proposalsURI", "proposals"), ("activityLogURI", "activities")):
        whole = read(public_api, dao[uri])[name]
        assert len(whole) >= 4
        assert listed(public_api, f"{dao[uri]}?first=3", name) == whole


def test_the_next_page_stands_in_a_link_header_too(public_api: Api, dao: dict[str, Any]) -> None:
    response = public_api.http.get(f"{dao['membersURI']}?first=2")
    assert response.links["next"]["url"] == response.json()["next"]
    assert "next" not in public_api.http.get(dao["contractsURI"]).links


def test_proposals_show_from_open_on(public_api: Api, played: Scene, dao: dict[str, Any]) -> None:
    found = listed(public_api, dao["proposalsURI"], "proposals")
    assert [each["id"] for each in found] == [
        f"http://{public_api.address}/dao?proposalId={each['number']}"
        for each in (played.cancelled, played.passed, played.voting, played.open)
    ]
    assert [each["status"] for each in found] == ["CANCELLED", "PASSED", "VOTING", "OPEN"]
    assert {frozenset(each) for each in found} == {frozenset(EIP_FIELDS["proposal"])}
    assert {each["type"] for each in found} == {"proposal"}
    for hidden in (played.draft, played.withdrawn):
        assert public_api.http.get(f"/dao/proposals/{hidden['number']}").status_code == 404
        assert public_api.http.get(f"/dao/proposals/{hidden['number']}/content.md").status_code == 404


def test_a_proposals_content_is_its_text(public_api: Api, played: Scene) -> None:
    found = read(public_api, f"/dao/proposals/{played.voting['number']}")
    content = public_api.http.get(found["contentURI"])
    assert content.headers["content-type"] == "text/markdown; charset=utf-8"
    assert content.headers["x-content-type-options"] == "nosniff"
    assert content.text == f"# {found['name']}\n\n**It** prints.\n"


def test_the_activity_log_tells_who_did_what(public_api: Api, played: Scene, dao: dict[str, Any]) -> None:
    found = listed(public_api, dao["activityLogURI"], "activities")
    assert {frozenset(each) for each in found} == {frozenset(EIP_FIELDS["activity"])}
    assert [each["time"] for each in found] == sorted((each["time"] for each in found), reverse=True)
    assert len({each["id"] for each in found}) == len(found)
    on_voting = [each for each in found if each["proposal"]["id"].endswith(f"proposalId={played.voting['number']}")]
    told = [(each["action"], each["member"]["id"].rsplit("/", 1)[-1]) for each in reversed(on_voting)]
    assert told == [
        ("CREATED", played.author.id),
        ("STARTED", played.author.id),
        ("VOTED", played.voters[0].id),
        ("VOTED", played.voters[1].id),
    ]
    assert {(each["type"], each["member"]["type"]) for each in found} == {("activity", "Person")}
    shown = {each["number"] for each in (played.open, played.voting, played.passed, played.cancelled)}
    assert {int(each["proposal"]["id"].rsplit("=", 1)[-1]) for each in found} == shown


def test_there_are_no_contracts(public_api: Api, dao: dict[str, Any]) -> None:
    assert read(public_api, dao["contractsURI"])["contracts"] == []


@pytest.mark.parametrize("name", ["members", "proposals", "activityLog", "contracts"])
def test_every_list_names_the_dao_that_it_is_of(public_api: Api, dao: dict[str, Any], name: str) -> None:
    """The standard's four schemas begin with the same three fields, on every page."""
    for page in (dao[f"{name}URI"], f"{dao[f'{name}URI']}?first=1"):
        found = read(public_api, page)
        assert (found["@context"], found["type"], found["name"]) == (EIP, "DAO", dao["name"])


def test_governance_states_the_rules_in_force(public_api: Api, dao: dict[str, Any]) -> None:
    response = public_api.http.get(dao["governanceURI"])
    assert response.headers["content-type"] == "text/markdown; charset=utf-8"
    assert response.text.startswith("# How Frontier DAO decides\n")
    for rule in ("at least 60 % of the weight", "at least 66 % of the weight", "Voting runs for 3 days."):
        assert rule in response.text


def test_governance_names_the_receipts_and_the_key_that_signs_them(public_api: Api, dao: dict[str, Any]) -> None:
    said = public_api.http.get(dao["governanceURI"]).text
    key = public_api.data("{ dao { verifyKey } }", token=public_api.token("reader"))["dao"]["verifyKey"]
    assert f"(Ed25519, base64url) is `{key}`." in said
    for path in ("/resolutions/0/receipt.json", "/dao:", "/compat/snapshot/graphql:"):
        assert f"{str(public_api.http.base_url).rstrip('/')}{path}" in said


@pytest.mark.parametrize(
    ("query", "field"), [("first=0", "first"), ("first=101", "first"), ("first=x", "first"), ("cursor=x", "cursor")]
)
def test_a_page_that_is_none_is_refused(public_api: Api, query: str, field: str) -> None:
    response = public_api.http.get(f"/dao/members?{query}")
    assert (response.status_code, response.json()["code"], response.json()["field"]) == (422, "BAD_USER_INPUT", field)


def test_a_cursor_of_another_list_is_refused(public_api: Api) -> None:
    after = httpx.URL(read(public_api, "/dao/members?first=2")["next"]).params["cursor"]
    assert public_api.http.get("/dao/proposals", params={"cursor": after}).status_code == 422


@pytest.mark.parametrize("path", ["/dao/members/TWVtYmVyOjk5OTk5", "/dao/proposals/99999", "/dao/proposals/x"])
def test_what_is_not_there_is_404(public_api: Api, path: str) -> None:
    assert public_api.http.get(path).json()["code"] == "NOT_FOUND"


@pytest.mark.parametrize("path", PATHS)
def test_nothing_can_be_written(public_api: Api, path: str) -> None:
    assert public_api.http.post(path.format(id="x", number=1)).status_code == 405
