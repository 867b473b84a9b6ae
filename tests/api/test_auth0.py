"""The API behind a real issuer: who is let in, and that nothing in a token breaks the server."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from app.settings import Settings
from fakes.issuer import AUDIENCE, NAMESPACE, FakeIssuer
from fakes.issuer import serving as issuing
from tests.api.client import PROTOCOL, Answer, Api, Socket, bearer
from tests.api.publics import serving
from tests.contracts.forgeries import FORGERIES
from tests.contracts.forging import publish_strange_keys

WHO = "{ viewer { handle role weight admitted } }"
NO_TEXT = {"half a surrogate pair"}
NO_HEADER = NO_TEXT | {"a line break", "a NUL"}
"""What clients cannot send: in a message, in a header."""


@contextmanager
def guarded(settings: Settings, issuer: FakeIssuer, folder: Path) -> Iterator[Api]:
    """A server that trusts this issuer."""
    changes = {"data_dir": folder, "auth": "auth0", "auth0_domain": issuer.url, "auth0_audience": AUDIENCE}
    given = settings.model_dump(exclude={"admission"}, exclude_none=True) | changes
    with serving(Settings(_env_file=None, **given)) as api:  # type: ignore[call-arg]  # its plugin does not know
        yield api


@pytest.fixture(scope="module")
def issuer() -> Iterator[FakeIssuer]:
    issuer = FakeIssuer()
    publish_strange_keys(issuer)
    with issuing(issuer):
        yield issuer


@pytest.fixture(scope="module")
def house(settings: Settings, issuer: FakeIssuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One server for the tests that change nothing about the issuer."""
    with guarded(settings, issuer, tmp_path_factory.mktemp("auth0")) as api:
        yield api


@pytest.fixture
def own_issuer() -> Iterator[FakeIssuer]:
    with issuing(FakeIssuer()) as issuer:
        yield issuer


@pytest.fixture
def own_house(settings: Settings, own_issuer: FakeIssuer, tmp_path: Path) -> Iterator[Api]:
    with guarded(settings, own_issuer, tmp_path) as api:
        yield api


def who(api: Api, token: str) -> Answer:
    viewer: Answer = api.data(WHO, token=token)["viewer"]
    return viewer


def close_code(api: Api, token: str) -> tuple[int, str]:
    """How the server ends a socket that says hello with this token."""
    with connect(f"ws://{api.address}/graphql", subprotocols=[PROTOCOL]) as connection:
        Socket(connection).send(type="connection_init", payload={"authorization": bearer(token)})
        with pytest.raises(ConnectionClosedError) as closed:
            connection.recv(10)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


@pytest.mark.parametrize("name", [name for name in FORGERIES if name not in NO_HEADER])
def test_forged_or_damaged_token_is_401(house: Api, issuer: FakeIssuer, name: str) -> None:
    token = FORGERIES[name][1](issuer)
    headers = {b"Authorization": bearer(token).strip().encode()}
    response = house.http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert len(token) < 12 or token not in response.text


@pytest.mark.parametrize("name", [name for name in FORGERIES if name not in NO_TEXT])
def test_forged_or_damaged_token_closes_the_socket_with_4403(house: Api, issuer: FakeIssuer, name: str) -> None:
    code, reason = close_code(house, FORGERIES[name][1](issuer))
    assert code == 4403
    assert reason.startswith(("The token", "Authorization must read "))


@pytest.mark.parametrize("name", ["header: a deep list", "padded", "crit is 5", "exp is inf", "stranger's jwk"])
def test_forged_token_uploads_nothing(house: Api, issuer: FakeIssuer, name: str) -> None:
    token = FORGERIES[name][1](issuer)
    files = {"file": ("a.txt", b"text", "text/plain")}
    response = house.http.post("/upload", files=files, headers={"Authorization": bearer(token)})
    assert (response.status_code, response.json()["code"]) == (401, "UNAUTHENTICATED")


def test_after_all_of_it_an_honest_token_is_served(house: Api, issuer: FakeIssuer) -> None:
    assert who(house, issuer.token("auth0|still-here"))["handle"] == "still-here"


def test_newcomer_waits_for_admission(house: Api, issuer: FakeIssuer) -> None:
    token = issuer.token("auth0|1", **{f"{NAMESPACE}nickname": "Ána Lima"})
    assert who(house, token) == {"handle": "ana-lima", "role": "MEMBER", "weight": 0, "admitted": False}


def test_admin_of_the_token_admits(house: Api, issuer: FakeIssuer) -> None:
    newcomer, admin = issuer.token("auth0|new"), issuer.token("auth0|chair", **{f"{NAMESPACE}roles": ["ADMIN"]})
    member = house.data("{ viewer { id } }", token=newcomer)["viewer"]["id"]
    assert who(house, admin)["role"] == "ADMIN"
    admit = "mutation($i: AdmitMemberInput!) { admitMember(input: $i) { userErrors { message } } }"
    given = {"memberId": member, "reason": "We know her."}
    assert house.data(admit, token=admin, i=given)["admitMember"]["userErrors"] == []
    assert who(house, newcomer) == {"handle": "new", "role": "MEMBER", "weight": 1, "admitted": True}


def test_role_is_the_tokens_each_time(house: Api, issuer: FakeIssuer) -> None:
    roles = [who(house, issuer.token("auth0|twice", **{f"{NAMESPACE}roles": r}))["role"] for r in (["ADMIN"], [])]
    assert roles == ["ADMIN", "MEMBER"]


def test_same_name_of_two_subjects_is_told_apart(house: Api, issuer: FakeIssuer) -> None:
    tokens = [issuer.token(f"auth0|clash-{n}", **{f"{NAMESPACE}nickname": "sam"}) for n in (1, 2)]
    assert [who(house, token)["handle"] for token in tokens] == ["sam", "sam-2"]


def test_many_first_requests_at_once_make_one_member(house: Api, issuer: FakeIssuer) -> None:
    tokens = [issuer.token("auth0|eager", jti=str(number)) for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda token: house.data("{ viewer { id handle } }", token=token)["viewer"], tokens))
    assert {viewer["handle"] for viewer in seen} == {"eager"}
    assert len({viewer["id"] for viewer in seen}) == 1


def test_local_tokens_are_refused(house: Api) -> None:
    assert house.post("{ __typename }", token=house.token("ana")).status_code == 401


def test_socket_serves_an_honest_token(house: Api, issuer: FakeIssuer) -> None:
    with house.socket(issuer.token("auth0|wired")) as socket:
        socket.subscribe("{ viewer { handle } }")
        assert socket.next() == {"data": {"viewer": {"handle": "wired"}}}


def test_expiry_ends_socket_and_remembered_viewer(house: Api, issuer: FakeIssuer) -> None:
    token = issuer.token("auth0|brief", exp=int(time.time()) + 2)
    assert who(house, token)["handle"] == "brief"
    with house.socket(token) as socket, pytest.raises(ConnectionClosedError) as closed:
        socket.connection.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403
    assert house.post("{ __typename }", token=token).status_code == 401


def test_rotated_keys_are_accepted_at_once(own_house: Api, own_issuer: FakeIssuer) -> None:
    for number in range(4):
        assert who(own_house, own_issuer.token(f"auth0|m{number}"))["handle"] == f"m{number}"
        assert own_issuer.fetches == number + 1
        own_issuer.rotate()
    with own_house.socket(own_issuer.token("auth0|m4")):
        assert own_issuer.fetches == 5


def test_outage_is_told_as_one(own_house: Api, own_issuer: FakeIssuer) -> None:
    """Known keys go on; of a token under another nobody knows whether it is good: try again."""
    who(own_house, own_issuer.token("auth0|before"))
    own_issuer.mood = "down"
    assert who(own_house, own_issuer.token("auth0|during"))["handle"] == "during"
    own_issuer.rotate()
    response = own_house.post("{ __typename }", token=own_issuer.token("auth0|after"))
    assert response.status_code == 503
    assert '"SYNC_ERROR"' in response.text
    assert close_code(own_house, own_issuer.token("auth0|after"))[0] == 1013
