"""The way of a proposal over the wire: drafted, opened, voted on, resolved at the deciding ballot."""

from uuid import uuid4

import pytest

from tests.api.client import Answer, Api, code_of

CREATE = """mutation($input: CreateProposalInput!) {
  createProposal(input: $input) { proposal { id number status seq topics { title } } userErrors { code field message } }
}"""
STEP = """mutation($id: ID!) {{
  {step}(input: {{proposalId: $id}}) {{ proposal {{ status }} userErrors {{ code field }} }}
}}"""
CAST = """mutation($input: CastVoteInput!) {
  castVote(input: $input) {
    vote { id choice weight castBy member { handle } }
    proposal { status quorum { seq forWeight participatingWeight quorumReached majorityReached decided } }
    userErrors { code field }
  }
}"""
MEMBERS = """query($after: String) {
  members(first: 7, after: $after) { nodes { handle } pageInfo { endCursor hasNextPage } }
}"""
LOOK = """query($id: ID!, $number: Int!) {
  a: proposal(id: $id) { id } b: proposal(number: $number) { id } node(id: $id) { id }
}"""


def drafted(api: Api, token: str, **input: object) -> Answer:
    given = {"title": f"Buy a printer {uuid4()}", "body": "It prints.", **input}
    proposal: Answer = api.data(CREATE, token=token, input=given)["createProposal"]["proposal"]
    return proposal


def stepped(api: Api, token: str, step: str, id: str) -> Answer:
    payload: Answer = api.data(STEP.format(step=step), token=token, id=id)[step]
    return payload


def cast(api: Api, token: str, id: str, choice: str, **input: object) -> Answer:
    payload: Answer = api.data(CAST, token=token, input={"proposalId": id, "choice": choice, **input})["castVote"]
    return payload


def voting(api: Api, token: str) -> str:
    """A proposal in VOTING, after everybody else has gone."""
    id: str = drafted(api, token)["id"]
    for step in ("openProposal", "startVoting"):
        assert stepped(api, token, step, id)["userErrors"] == []
    return id


@pytest.fixture
def author(api: Api) -> str:
    """A new member, so that nobody runs into the limit of three proposals at a time."""
    token = api.token(f"author-{uuid4().hex[:8]}")
    api.data("{ viewer { id } }", token=token)
    return token


def eligible(api: Api, token: str) -> list[str]:
    """Tokens of all members: whoever logged in is in the electorate."""
    nodes: list[Answer] = []
    page: Answer = {"endCursor": None, "hasNextPage": True}
    while page["hasNextPage"]:
        found = api.data(MEMBERS, token=token, after=page["endCursor"])["members"]
        nodes, page = nodes + found["nodes"], found["pageInfo"]
    return [api.token(node["handle"]) for node in nodes]


def test_the_deciding_ballot_resolves_and_every_subscriber_hears_of_it(api: Api, author: str) -> None:
    id = voting(api, author)
    voters = eligible(api, author)
    with api.socket(author) as socket:
        socket.subscribe("subscription { resolved { seq passed reason proposal { id status } } }", id="resolved")
        socket.subscribe(
            "subscription($p: ID!) { quorum(proposalId: $p) { seq participatingWeight decided } }", id="q", p=id
        )
        first = socket.next()["data"]["quorum"]
        assert (first["participatingWeight"], first["decided"]) == (0, False)
        for token in voters:
            if cast(api, token, id, "FOR")["proposal"]["status"] == "PASSED":
                break
        heard = [socket.receive() for _ in range(2)]
        while not any(message["id"] == "resolved" for message in heard):
            heard.append(socket.receive())
        [resolution] = [message["payload"]["data"]["resolved"] for message in heard if message["id"] == "resolved"]
    assert (resolution["passed"], resolution["reason"]) == (True, "QUORUM_AND_MAJORITY")
    assert resolution["proposal"] == {"id": id, "status": "PASSED"}
    seqs = [message["payload"]["data"]["quorum"]["seq"] for message in heard if message["id"] == "q"]
    assert seqs == sorted(set(seqs))
    late = cast(api, voters[-1], id, "AGAINST")
    assert late["userErrors"] == [{"code": "ALREADY_RESOLVED", "field": ["input", "proposalId"]}]


def test_resolutions_are_replayed_after_a_seq(api: Api, author: str) -> None:
    id = voting(api, author)
    for token in eligible(api, author):
        cast(api, token, id, "FOR")
    last = api.data("{ resolutions(first: 1) { nodes { seq proposal { id } tally { decided } } } }", token=author)
    newest = last["resolutions"]["nodes"][0]
    assert newest["proposal"] == {"id": id}
    assert newest["tally"] == {"decided": True}
    with api.socket(author) as socket:
        socket.subscribe("subscription { resolved(afterSeq: -1) { seq } }")
        assert [socket.next()["data"]["resolved"]["seq"] for _ in range(newest["seq"] + 1)] == [
            *range(newest["seq"] + 1)
        ]


def test_a_changed_mind_keeps_the_votes_id_and_shows_as_my_vote(api: Api, author: str) -> None:
    id = voting(api, author)
    first = cast(api, author, id, "ABSTAIN")
    second = cast(api, author, id, "AGAINST", confidence=0.5, reason="Too dear.")
    assert first["vote"]["id"] == second["vote"]["id"]
    query = """query($id: ID!) {
      proposal(id: $id) {
        myVote { choice confidence reason castBy } votes { totalCount nodes { id } } resolution { id }
      }
    }"""
    proposal = api.data(query, token=author, id=id)["proposal"]
    assert proposal["myVote"] == {"choice": "AGAINST", "confidence": 0.5, "reason": "Too dear.", "castBy": "MEMBER"}
    assert proposal["votes"] == {"totalCount": 1, "nodes": [{"id": first["vote"]["id"]}]}
    assert proposal["resolution"] is None


def test_a_repeated_key_gives_the_same_payload_done_once(api: Api, author: str) -> None:
    given = {"title": f"Once {uuid4()}", "body": "b", "topics": ["Printing"], "idempotencyKey": "k"}
    first = api.data(CREATE, token=author, input=given)
    assert api.data(CREATE, token=author, input=given) == first
    assert first["createProposal"]["proposal"]["topics"] == [{"title": "Printing"}]
    other = api.data(CREATE, token=author, input={**given, "body": "other"})["createProposal"]
    assert (other["proposal"], other["userErrors"][0]["code"]) == (None, "CONFLICT")


def test_two_steps_of_one_operation_see_each_other(api: Api, author: str) -> None:
    id = drafted(api, author)["id"]
    both = """mutation($id: ID!) {
      openProposal(input: {proposalId: $id}) { proposal { status } }
      startVoting(input: {proposalId: $id}) { proposal { status quorum { eligibleWeight } } }
    }"""
    data = api.data(both, token=author, id=id)
    assert data["openProposal"] == {"proposal": {"status": "OPEN"}}
    assert data["startVoting"]["proposal"]["status"] == "VOTING"
    assert data["startVoting"]["proposal"]["quorum"]["eligibleWeight"] == len(eligible(api, author))


def test_refusals_name_code_and_field(api: Api, author: str) -> None:
    other = api.token("onlooker")
    member = api.data("{ viewer { id } }", token=other)["viewer"]["id"]
    draft = drafted(api, author)["id"]
    field = ["input", "proposalId"]
    assert cast(api, author, draft, "FOR")["userErrors"] == [{"code": "VOTING_CLOSED", "field": field}]
    assert cast(api, other, draft, "FOR")["userErrors"] == [{"code": "NOT_FOUND", "field": field}]
    assert cast(api, author, member, "FOR")["userErrors"] == [{"code": "BAD_USER_INPUT", "field": field}]
    assert cast(api, author, "x", "FOR")["userErrors"] == [{"code": "BAD_USER_INPUT", "field": field}]
    stepped(api, author, "openProposal", draft)
    assert stepped(api, other, "startVoting", draft)["userErrors"] == [{"code": "FORBIDDEN", "field": field}]
    stepped(api, author, "startVoting", draft)
    assert stepped(api, author, "startVoting", draft)["userErrors"] == [{"code": "CONFLICT", "field": field}]
    no_choice = api.data(CAST, token=author, input={"proposalId": draft})["castVote"]
    assert no_choice["userErrors"] == [{"code": "BAD_USER_INPUT", "field": ["input", "choice"]}]
    bad_rules = api.data(CREATE, token=author, input={"title": "t", "body": "b", "rules": {"votingMinutes": 1}})
    assert bad_rules["createProposal"]["userErrors"][0]["field"] == ["input", "rules", "votingMinutes"]


def test_a_draft_is_absent_for_others(api: Api, author: str) -> None:
    draft = drafted(api, author)
    other = api.token("onlooker")
    asked = {"id": draft["id"], "number": draft["number"]}
    assert api.data(LOOK, token=other, **asked) == {"a": None, "b": None, "node": None}
    seen = {"id": draft["id"]}
    assert api.data(LOOK, token=author, **asked) == {"a": seen, "b": seen, "node": seen}
    assert api.data(LOOK, token=api.token("boss", admin=True), **asked) == {"a": seen, "b": seen, "node": seen}


@pytest.mark.parametrize("field", ["quorum", "proposalChanged"])
def test_a_subscription_to_what_is_not_there_is_not_found(api: Api, author: str, field: str) -> None:
    with api.socket(api.token("onlooker")) as socket:
        socket.subscribe(f"subscription($p: ID!) {{ {field}(proposalId: $p) {{ seq }} }}", p=drafted(api, author)["id"])
        assert code_of(socket.next()) == "NOT_FOUND"
        assert socket.receive()["type"] == "complete"


def test_a_subscription_with_the_id_of_another_noun_is_bad_user_input(api: Api, author: str) -> None:
    with api.socket(author) as socket:
        socket.subscribe("subscription($p: ID!) { chatTokens(replyId: $p) { seq } }", p=drafted(api, author)["id"])
        message = socket.receive()
    assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "BAD_USER_INPUT")


def test_pages_go_both_ways_without_a_gap(api: Api, author: str) -> None:
    numbers = [drafted(api, author, title=f"Page {at} {uuid4()}")["number"] for at in range(5)]
    me = api.data("{ viewer { id } }", token=author)["viewer"]["id"]
    query = """query($me: ID!, $first: Int, $after: String, $last: Int, $before: String) {
      proposals(
        first: $first, after: $after, last: $last, before: $before, filter: {author: $me}, orderBy: CREATED_ASC
      ) {
        totalCount nodes { number } edges { cursor } pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
      }
    }"""
    one = api.data(query, token=author, me=me, first=2)["proposals"]
    two = api.data(query, token=author, me=me, first=2, after=one["pageInfo"]["endCursor"])["proposals"]
    back = api.data(query, token=author, me=me, last=2, before=two["pageInfo"]["startCursor"])["proposals"]
    assert [node["number"] for node in one["nodes"] + two["nodes"]] == numbers[:4]
    assert (one["totalCount"], one["pageInfo"]["hasNextPage"], two["pageInfo"]["hasPreviousPage"]) == (5, True, True)
    assert back["nodes"] == one["nodes"]
    assert back["edges"] == one["edges"]


@pytest.mark.parametrize(
    "arguments",
    ["first: 0", "first: 101", "last: 0", "first: 1, last: 1", 'after: "x"', 'before: "x"', 'filter: {author: "x"}'],
)
def test_a_page_that_cannot_be_is_bad_user_input(api: Api, author: str, arguments: str) -> None:
    answer = api.ask(f"{{ proposals({arguments}) {{ totalCount }} }}", token=author)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


def test_many_nodes_come_in_order_and_null_where_there_is_none(api: Api, author: str) -> None:
    data = api.data("{ viewer { id twin { id } } }", token=author)["viewer"]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    ids = [data["twin"]["id"], "TWVtYmVyOjk5OTk5OQ", data["id"]]
    assert api.data(query, token=author, ids=ids)["nodes"] == [
        {"__typename": "Twin", "id": ids[0]},
        None,
        {"__typename": "Member", "id": ids[2]},
    ]


@pytest.mark.parametrize("text", ["x" * 201, "x" * 60_000, "a\0b"])
def test_a_text_that_no_title_holds_is_refused_with_its_field(api: Api, author: str, text: str) -> None:
    """SQLite fails on patterns of 50,000 characters, Postgres on a NUL."""
    query = "query ($text: String!) { proposals(filter: {titleContains: $text}) { totalCount } }"
    [error] = api.ask(query, token=author, text=text)["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["field"] == ["filter", "titleContains"]
    assert "titleContains" in error["message"]


@pytest.mark.parametrize("key", ["", "x" * 201, "a\0b"])
def test_a_key_that_cannot_be_kept_is_refused_with_its_field(api: Api, author: str, key: str) -> None:
    query = """mutation ($i: CreateProposalInput!) {
      createProposal(input: $i) { proposal { id } userErrors { code field } } }"""
    input = {"title": "T", "body": "B", "idempotencyKey": key}
    [error] = api.data(query, token=author, i=input)["createProposal"]["userErrors"]
    assert error == {"code": "BAD_USER_INPUT", "field": ["input", "idempotencyKey"]}


def test_a_handle_that_nobody_can_have_is_refused_with_its_field(api: Api, author: str) -> None:
    answer = api.ask("query ($handle: String) { member(handle: $handle) { id } }", token=author, handle="a\0b")
    assert (code_of(answer), answer["errors"][0]["extensions"]["field"]) == ("BAD_USER_INPUT", ["handle"])
