"""A page of many costs as many SQL statements as a page of few."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from app.settings import Settings
from domain.actions import EnactPolicy
from domain.drafts import Edit
from domain.members import Claims, Role, Viewer
from domain.option_ballots import OptionBallot
from domain.rules import EarlyClose, RulesChoice, VotingSystem
from domain.tally import Choice
from evals.hall import Hall, hall
from services.delegations import Delegations, Mandate
from services.members import Weighing
from services.topics import Topics
from services.votes import Said
from tests.api.client import Api
from tests.api.publics import serving

FEW, MANY = 3, 30
DECIDES = 3 * MANY
"""A weight that reaches quorum and majority among MANY of weight 1."""
OPEN_LONG = RulesChoice(early_close=EarlyClose.NEVER)
MEMBER = "{ id handle weight active twin { id } }"
PROPOSAL = f"""{{
  id title status seq contentHash rules {{ quorumPercent earlyClose }} author {MEMBER}
  topics {{ id title }} scope {{ id title }}
  quorum {{ seq participatingWeight eligibleWeight byDelegates }} results {{ option score rank }}
  viewerCan {{ vote start edit cancel sponsor reasons {{ code field }} }}
  myVote {{ id choice castBy acknowledgement via {MEMBER} }} myVotingPower myDelegationCarried myChain {MEMBER}
  sponsors {MEMBER} history {{ status at by {MEMBER} reason }} cancelledReason evidence
  resolution {{ id passed reason receipt tally {{ seq forWeight }} results {{ option rank }} }}
  action {{ ... on EnactPolicy {{ replaces {{ id title }} }} ... on SetWeight {{ member {MEMBER} }} }}
}}"""
QUERIES = {
    "proposals": f"query($n: Int!) {{ proposals(first: $n) {{ totalCount nodes {PROPOSAL} }} }}",
    "members": f"""query($n: Int!) {{ members(first: $n) {{ nodes {{ id handle weight delegatedWeight
      delegations {{ id from {MEMBER} to {MEMBER} scope {{ id title }} }} }} }} }}""",
    "policies": """query($n: Int!) { policies(first: $n) { nodes { id title version inForceFrom
      topics { id title } replaces { id title } enactedBy { id title } } } }""",
    "auditLog": f"""query($n: Int!) {{ auditLog(first: $n) {{ nodes {{ id act at by {MEMBER} reason
      subject {{ id ... on Member {{ handle }} ... on Proposal {{ number }} }} }} }} }}""",
    "delegations": f"""query($n: Int!) {{ delegations(first: $n) {{
      nodes {{ id acceptsTwin from {MEMBER} to {MEMBER} scope {{ id title }} }} }} }}""",
}


@pytest.fixture(scope="module")
def house(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A DAO with more than MANY of everything."""
    own = settings.model_copy(update={"data_dir": tmp_path_factory.mktemp("counts")})
    Path(own.data_dir).mkdir(exist_ok=True)
    with serving(own) as api:
        api.data("{ viewer { id } }", token=api.token("ada", admin=True))
        asyncio.run(furnish(own.database))
        yield api


async def furnish(url: str) -> None:
    async with hall(url) as voting:
        ada = await voting.members.login(Claims("ada", "ada", Role.ADMIN, expires_at=None))  # type: ignore[arg-type]  # of no token
        others = await voting.seat([1] * MANY)
        topics, given = Topics(voting.transact), Delegations(voting.transact)
        for number, giver in enumerate(others[1:]):
            await given.give(giver, Mandate(others[number].member_id))
        scopes = [
            int((await topics.create(ada, f"Scope {number}", "New.", delegable=True))["topic"] or 0)
            for number in range(MANY)
        ]
        for number, (author, scope) in enumerate(zip(others, scopes, strict=True)):
            await given.give(ada, Mandate(author.member_id, scope))
            await voting.members.weigh(ada, author.member_id, Weighing(DECIDES), "To decide alone.")
            await tabled(voting, ada, author, scope, number)
            await voting.members.weigh(ada, author.member_id, Weighing(1), "As all others.")


async def tabled(voting: Hall, ada: Viewer, author: Viewer, scope: int, number: int) -> None:
    """One proposal that enacts a policy and passes, one that runs with options, one that is only open."""
    enacts = Edit(
        f"Enact {number}", "So.", [f"Topic {number}"], scope_id=scope, action=EnactPolicy(f"P{number}", "So.")
    )
    chooses = Edit(
        f"Choose {number}",
        "What?",
        system=VotingSystem.APPROVAL,
        options=("One", "Two"),
        scope_id=scope,
        choice=OPEN_LONG,
    )
    for edit in (enacts, chooses):
        made = int((await voting.proposals.create(author, edit))["proposal"] or 0)
        await voting.proposals.open(author, made)
        await voting.proposals.sponsor(ada, made)
        await voting.proposals.start(author, made)
        said = Said(Choice.FOR) if edit is enacts else Said(options=OptionBallot(approved=(1,)))
        await voting.votes.cast(author, made, said)
        if edit is chooses and number % 2:
            await voting.votes.cast(ada, made, said)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What all engines of this process run meanwhile."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("name", QUERIES)
def test_a_page_of_many_costs_no_more_statements_than_a_page_of_few(house: Api, name: str) -> None:
    token = house.token("ada", admin=True)
    counts = []
    for size in (FEW, MANY):
        house.data("{ viewer { id } }", token=token)  # it logs in, which is not counted
        with statements() as found:
            answer = house.data(QUERIES[name], token=token, n=size)
        assert len(answer[name]["nodes"]) == size
        counts.append(found)
    few, many = map(sorted, counts)
    assert [shape(each) for each in many] == [shape(each) for each in few]


def shape(statement: str) -> str:
    """Without the number of parameters in a list."""
    return statement.split("IN (")[0]
