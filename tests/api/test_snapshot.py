"""Snapshot's hub over the wire: what its clients send, sent here."""

from collections.abc import Iterator
from operator import eq, ge, gt, le, lt

import pytest

from app.settings import Settings
from tests.api.client import Answer, Api, code_of
from tests.api.hubs import LIST, PATH, PROPOSAL_FIELDS, SPACE_FIELDS, Hub
from tests.api.publics import Hand, Scene, scene, serving

COMPARISONS = {"": eq, "_gt": gt, "_gte": ge, "_lt": lt, "_lte": le}


@pytest.fixture(scope="module")
def public_api(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server of its own with PUBLIC on."""
    opened = settings.model_copy(update={"public": True, "data_dir": tmp_path_factory.mktemp("public")})
    with serving(opened) as api:
        yield api


@pytest.fixture(scope="module")
def played(public_api: Api) -> Scene:
    return scene(public_api)


@pytest.fixture(scope="module")
def hub(public_api: Api) -> Hub:
    return Hub(public_api)


def ids(found: list[Answer]) -> list[str]:
    return [each["id"] for each in found]


def test_without_public_there_is_nothing(api: Api) -> None:
    for answer in (api.http.post(PATH, json={"query": "{ __typename }"}), api.http.get(PATH)):
        assert answer.status_code == 404
        assert answer.json() == {
            "code": "NOT_FOUND",
            "message": "Nothing is public here: whoever runs this server can set PUBLIC=true.",
            "field": None,
            "retryable": False,
        }


def test_a_proposal_in_voting_reads_as_on_the_hub(hub: Hub, played: Scene) -> None:
    [found] = hub.proposals(PROPOSAL_FIELDS, where={"id": played.voting["id"]})
    assert found["space"]["id"] == "frontier"
    told = {
        "type": "basic",
        "state": "active",
        "choices": ["For", "Against", "Abstain"],
        "scores": [1.0, 1.0, 0.0],
        "scores_total": 2.0,
        "scores_state": "pending",
        "votes": 2,
    }
    assert {name: found[name] for name in told} == told
    assert (found["author"], found["body"], found["privacy"]) == (played.author.id, "**It** prints.", "")
    assert found["end"] - found["start"] == 72 * 3600
    assert found["created"] <= found["start"]
    assert found["quorum"] == 7.0  # 60 % of the eleven who had joined
    assert found["link"] == f"http://{hub.api.address}/dao/proposals/{played.voting['number']}/content.md"
    assert hub.api.http.get(found["link"]).text == f"# {found['title']}\n\n**It** prints.\n"


def test_the_same_proposal_is_found_by_its_id(hub: Hub, played: Scene) -> None:
    query = f"query Proposal($id: String!) {{ proposal(id: $id) {{ {PROPOSAL_FIELDS} }} }}"
    [listed] = hub.proposals(PROPOSAL_FIELDS, where={"id": played.voting["id"]})
    assert hub.data(query, id=played.voting["id"]) == listed
    assert hub.data(query, id="0x" + "7" * 64) is None


def test_states_are_told_and_found(hub: Hub, played: Scene) -> None:
    by_state = {
        state: ids(hub.proposals(where={"title_contains": played.title.upper(), "state": state}))
        for state in ("pending", "active", "closed")
    }
    assert by_state == {
        "pending": [played.open["id"]],
        "active": [played.voting["id"]],
        "closed": [played.cancelled["id"], played.passed["id"]],
    }
    told = hub.proposals("id state", where={"title_contains": played.title})
    assert {each["id"]: each["state"] for each in told} == {
        id: state for state, found in by_state.items() for id in found
    }


def test_a_draft_shows_nowhere_even_when_it_was_cancelled(hub: Hub, played: Scene) -> None:
    for secret in (played.draft["id"], played.withdrawn["id"]):
        assert hub.data("query($id: String!) { proposal(id: $id) { id } }", id=secret) is None
        assert hub.proposals(where={"id_in": [secret]}) == []


def test_an_early_close_shows_in_the_end(hub: Hub, played: Scene) -> None:
    [passed] = hub.proposals("start end state scores_state scores", where={"id": played.passed["id"]})
    assert passed["end"] - passed["start"] < 60
    assert (passed["state"], passed["scores_state"]) == ("closed", "final")
    assert passed["scores"][1:] == [0.0, 0.0]


def test_what_nobody_knows_yet_is_the_last_second(hub: Hub, played: Scene) -> None:
    [found] = hub.proposals("start end quorum scores", where={"id": played.open["id"]})
    assert found == {"start": 2**31 - 1, "end": 2**31 - 1, "quorum": 0.0, "scores": [0.0, 0.0, 0.0]}


def test_pages_join_without_a_gap(hub: Hub, played: Scene) -> None:
    where = {"title_contains": played.title, "space_in": ["frontier"]}
    whole = ids(hub.proposals(where=where, by="created", way="desc"))
    assert len(whole) == 4
    assert [ids(hub.proposals(where=where, first=1, skip=at)) for at in range(5)] == [[id] for id in whole] + [[]]
    assert ids(hub.proposals(where=where, by="created", way="asc")) == whole[::-1]


@pytest.mark.parametrize("name", ["created", "start", "end", "votes"])
def test_numbers_are_compared_as_they_are_shown(hub: Hub, played: Scene, name: str) -> None:
    titled = {"title_contains": played.title}
    every = hub.proposals(f"id {name}", where=titled)
    for pivot in {each[name] for each in every}:
        for suffix, holds in COMPARISONS.items():
            found = ids(hub.proposals(where={**titled, f"{name}{suffix}": pivot}))
            assert found == [each["id"] for each in every if holds(each[name], pivot)], (suffix, pivot)
    ordered = hub.proposals(name, where=titled, by=name, way="asc")
    assert [each[name] for each in ordered] == sorted(each[name] for each in every)


def test_times_of_a_list_are_whole_seconds(hub: Hub, played: Scene) -> None:
    [found] = hub.proposals("created", where={"id": played.open["id"]})
    assert len(hub.proposals(where={"id": played.open["id"], "created_in": [5, found["created"]]})) == 1
    assert hub.proposals(where={"id": played.open["id"], "created_in": [found["created"] + 1]}) == []
    assert len(hub.proposals(where={"id": played.open["id"], "created_lte": 2**31 - 1, "created_gte": -(2**31)})) == 1


@pytest.mark.parametrize(
    "where",
    [
        {"space": "ens.eth"},
        {"space_in": []},
        {"author": "0xeF8305E140ac520225DAf050e2f71d5fBcC543e7"},
        {"type": "weighted"},
        {"app_not": "frontier"},
        {"flagged": True},
        {"space_verified": True},
        {"labels_in": ["x"]},
        {"updated_gt": 0},
    ],
)
def test_what_no_proposal_has_finds_none(hub: Hub, played: Scene, where: Answer) -> None:
    assert hub.proposals(where={"title_contains": played.title, **where}) == []


@pytest.mark.parametrize(
    "where",
    [
        {"space": "frontier"},
        {"state": "all"},
        {"state": None},
        {"app_not_in": ["snapshot"]},
        {"flagged": False},
        {"labels_in": []},
        {"type_in": ["basic", "weighted"]},
        {"strategies_contains": "frozen"},
    ],
)
def test_what_every_proposal_has_finds_all(hub: Hub, played: Scene, where: Answer) -> None:
    assert len(hub.proposals(where={"title_contains": played.title, **where})) == 4


def test_votes_read_as_on_the_hub(hub: Hub, played: Scene) -> None:
    found = {each["id"]: each for each in hub.votes(proposal=played.voting["id"])}
    favour, against = (found[id] for id in played.votes)
    assert (favour["voter"], favour["choice"], favour["reason"]) == (played.voters[0].id, 1, "")
    assert (against["voter"], against["choice"], against["reason"]) == (played.voters[1].id, 2, "Too dear.")
    assert (favour["vp"], favour["vp_by_strategy"], favour["vp_state"]) == (1.0, [1.0], "final")
    assert favour["proposal"]["id"] == played.voting["id"]
    assert favour["metadata"] == {}


def test_votes_are_found_by_voter_vp_and_reason(hub: Hub, played: Scene) -> None:
    of = played.voting["id"]
    assert ids(hub.votes(proposal=of, voter=played.voters[1].id, vp_gte=0.5)) == [played.votes[1]]
    assert ids(hub.votes(proposal=of, vp_gt=1.5)) == []
    assert ids(hub.votes(proposal=of, reason_not="")) == [played.votes[1]]
    assert ids(hub.votes(proposal=of, voter_in=[hand.id for hand in played.voters], way="asc")) == played.votes
    assert hub.votes(voter="0xeF8305E140ac520225DAf050e2f71d5fBcC543e7") == []
    single = hub.data("query($id: String!) { vote(id: $id) { id choice } }", id=played.votes[0])
    assert single == {"id": played.votes[0], "choice": 1}


def test_voting_power_is_frozen_for_a_proposal(hub: Hub, played: Scene) -> None:
    query = """query($voter: String!, $space: String!, $proposal: String) {
      vp(voter: $voter, space: $space, proposal: $proposal) { vp vp_by_strategy vp_state }
    }"""
    late = Hand.new(hub.api, "late")
    frozen = hub.data(query, voter=late.id, space="frontier", proposal=played.voting["id"])
    assert frozen == {"vp": 0.0, "vp_by_strategy": [0.0], "vp_state": "final"}
    assert hub.data(query, voter=late.id, space="frontier")["vp"] == 1.0
    assert hub.data(query, voter=played.voters[0].id, space="frontier", proposal=played.voting["id"])["vp"] == 1.0
    assert hub.data(query, voter="0xeF8305E140ac520225DAf050e2f71d5fBcC543e7", space="frontier")["vp"] == 0.0
    for wrong in ({"space": "ens.eth"}, {"space": "frontier", "proposal": played.draft["id"]}):
        answer = hub.ask(query, voter=late.id, **wrong)
        assert answer["data"] == {"vp": None}
        assert code_of(answer) == "NOT_FOUND"


def test_the_space_reads_as_on_the_hub(hub: Hub, played: Scene) -> None:
    space = hub.data(f"query Space($id: String!) {{ space(id: $id) {{ {SPACE_FIELDS} }} }}", id="frontier")
    listed = hub.data(
        f"""query Spaces($first: Int, $skip: Int, $where: SpaceWhere) {{
          spaces(first: $first, skip: $skip, where: $where) {{ {SPACE_FIELDS} }}
        }}""",
        where={"id_in": ["frontier", "ens.eth"]},
    )
    assert listed == [space]
    assert (space["name"], space["voting"]["period"]) == ("Frontier DAO", 72 * 3600)
    assert space["proposalsCount"] == len(hub.proposals(first=1000))
    assert space["activeProposals"] == len(hub.proposals(first=1000, where={"state": "active"}))
    assert space["votesCount"] == len(hub.votes(first=1000))
    assert hub.data('{ space(id: "ens.eth") { id } }') is None
    assert hub.data('{ spaces(where: {search: "frontier"}) { id } }') == [{"id": "frontier"}]
    assert hub.data('{ spaces(where: {search: "uniswap"}) { id } }') == []
    assert hub.data("{ spaces(skip: 1) { id } }") == []


def test_nobody_follows(hub: Hub) -> None:
    query = "query($f: String!, $first: Int) { follows(where: {follower: $f}, first: $first) { network space { id } } }"
    assert hub.data(query, f="0xeF8305E140ac520225DAf050e2f71d5fBcC543e7") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("first: 1001", "The `first` argument must not be greater than 1000"),
        ("skip: 5001", "The `skip` argument must not be greater than 5000"),
        ("first: -1", "The `first` argument must be positive"),
        (f"where: {{id_in: {['x'] * 101}}}".replace("'", '"'), "The `id_in` argument must not be greater than 100"),
    ],
)
def test_the_hubs_limits_hold(hub: Hub, arguments: str, said: str) -> None:
    answer = hub.ask(f"{{ votes({arguments}) {{ id }} }}")
    assert answer["data"] == {"votes": None}
    assert (answer["errors"][0]["message"], code_of(answer)) == (said, "BAD_USER_INPUT")


def test_at_the_limits_it_answers(hub: Hub, played: Scene) -> None:
    assert hub.data("{ votes(first: 1000, skip: 5000) { id } }") == []
    assert hub.data("{ spaces(skip: 100000) { id } }") == []


@pytest.mark.parametrize(
    "query",
    [
        "{ " + 'space(id: "x") { parent { parent { parent { parent { parent { parent { id } } } } } } }' + " }",
        "{ " + " ".join(f'a{n}: space(id: "x") {{ id }}' for n in range(6)) + " }",
        "{ proposals { " + " ".join(f"a{n}: id" for n in range(21)) + " } }",
        "{ proposals { ...f0 } } fragment f30 on Proposal { id } "
        + " ".join(f"fragment f{n} on Proposal {{ ...f{n + 1} ...f{n + 1} }}" for n in range(30)),
        "mutation { x }",
    ],
)
def test_queries_out_of_bounds_are_refused(hub: Hub, query: str) -> None:
    response = hub.api.http.post(PATH, json={"query": query})
    assert "data" not in response.json() or response.json()["data"] is None
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_query_that_costs_too_much_is_refused(hub: Hub) -> None:
    wide = " ".join(f"q{n}: proposals(first: 1000) {{ {PROPOSAL_FIELDS} }}" for n in range(5))
    answer = hub.ask(f"{{ {wide} }}")
    assert "ask for fewer rows" in answer["errors"][0]["message"]


def test_queries_come_by_get_too_and_from_any_origin(hub: Hub) -> None:
    origin = {"Origin": "https://dashboard.example"}
    got = hub.api.http.get(PATH, params={"query": '{ space(id: "frontier") { id } }'}, headers=origin)
    assert got.json() == {"data": {"space": {"id": "frontier"}}}
    assert got.headers["access-control-allow-origin"] == "*"
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    assert hub.api.http.options(PATH, headers=origin | asked).status_code == 200


@pytest.mark.parametrize("body", [b"null", b"[]", b"{", b"{}", b'{"query":42}', b'{"query":"{a}","variables":[]}'])
def test_what_is_no_query_is_400(hub: Hub, body: bytes) -> None:
    response = hub.api.http.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, code_of(response.json())) == (400, "BAD_USER_INPUT")


def test_text_that_no_database_holds_is_refused(hub: Hub) -> None:
    answer = hub.ask(LIST % "id", first=1, skip=0, where={"title_contains": "\0"})
    assert code_of(answer) == "BAD_USER_INPUT"


def test_what_is_longer_than_a_title_is_part_of_none(hub: Hub, played: Scene) -> None:
    assert hub.proposals(where={"title_contains": "x" * 60_000}) == []
