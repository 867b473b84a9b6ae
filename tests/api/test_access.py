"""Who may ask what: anonymous, a bad token, a good one, an expired one."""

from datetime import timedelta

import pytest
from graphql import GraphQLObjectType, build_schema
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from app.graphql.schema import sdl
from tests.api.client import PROTOCOL, Api, Socket, bearer, code_of

ARGUMENTS = {
    "ID!": '"x"',
    "String!": '"x"',
    "[ID!]!": '["x"]',
}


def root_fields(name: str) -> list[str]:
    """Each field of a root type as an operation that names its required arguments."""
    root = build_schema(sdl()).type_map[name]
    assert isinstance(root, GraphQLObjectType)
    fields = []
    for field, definition in root.fields.items():
        needed = {arg: str(each.type) for arg, each in definition.args.items() if str(each.type).endswith("!")}
        given = ", ".join(f"{arg}: {ARGUMENTS[type]}" for arg, type in needed.items() if type in ARGUMENTS)
        fields.append(f"{field}({given}) {{ __typename }}" if given else f"{field} {{ __typename }}")
    return fields


def test_a_first_login_creates_member_and_twin(api: Api) -> None:
    data = api.data("{ viewer { handle role weight active twin { member { handle } } } }", token=api.token("newcomer"))
    expected = {"handle": "newcomer", "role": "MEMBER", "weight": 1, "active": True}
    assert data["viewer"] == {**expected, "twin": {"member": {"handle": "newcomer"}}}


def test_anonymous_may_ask_for_the_schema(api: Api) -> None:
    data = api.data("{ __typename __schema { queryType { name } } }")
    assert data == {"__typename": "Query", "__schema": {"queryType": {"name": "Query"}}}


def test_viewer_is_null_and_unauthenticated_without_a_token(api: Api) -> None:
    answer = api.ask("{ viewer { handle } }")
    assert answer["data"] == {"viewer": None}
    assert code_of(answer) == "UNAUTHENTICATED"


@pytest.mark.parametrize("field", root_fields("Query"))
def test_no_query_answers_without_a_token(api: Api, field: str) -> None:
    assert code_of(api.ask(f"{{ {field} }}")) == "UNAUTHENTICATED"


def test_a_mutation_without_a_token_is_a_graphql_error(api: Api) -> None:
    answer = api.ask('mutation { createProposal(input: {title: "a", body: "b"}) { userErrors { code } } }')
    assert answer["data"] is None
    assert code_of(answer) == "UNAUTHENTICATED"
    assert answer["errors"][0]["path"] == ["createProposal"]


@pytest.mark.parametrize("field", root_fields("Subscription"))
def test_no_subscription_answers_without_a_token(api: Api, field: str) -> None:
    with api.socket() as socket:
        socket.subscribe(f"subscription {{ {field} }}")
        message = socket.receive()
    assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "UNAUTHENTICATED")


@pytest.mark.parametrize("value", ["Bearer nonsense", "Bearer", "Basic abc", "x"])
def test_a_bad_token_is_401(api: Api, value: str) -> None:
    response = api.http.post("/graphql", json={"query": "{ __typename }"}, headers={"Authorization": value})
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("value", ["Bearer nonsense", 42, "", ["Bearer x"]])
def test_a_bad_token_closes_the_socket_with_4403(api: Api, value: object) -> None:
    with connect(f"ws://{api.address}/graphql", subprotocols=[PROTOCOL]) as connection:
        Socket(connection).send(type="connection_init", payload={"authorization": value})
        with pytest.raises(ConnectionClosedError) as closed:
            connection.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


def test_a_socket_is_closed_with_4403_when_its_token_expires(api: Api) -> None:
    token = api.token("brief", lifetime=timedelta(seconds=2))
    with api.socket(token) as socket, pytest.raises(ConnectionClosedError) as closed:
        socket.connection.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403
    response = api.http.post("/graphql", json={"query": "{ __typename }"}, headers={"Authorization": bearer(token)})
    assert response.status_code == 401


def test_another_members_twin_shows_no_memories_and_no_sessions(api: Api) -> None:
    owner = api.data("{ viewer { twin { id } } }", token=api.token("private-one"))["viewer"]["twin"]["id"]
    query = "query($id: ID!) { twin(id: $id) { id memories { totalCount } sessions { totalCount } } }"
    for token in (api.token("curious"), api.token("boss", admin=True)):
        answer = api.ask(query, token=token, id=owner)
        assert answer["data"] == {"twin": {"id": owner, "memories": None, "sessions": None}}
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN", "FORBIDDEN"]
        search = api.ask('query($id: ID!) { searchMemories(twinId: $id, query: "x") { score } }', token=token, id=owner)
        assert (search["data"], code_of(search)) == ({"searchMemories": None}, "FORBIDDEN")


def test_a_chat_with_another_members_twin_is_refused(api: Api) -> None:
    owner = api.data("{ viewer { twin { id } } }", token=api.token("private-one"))["viewer"]["twin"]["id"]
    start = "mutation($id: ID!) { startChat(input: {twinId: $id}) { session { id } userErrors { code field } } }"
    answer = api.data(start, token=api.token("curious"), id=owner)
    assert answer["startChat"] == {
        "session": None,
        "userErrors": [{"code": "FORBIDDEN", "field": ["input", "twinId"]}],
    }
