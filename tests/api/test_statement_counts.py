"""A page of many costs as many SQL statements as a page of few."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce
from operator import getitem
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from app.settings import Settings
from domain.actions import EnactPolicy
from domain.chats import Citation, Sender, SourceKind
from domain.documents import Upload, Visibility
from domain.drafts import Edit
from domain.entities import Mention
from domain.members import Claims, Role, Viewer
from domain.option_ballots import OptionBallot
from domain.rules import EarlyClose, RulesChoice, VotingSystem
from domain.tally import Choice
from domain.transactions import Work
from evals.hall import Hall, hall
from services.delegations import Delegations, Mandate
from services.members import Weighing
from services.topics import Topics
from services.votes import Said
from tests.api.client import Api
from tests.api.publics import serving

FEW, MANY = 3, 30
WAYS = 2
"""To one noun, of different lengths: whether their loads meet in one read is a matter of when the database answers."""
DECIDES = 3 * MANY
"""A weight that reaches quorum and majority among MANY of weight 1."""
OPEN_LONG = RulesChoice(early_close=EarlyClose.NEVER)
MEMBER = "{ id handle weight active twin { id } }"
VOTE = f"""{{
  id choice weight reason castBy castAt acknowledgement ballot {{ approved }}
  member {MEMBER} via {MEMBER} proposal {{ id title }}
}}"""
PROPOSAL = f"""{{
  id title status seq contentHash rules {{ quorumPercent earlyClose }} author {MEMBER}
  topics {{ id title }} scope {{ id title }}
  quorum {{ seq participatingWeight eligibleWeight byDelegates }} results {{ option score rank }}
  viewerCan {{ vote start edit cancel sponsor reasons {{ code field }} }}
  myVote {{ id choice castBy acknowledgement via {MEMBER} }} myVotingPower myDelegationCarried myChain {MEMBER}
  sponsors {MEMBER} history {{ status at by {MEMBER} reason }} cancelledReason evidence
  resolution {{ id passed reason receipt tally {{ seq forWeight }} results {{ option rank }} }}
  votes(first: 2) {{ totalCount pageInfo {{ endCursor }} edges {{ cursor node {VOTE} }} }}
  action {{ ... on EnactPolicy {{ replaces {{ id title }} }} ... on SetWeight {{ member {MEMBER} }} }}
}}"""
DOCUMENT = "{ id filename topics { id title } duplicateOf { id filename } entities { text type } error { code } }"
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
    "resolutions": f"query($n: Int!) {{ resolutions(first: $n) {{ nodes {{ id receipt proposal {PROPOSAL} }} }} }}",
    "votes": f"query($n: Int!) {{ votes(first: $n) {{ totalCount nodes {VOTE} }} }}",
    "documents": f"query($n: Int!) {{ documents(first: $n) {{ nodes {DOCUMENT} }} }}",
    "policyTopics": f"""query($n: Int!) {{ policyTopics(last: $n) {{ nodes {{ id title policies {{ id title }}
      documents(first: 2) {{ totalCount nodes {DOCUMENT} }} }} }} }}""",
    "viewer.twin.sessions": """query($n: Int!) { viewer { twin { sessions(first: $n) { nodes { id twin { id }
      messages(last: 2) { totalCount nodes { id session { id title } citations { quote source {
        ... on ChatMessage { id content } } } } } } } } } }""",
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
        ada = await voting.members.login(Claims("local|ada", "ada", Role.ADMIN, expires_at=None))  # type: ignore[arg-type]  # of no token
        others = await voting.seat([1] * MANY)
        topics, given = Topics(voting.transact), Delegations(voting.transact)
        for number, giver in enumerate(others[1:]):
            await given.give(giver, Mandate(others[number].member_id))
        scopes = [
            int((await topics.create(ada, f"Scope {number}", "New.", delegable=True))["topic"] or 0)
            for number in range(MANY)
        ]
        await voting.transact(lambda work: given_and_said(work, ada))
        for number, (author, scope) in enumerate(zip(others, scopes, strict=True)):
            await given.give(ada, Mandate(author.member_id, scope))
            await voting.members.weigh(ada, author.member_id, Weighing(DECIDES), "To decide alone.")
            await tabled(voting, ada, author, scope, number)
            await voting.members.weigh(ada, author.member_id, Weighing(1), "As all others.")


def given_and_said(work: Work, ada: Viewer) -> None:
    """Documents with a topic and an entity each, every second one a duplicate, and conversations that cite."""
    original: int | None = None
    for number in range(MANY):
        upload = Upload(f"{number}.md", "text/markdown", 9, f"{number:064}", Visibility.DAO)
        document = work.documents.add(ada.member_id, upload, duplicate_of=original, at=work.now())
        original = None if original else document.id
        topics = work.topics.ensure([f"Topic {number}"])
        work.documents.save(replace(document, topic_ids=topics))
        work.documents.save_mentions(document.id, [Mention("Elm", "GPE", 0, 3, "test")])
        session = work.chats.start(ada.member_id, f"Talk {number}", at=work.now())
        said = work.chats.add(session.id, Sender.MEMBER, "Why?", complete=True, at=work.now())
        reply = work.chats.add(session.id, Sender.TWIN, "", complete=False, at=work.now())
        cited = Citation(SourceKind.MESSAGE, str(said.id), "Why?", 0.5)
        work.chats.save(replace(reply, content="So.", complete=True, citations=(cited,)), events="[]")


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
        assert len(reduce(getitem, name.split("."), answer)["nodes"]) == size
        counts.append(found)
    few, many = (Counter(map(shape, found)) for found in counts)
    assert {each: times for each, times in many.items() if times > few[each] + WAYS} == {}


def shape(statement: str) -> str:
    """Without the number of parameters in a list."""
    return statement.split("IN (")[0]
