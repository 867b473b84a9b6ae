"""A page of many costs as many reads, of the database and of the graph, as a page of few."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from functools import reduce
from operator import getitem
from pathlib import Path

import pytest
import redis
from graphql import (
    FieldNode,
    GraphQLField,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_object_type,
    parse,
    visit,
)
from strawberry.types.field import StrawberryField

from app.graphql.schema import SCHEMA
from app.settings import Settings
from tests.api.client import Api
from tests.api.furnished import MANY, clear, furnish
from tests.api.publics import serving
from tests.statements import statements

FEW = 3
WAYS = 2
"""To one noun, of different lengths: whether their loads meet in one read is a matter of when the database answers."""
MEMBER = "{ id handle weight active attributes twin { id member { id handle } } }"
PAGE = "totalCount pageInfo { endCursor } edges { cursor node { id } }"
VOTE = f"""{{
  id choice weight reason castBy castAt acknowledgement canonicalBallot ballot {{ approved }}
  member {MEMBER} via {MEMBER} proposal {{ id title }}
}}"""
PROPOSAL = f"""{{
  id title status seq contentHash rules {{ quorumPercent earlyClose }} author {MEMBER}
  topics {{ id title }} scope {{ id title }}
  quorum {{ seq participatingWeight eligibleWeight byDelegates }} results {{ option score rank }}
  viewerCan {{ vote start edit cancel sponsor reasons {{ code field }} }}
  myVote {{ id choice castBy acknowledgement via {MEMBER} }} myVotingPower myDelegationCarried myChain {MEMBER}
  sponsors {MEMBER} history {{ status at by {MEMBER} reason }} cancelledReason evidence
  resolution {{ id passed reason receipt previousReceipt receiptUrl
    tally {{ seq forWeight }} results {{ option rank }} }}
  votes(first: 2) {{ totalCount pageInfo {{ endCursor }} edges {{ cursor node {VOTE} }} }}
  action {{ ... on EnactPolicy {{ replaces {{ id title }} }} ... on SetWeight {{ member {MEMBER} }}
    ... on RepealPolicy {{ policy {{ id title }} }} ... on AdmitMember {{ admitted: member {MEMBER} }}
    ... on SetRules {{ changed rules {{ quorumPercent }} }} }}
}}"""
DOCUMENT = "{ id filename topics { id title } duplicateOf { id filename } entities { text type } error { code } }"
FACT = "{ id relation text subject { key } object { key } }"
QUERIES = {
    "proposals": f"query($n: Int!) {{ proposals(first: $n) {{ {PAGE} nodes {PROPOSAL} }} }}",
    "members": f"""query($n: Int!) {{ members(first: $n) {{ {PAGE} nodes {{ id handle weight delegatedWeight
      delegations {{ id from {MEMBER} to {MEMBER} scope {{ id title }} }} }} }} }}""",
    "policies": f"""query($n: Int!) {{ policies(first: $n) {{ {PAGE} nodes {{ id title version inForceFrom
      topics {{ id title }} replaces {{ id title }} enactedBy {{ id title }} }} }} }}""",
    "auditLog": f"""query($n: Int!) {{ auditLog(first: $n) {{ {PAGE} nodes {{ id act at by {MEMBER} reason
      subject {{ id ... on Member {{ handle }} ... on Proposal {{ number }} }} }} }} }}""",
    "delegations": f"""query($n: Int!) {{ delegations(first: $n) {{ {PAGE}
      nodes {{ id acceptsTwin from {MEMBER} to {MEMBER} scope {{ id title }} }} }} }}""",
    "resolutions": f"""query($n: Int!) {{ resolutions(first: $n) {{ {PAGE}
      nodes {{ id receipt proposal {PROPOSAL} }} }} }}""",
    "votes": f"query($n: Int!) {{ votes(first: $n) {{ {PAGE} nodes {VOTE} }} }}",
    "documents": f"query($n: Int!) {{ documents(first: $n) {{ {PAGE} nodes {DOCUMENT} }} }}",
    "policyTopics": f"""query($n: Int!) {{ policyTopics(last: $n) {{ {PAGE} nodes {{ id title policies {{ id title }}
      documents(first: 2) {{ {PAGE} nodes {DOCUMENT} }} facts(first: 2) {{ {PAGE} nodes {FACT} }} }} }} }}""",
    "deadLetters": f"query($n: Int!) {{ deadLetters(first: $n) {{ {PAGE} nodes {{ id task payload }} }} }}",
    "viewer.twin.memories": f"""query($n: Int!) {{ viewer {{ twin {{
      memories(first: $n) {{ {PAGE} nodes {{ id text }} }} }} }} }}""",
    "viewer.twin.sessions": f"""query($n: Int!) {{ viewer {{ twin {{ sessions(first: $n) {{ {PAGE} nodes {{
      id twin {{ id }} messages(last: 2) {{ {PAGE} nodes {{ id session {{ id title }} citations {{ quote source {{
        ... on ChatMessage {{ id content }} ... on Memory {{ id }} ... on Fact {{ id }} }} }} }} }} }} }} }} }} }}""",
}
NOT_IN_LISTS = {
    "ChatDone.message": "an event of a stream, which is sent once",
    "Dao.verifyKey": "there is one DAO",
}
"""Fields with a resolver that no list below the root repeats, and why."""


@pytest.fixture(scope="module")
def house(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    own = settings.model_copy(update={"data_dir": tmp_path_factory.mktemp("counts")})
    Path(own.data_dir).mkdir(exist_ok=True)
    with serving(own) as api:
        api.data("{ viewer { id } }", token=api.token("ada", admin=True))
        asyncio.run(furnish(own))
        yield api
    asyncio.run(clear(own))


def graph_reads(url: str) -> int:
    """How many commands for graphs the server has run."""
    with redis.Redis.from_url(url) as client:
        stats: dict[str, dict[str, int]] = client.info("commandstats")
    return sum(each["calls"] for name, each in stats.items() if name.startswith("cmdstat_graph."))


@pytest.mark.parametrize("name", QUERIES)
def test_a_page_of_many_costs_no_more_reads_than_a_page_of_few(house: Api, settings: Settings, name: str) -> None:
    token = house.token("ada", admin=True)
    counts, graph = [], []
    for size in (FEW, MANY):
        house.data("{ viewer { id } }", token=token)  # it logs in, which is not counted
        before = graph_reads(settings.redis_url)
        with statements() as found:
            answer = house.data(QUERIES[name], token=token, n=size)
        assert len(reduce(getitem, name.split("."), answer)["nodes"]) == size
        counts.append(found)
        graph.append(graph_reads(settings.redis_url) - before)
    few, many = (Counter(map(shape, found)) for found in counts)
    assert {each: times for each, times in many.items() if times > few[each] + WAYS} == {}
    assert graph[1] <= graph[0] + WAYS


def shape(statement: str) -> str:
    """Without the number of parameters in a list."""
    return statement.split("IN (")[0]


def test_every_field_that_may_cost_a_read_is_counted() -> None:
    counted = set().union(*map(asked, QUERIES.values()))
    assert set(costly()) - counted == set(NOT_IN_LISTS)


def costly() -> Iterator[str]:
    """Fields with a resolver, and connections at the root."""
    for kind, found in SCHEMA._schema.type_map.items():
        for name, field in found.fields.items() if is_object_type(found) else ():
            page = get_named_type(field.type).name.endswith("Connection")
            if page if kind in ("Query", "Mutation", "Subscription") else resolved(field):
                yield f"{kind}.{name}"


def resolved(field: GraphQLField) -> bool:
    defined = field.extensions.get("strawberry-definition")
    return isinstance(defined, StrawberryField) and not defined.is_basic_field


def asked(text: str) -> set[str]:
    """The fields of a document, each with its type."""
    found, types = set(), TypeInfo(SCHEMA._schema)

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent = types.get_parent_type()
            assert parent is not None
            found.add(f"{parent.name}.{node.name.value}")

    visit(parse(text), TypeInfoVisitor(types, Fields()))
    return found
