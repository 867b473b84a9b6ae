"""POST /vote: the same rules, ids and keys as castVote, over plain HTTP."""

from typing import Any

import httpx
import pytest

from tests.api.client import Api, bearer
from tests.api.publics import CREATE, ELECTORATE, Hand, unique

CAST = """mutation($i: CastVoteInput!) {
  castVote(input: $i) {
    vote { id choice ballot { single approved ranking shares { option share } } weight confidence castAt castBy reason
      acknowledgement canonicalBallot }
    proposal { seq quorum { seq eligibleWeight forWeight againstWeight abstainWeight participatingWeight participation
      support quorumReached majorityReached decided voters asOf byMembers byTwins byDelegates } }
    userErrors { code }
  }
}"""


@pytest.fixture(scope="module")
def voters(api: Api) -> list[Hand]:
    return [Hand.new(api, "voter") for _ in range(ELECTORATE)]


def voting(api: Api, **input: object) -> str:
    author = Hand.new(api, "author")
    made = api.data(CREATE, token=author.token, i={"title": unique("Vote"), "body": "b", **input})["createProposal"]
    id: str = made["proposal"]["id"]
    author.step(id, "openProposal", "startVoting")
    return id


def vote(hand: Hand, key: str | None = None, **body: Any) -> httpx.Response:  # noqa: ANN401  # any JSON
    headers = {"Authorization": bearer(hand.token)} | ({"Idempotency-Key": key} if key else {})
    return hand.api.http.post("/vote", json=body, headers=headers)


def counted(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_a_ballot_is_counted_and_told_as_graphql_tells_it(api: Api, voters: list[Hand]) -> None:
    id = voting(api)
    ballot: dict[str, Any] = {"choice": "FOR", "confidence": 1, "reason": " It is cheap. "}
    told = counted(vote(voters[0], proposalId=id, **ballot))
    assert told["proposal"]["id"] == id
    assert told["vote"]["reason"] == "It is cheap."
    assert (told["proposal"]["quorum"]["forWeight"], told["proposal"]["quorum"]["voters"]) == (1, 1)
    again = api.data(CAST, token=voters[1].token, i={"proposalId": id, **ballot})["castVote"]
    assert set(told["vote"]) == set(again["vote"])
    assert set(told["proposal"]["quorum"]) == set(again["proposal"]["quorum"])
    status = api.http.get(f"/proposals/{id}/status", headers={"Authorization": bearer(voters[0].token)})
    assert status.json()["quorum"] == again["proposal"]["quorum"]


def test_a_change_of_mind_keeps_the_votes_id(api: Api, voters: list[Hand]) -> None:
    id = voting(api)
    first, second = (counted(vote(voters[0], proposalId=id, choice=choice)) for choice in ("FOR", "ABSTAIN"))
    assert first["vote"]["id"] == second["vote"]["id"]
    quorum = second["proposal"]["quorum"]
    assert (quorum["forWeight"], quorum["abstainWeight"], quorum["voters"]) == (0, 1, 1)


def test_a_key_is_good_for_both_ways(api: Api, voters: list[Hand]) -> None:
    id, hand = voting(api), voters[0]
    first = counted(vote(hand, "k", proposalId=id, choice="FOR", confidence=1))
    said = {"proposalId": id, "choice": "FOR", "confidence": 1}
    repeated = api.data(CAST, token=hand.token, i={**said, "idempotencyKey": "k"})["castVote"]
    assert (repeated["userErrors"], repeated["vote"]["castAt"]) == ([], first["vote"]["castAt"])
    assert counted(vote(hand, "k", **said)) == first
    refused = vote(hand, "k", proposalId=id, choice="AGAINST")
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")


@pytest.mark.parametrize(
    ("system", "ballot"),
    [
        ("SINGLE_CHOICE", {"single": 2}),
        ("APPROVAL", {"approved": []}),
        ("RANKED_SCHULZE", {"ranking": [3, 1]}),
        ("QUADRATIC", {"shares": [{"option": 1, "share": 4}, {"option": 3, "share": 1}]}),
    ],
)
def test_a_ballot_among_options_means_the_same_over_both_ways(
    api: Api, voters: list[Hand], system: str, ballot: dict[str, object]
) -> None:
    id = voting(api, system=system, options=["A", "B", "C"])
    first = counted(vote(voters[0], id, proposalId=id, ballot=ballot))
    assert {name: value for name, value in first["vote"]["ballot"].items() if value is not None} == ballot
    assert first["vote"]["choice"] is None
    again = api.data(CAST, token=voters[0].token, i={"proposalId": id, "ballot": ballot, "idempotencyKey": id})
    assert again["castVote"]["vote"] == first["vote"]


def test_the_deciding_ballot_resolves_and_then_it_is_over(api: Api) -> None:
    id = voting(api)
    members = "query($a: String) { members(first: 100, after: $a) { nodes { handle } pageInfo { endCursor } } }"
    after, statuses = None, []
    while "PASSED" not in statuses:
        found = api.data(members, token=api.token("watcher"), a=after)["members"]
        after = found["pageInfo"]["endCursor"]
        for node in found["nodes"]:
            response = vote(Hand(api, api.token(node["handle"]), ""), proposalId=id, choice="FOR")
            if response.status_code == 200:
                statuses.append(response.json()["proposal"]["status"])
                continue
            assert statuses[-1] == "PASSED"
            assert (response.status_code, response.json()["code"]) in {(409, "ALREADY_RESOLVED")}
            return
    late = vote(Hand(api, api.token("watcher"), ""), proposalId=id, choice="FOR")
    assert (late.status_code, late.json()["code"]) == (409, "ALREADY_RESOLVED")


def test_refusals_have_their_status_and_name_the_field(api: Api, voters: list[Hand]) -> None:
    id, hand = voting(api), voters[0]
    draft = hand.draft(unique("Draft"))["id"]
    options = voting(api, system="APPROVAL", options=["A", "B"])
    late = Hand.new(api, "late")
    for response, expected in (
        (vote(hand, proposalId=id), (422, "BAD_USER_INPUT", "choice")),
        (vote(hand, proposalId=id, choice="FOR", confidence=2), (422, "BAD_USER_INPUT", "confidence")),
        (vote(hand, proposalId=id, choice="FOR", reason="\0"), (422, "BAD_USER_INPUT", "reason")),
        (vote(hand, proposalId=options, ballot={"approved": [3]}), (422, "BAD_USER_INPUT", "ballot.approved")),
        (vote(hand, proposalId=options, ballot={}), (422, "BAD_USER_INPUT", "ballot")),
        (vote(hand, proposalId=hand.id, choice="FOR"), (422, "BAD_USER_INPUT", "proposalId")),
        (vote(hand, proposalId=draft, choice="FOR"), (409, "VOTING_CLOSED", "proposalId")),
        (vote(late, proposalId=draft, choice="FOR"), (404, "NOT_FOUND", "proposalId")),
        (vote(late, proposalId=id, choice="FOR"), (403, "NO_VOTING_POWER", "proposalId")),
        (vote(hand, "k" * 201, proposalId=id, choice="FOR"), (422, "BAD_USER_INPUT", "Idempotency-Key")),
    ):
        told = response.json()
        assert (response.status_code, told["code"], told["field"]) == expected, told
        assert set(told) == {"code", "message", "field", "retryable"}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"", None),
        (b"{", None),
        (b"null", None),
        (b"[1]", None),
        (b"\xff{}", None),
        (b"[" * 100_000, None),
        (b'{"proposalId": 1' + b"0" * 5_000 + b"}", None),
        (b"{}", "proposalId"),
        (b'{"proposalId": 1}', "proposalId"),
        (b'{"proposalId": "a\\ud800"}', "proposalId"),
        (b'{"proposalId": "x", "choice": "for"}', "choice"),
        (b'{"proposalId": "x", "confidence": "1"}', "confidence"),
        (b'{"proposalId": "x", "ballot": {"single": 1.5}}', "ballot.single"),
        (b'{"proposalId": "x", "ballot": {"single": null}}', "ballot.single"),
        (b'{"proposalId": "x", "nonsense": 1}', "nonsense"),
        (b'{"proposalId": "x", "nonsense\\ud800": 1}', None),
        (b'{"proposalId": "x", "ballot": {"nonsense\\ud800": 1}}', "ballot"),
    ],
)
def test_a_malformed_body_is_422(api: Api, voters: list[Hand], content: bytes, field: str | None) -> None:
    headers = {"Authorization": bearer(voters[0].token), "Content-Type": "application/json"}
    response = api.http.post("/vote", content=content, headers=headers)
    assert (response.status_code, response.json()["code"], response.json()["field"]) == (422, "BAD_USER_INPUT", field)


def test_a_body_that_is_no_json_is_422(api: Api, voters: list[Hand]) -> None:
    headers = {"Authorization": bearer(voters[0].token), "Content-Type": "text/plain"}
    response = api.http.post("/vote", content=b'{"proposalId": "x"}', headers=headers)
    assert response.status_code == 422
    assert response.json()["message"] == "Send a JSON object, with Content-Type: application/json."


def test_a_body_over_a_mebibyte_is_413(api: Api, voters: list[Hand]) -> None:
    response = vote(voters[0], proposalId="x", reason="r" * 1024**2)
    assert (response.status_code, response.json()["code"]) == (413, "FILE_TOO_LARGE")


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense", "Basic eDp5"])
def test_a_ballot_without_a_good_token_is_401(api: Api, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    response = api.http.post("/vote", json={"proposalId": "x"}, headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == "Bearer"
