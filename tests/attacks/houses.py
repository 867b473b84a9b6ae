"""A DAO on the real application with a clock that the scenario sets, and members who speak to it over HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import uvicorn
from sqlalchemy.orm import Session

from adapters.auth.local import LocalTokens
from app.api import create_app
from app.container import DAO_NAME, Container
from app.demo.client import Client
from app.settings import Settings
from domain.members import Admission, Role, Viewer
from domain.rules import Rules
from domain.tally import CastBy, Choice
from schema.ids import row_id
from services.votes import Said

type Json = dict[str, Any]

INPUTS = {"openProposal": "ProposalId", "startVoting": "ProposalId"}
MEMBERS = ("admitMember", "setMemberWeight", "deactivateMember")
DELEGATIONS = ("delegate", "revokeDelegation", "declineDelegation")
VOTE = """vote { id choice castBy weight reason acknowledgement canonicalBallot via { handle } }
  proposal { status seq }"""
DELEGATED = "delegation { id to { handle } scope { title } declinedAt revokedAt } stillBound { id }"
PROPOSED = "proposal { id status contentHash rules { quorumPercent majorityPercent } }"
TALLY = """query ($id: ID!) { proposal(id: $id) { status resolution { passed reason }
  quorum { eligibleWeight forWeight againstWeight abstainWeight byMembers byTwins byDelegates voters } } }"""
AUDIT = "{ auditLog(first: 100) { nodes { act reason by { handle } subject { __typename id } } } }"
LONGEST_SECONDS = 20


class SetClock:
    """The database's time, as the scenario sets it: long ago, so that the machine's clock never comes before it."""

    def __init__(self) -> None:
        self.now = datetime(2024, 3, 1, 12, tzinfo=UTC)

    def __call__(self, _: Session) -> datetime:
        return self.now


@dataclass(frozen=True)
class Hand:
    """One member over HTTP and WebSocket."""

    client: Client
    handle: str
    id: str

    @property
    def viewer(self) -> Viewer:
        """As the services know it."""
        return Viewer(row_id("Member", self.id, "id"), Role.MEMBER)

    async def ask(self, query: str, **variables: object) -> Json:
        return await self.client.ask(query, **variables)

    async def send(self, name: str, **given: object) -> Json:
        """A mutation's payload."""
        kind = INPUTS.get(name, name[0].upper() + name[1:])
        query = f"mutation ($in: {kind}Input!) {{ {name}(input: $in) {{ {answer_of(name)} userErrors {{ code }} }} }}"
        payload: Json = (await self.client.ask(query, **{"in": given}))[name]
        return payload

    async def do(self, name: str, **given: object) -> Json:
        payload = await self.send(name, **given)
        assert payload["userErrors"] == [], payload
        return payload

    async def refused(self, name: str, **given: object) -> str:
        """The one code with which a mutation is refused."""
        [error] = (await self.send(name, **given))["userErrors"]
        return str(error["code"])

    async def cast(self, proposal: str, choice: str = "FOR", **given: object) -> Json:
        return await self.do("castVote", proposalId=proposal, choice=choice, **given)

    async def refused_vote(self, proposal: str, choice: str = "FOR") -> str:
        return await self.refused("castVote", proposalId=proposal, choice=choice)

    async def delegates(self, to: "Hand | None", **given: object) -> str:
        """Its delegation's id."""
        made = await self.do("delegate", to=to and to.id, **given)
        return str(made["delegation"]["id"])

    async def drafts(self, title: str = "Printers", **given: object) -> str:
        """A draft's id."""
        made = await self.do("createProposal", **{"title": title, "body": f"About {title}.", **given})
        return str(made["proposal"]["id"])

    async def opens(self, title: str = "Printers", **given: object) -> str:
        proposal = await self.drafts(title, **given)
        await self.do("openProposal", proposalId=proposal)
        return proposal

    async def tables(self, title: str = "Printers", **given: object) -> str:
        """A proposal in VOTING."""
        proposal = await self.opens(title, **given)
        await self.do("startVoting", proposalId=proposal)
        return proposal

    async def codes(self, query: str, **variables: object) -> list[str]:
        """Of the errors that a query answers."""
        answered = await self.client._http.post("/graphql", json={"query": query, "variables": variables})
        return [error["extensions"]["code"] for error in answered.json().get("errors", [])]

    async def first_event(self, query: str, **variables: object) -> Json:
        """The present state, from a subscription."""
        async with asyncio.timeout(LONGEST_SECONDS), aclosing(self.client.subscribe(query, **variables)) as events:
            return await anext(events)


def answer_of(name: str) -> str:
    if name == "castVote":
        return VOTE
    if name in DELEGATIONS:
        return DELEGATED
    if name in MEMBERS:
        return "member { id weight admitted }"
    return "topic { id }" if name == "createTopic" else PROPOSED


@dataclass
class House:
    """The DAO; `boss` is an ADMIN without weight. `container` stands in for the worker and for twins."""

    url: str
    container: Container
    clock: SetClock
    lifetime: AsyncExitStack
    hands: dict[str, Hand] = field(default_factory=dict)

    @cached_property
    def tokens(self) -> LocalTokens:
        return LocalTokens(self.container.settings.token_key)

    async def enters(self, handle: str, *, role: Role = Role.MEMBER) -> Hand:
        """A login."""
        token = self.tokens.issue(handle, role=role, lifetime=timedelta(hours=1))
        client = await self.lifetime.enter_async_context(Client(self.url, token))
        hand = Hand(client, handle, (await client.ask("{ viewer { id } }"))["viewer"]["id"])
        self.hands[handle] = hand
        return hand

    @property
    def boss(self) -> Hand:
        return self.hands["boss"]

    async def seat(self, *weights: int) -> list[Hand]:
        """Members m0, m1 and so on with these weights."""
        first = sum(handle.startswith("m") for handle in self.hands)
        seated = [await self.enters(f"m{first + number}") for number in range(len(weights))]
        for hand, weight in zip(seated, weights, strict=True):
            if weight != 1:
                await self.weigh(hand, weight)
        return seated

    async def weigh(self, hand: Hand, weight: int) -> None:
        await self.boss.do("setMemberWeight", memberId=hand.id, weight=weight, reason="Shares.")

    async def scope(self, title: str = "Money") -> str:
        """A delegable topic's id."""
        made = await self.boss.do("createTopic", title=title, delegable=True, reason="A scope.")
        return str(made["topic"]["id"])

    async def twin_casts(self, hand: Hand, proposal: str, choice: Choice = Choice.FOR) -> None:
        """Raises Refused. Through the service: twins do not vote by themselves yet."""
        key = row_id("Proposal", proposal, "id")
        await self.container.services.votes.cast(hand.viewer, key, Said(choice), by=CastBy.TWIN)

    async def after(self, **span: float) -> None:
        """Let time pass, and the worker do what has become due."""
        self.clock.now += timedelta(**span)
        await self.works()

    async def works(self) -> None:
        """What the worker's jobs do, each of them harmless when it is not due."""
        services = self.container.services
        found = await self.boss.ask("{ proposals(first: 100) { nodes { id } } }")
        for node in found["proposals"]["nodes"]:
            key = row_id("Proposal", node["id"], "id")
            await services.proposals.start_itself(key)
            await services.votes.mature(key)
            await services.votes.show(key)
            await services.proposals.close(key)
        for resolution in await self.container.reads.resolutions.after(-1):
            await services.resolutions.derive(resolution.id)
        await services.receipts.seal()

    async def status(self, proposal: str) -> str:
        """Its status, or why it was decided as it was."""
        found = (await self.boss.ask(TALLY, id=proposal))["proposal"]
        resolution = found["resolution"]
        return str(f"{found['status']} {resolution['reason']}" if resolution else found["status"])

    async def counts(self, proposal: str) -> tuple[int, int, int, int]:
        """Weight for, against, abstaining and eligible."""
        quorum = await self.quorum(proposal)
        return quorum["forWeight"], quorum["againstWeight"], quorum["abstainWeight"], quorum["eligibleWeight"]

    async def quorum(self, proposal: str) -> Json:
        found: Json = (await self.boss.ask(TALLY, id=proposal))["proposal"]["quorum"]
        return found

    async def audited(self, *acts: str) -> list[tuple[str, str]]:
        """Act and reason, newest first, of these acts."""
        nodes = (await self.boss.ask(AUDIT))["auditLog"]["nodes"]
        return [(node["act"], node["reason"]) for node in nodes if node["act"] in acts]


@asynccontextmanager
async def house_of(settings: Settings, rules: Rules) -> AsyncIterator[House]:
    """The application on a free port, over a migrated database."""
    clock = SetClock()
    container = Container(settings, clock=clock)
    await container.database.transact(lambda work: work.daos.ensure(DAO_NAME, rules))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        app = create_app(settings, container=container)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        async with asyncio.timeout(LONGEST_SECONDS):
            while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
                await asyncio.sleep(0.01)
        async with AsyncExitStack() as lifetime:
            house = House(f"http://127.0.0.1:{listening.getsockname()[1]}", container, clock, lifetime)
            boss = await house.enters("boss", role=Role.ADMIN)
            if settings.admission is Admission.OPEN:
                await house.weigh(boss, 0)
            yield house
        server.should_exit = True
        await serving
