"""A proposal in each state, by members of its own, for what anybody may read."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from adapters.auth.local import LocalTokens
from adapters.sql import migrations
from app.api import create_app
from app.container import Container
from app.http.server import config_of
from app.settings import Settings
from tests.api.client import Answer, Api
from tests.api.serving import serving_on

CREATE = """mutation($i: CreateProposalInput!) {
  createProposal(input: $i) { proposal { id number } userErrors { code } }
}"""
STEP = "mutation($id: ID!) {{ {step}(input: {{proposalId: $id}}) {{ userErrors {{ code message }} }} }}"
CANCEL = "mutation($i: CancelProposalInput!) { cancelProposal(input: $i) { userErrors { code } } }"
CAST = "mutation($i: CastVoteInput!) { castVote(input: $i) { vote { id } userErrors { code } } }"
MEMBERS = """query($a: String) {
  members(first: 100, after: $a) { nodes { handle } pageInfo { endCursor hasNextPage } }
}"""
ELECTORATE = 9
"""Members that a scenario needs at least, so that no single ballot decides."""


@dataclass
class Hand:
    """One member at the API."""

    api: Api
    token: str
    id: str

    @classmethod
    def new(cls, api: Api, name: str) -> "Hand":
        token = api.token(f"{name}-{uuid4().hex[:8]}")
        return cls(api, token, api.data("{ viewer { id } }", token=token)["viewer"]["id"])

    def draft(self, title: str, body: str = "It prints.") -> Answer:
        made: Answer = self.api.data(CREATE, token=self.token, i={"title": title, "body": body})["createProposal"]
        assert made["userErrors"] == []
        proposal: Answer = made["proposal"]
        return proposal

    def step(self, proposal_id: str, *steps: str) -> None:
        for step in steps:
            answer = self.api.data(STEP.format(step=step), token=self.token, id=proposal_id)[step]
            assert answer["userErrors"] == [], answer

    def cancel(self, proposal_id: str) -> None:
        answer = self.api.data(CANCEL, token=self.token, i={"proposalId": proposal_id, "reason": "No."})
        assert answer["cancelProposal"]["userErrors"] == [], answer

    def cast(self, proposal_id: str, choice: str, **input: object) -> str:
        answer = self.api.data(CAST, token=self.token, i={"proposalId": proposal_id, "choice": choice, **input})
        assert answer["castVote"]["userErrors"] == [], answer
        vote_id: str = answer["castVote"]["vote"]["id"]
        return vote_id


def unique(title: str) -> str:
    return f"{title} {uuid4().hex[:10]}"


@dataclass
class Scene:
    """One title, so that filters find these proposals and no others."""

    title: str
    author: Hand
    voters: list[Hand]
    draft: Answer
    withdrawn: Answer
    """Cancelled as a draft."""
    open: Answer
    voting: Answer
    passed: Answer
    cancelled: Answer
    """After it was open."""
    votes: list[str]
    """On the one in VOTING: for, against with a reason."""


def scene(api: Api) -> Scene:
    title = unique("Printer")
    author, second = Hand.new(api, "author"), Hand.new(api, "second")
    voters = [Hand.new(api, "voter") for _ in range(ELECTORATE)]
    draft, withdrawn = author.draft(f"{title} draft"), author.draft(f"{title} withdrawn")
    author.cancel(withdrawn["id"])
    opened = author.draft(f"{title} open")
    author.step(opened["id"], "openProposal")
    voting = author.draft(f"{title} voting", body="**It** prints.")
    author.step(voting["id"], "openProposal", "startVoting")
    votes = [voters[0].cast(voting["id"], "FOR"), voters[1].cast(voting["id"], "AGAINST", reason="Too dear.")]
    passed = second.draft(f"{title} passed")
    second.step(passed["id"], "openProposal", "startVoting")
    pass_it(api, passed["id"])
    cancelled = second.draft(f"{title} cancelled")
    second.step(cancelled["id"], "openProposal")
    second.cancel(cancelled["id"])
    return Scene(title, author, voters, draft, withdrawn, opened, voting, passed, cancelled, votes)


def pass_it(api: Api, proposal_id: str) -> None:
    """Every member votes for it until it has passed."""
    after, handles = None, []
    while True:
        found = api.data(MEMBERS, token=api.token("passer"), a=after)["members"]
        handles += [node["handle"] for node in found["nodes"]]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    for handle in handles:
        token = api.token(handle)
        api.data(CAST, token=token, i={"proposalId": proposal_id, "choice": "FOR"})
    status = api.data("query($id: ID!) { proposal(id: $id) { status } }", token=api.token("passer"), id=proposal_id)
    assert status["proposal"]["status"] == "PASSED"


@contextmanager
def serving(settings: Settings, *, container: Container | None = None) -> Iterator[Api]:
    """A server of its own, on a database of its own."""
    asyncio.run(migrations.upgrade(settings.database))
    with serving_on(config_of(create_app(settings, container=container), settings)) as port:
        client = Api(f"127.0.0.1:{port}", LocalTokens(settings.token_key))
        with client.http:
            yield client
