"""Services and model side by side: how acts are done on both, and what is compared."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any, cast
from uuid import uuid4

from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import select
from sqlmodel import col

from adapters.sql.pages import rows_of
from adapters.sql.policies import PolicyRow
from adapters.sql.proposals import ProposalRow
from adapters.sql.resolutions import ResolutionRow
from adapters.sql.tables import METADATA
from adapters.sql.writer import SqliteWriter
from domain.actions import Action, AdmitMember, EnactPolicy, RepealPolicy, SetRules, SetWeight
from domain.casting import recount
from domain.errors import Refused
from domain.members import ACTIVE_DAYS, Role, Viewer
from domain.proposals import Proposal
from domain.rules import EarlyClose, Rules, RulesChoice, VotingSystem
from domain.tally import Tally
from domain.transactions import Work
from domain.votes import tally_of
from evals.hall import Hall, hall
from services.delegations import Delegations
from services.topics import Topics
from tests.contracts.sql import governance_model as model
from tests.contracts.sql.conftest import Databases
from tests.contracts.sql.governance_model import ABSTAIN, AGAINST, FOR, Refusal
from tests.contracts.sql.times import Clock

WEIGHTS = (1, 2, 3, 5, 1, 4, 2)
OUTSIDER = len(WEIGHTS) - 1
"""Who is not admitted at first."""
FIELDS = {
    "quorum": "quorum_percent",
    "majority": "majority_percent",
    "approval": "minimum_approval_percent",
    "override": "override_minutes",
    "minimum_voting": "minimum_voting_minutes",
    "cap": "delegation_cap_percent",
    "early_close": "early_close",
    "strict": "strict",
    "weighted": "weighted",
}
"""The model's rules, as the product calls them."""

type Act = tuple[Callable[[], None], Callable[[], Awaitable[Any]]]
"""In the model, and for real."""
type Record = tuple[list[Proposal], list[ResolutionRow], list[PolicyRow], Rules, dict[int, Tally]]


class Governing(RuleBasedStateMachine):
    """Members are numbered from 0; proposals and delegations have their rows' ids."""

    databases: Databases
    hall: Hall
    viewers: list[Viewer]
    admin: Viewer
    delegations: Delegations
    scope: int

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.clock = Clock()
        self.dao = model.Dao()

    def run[T](self, act: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await act

        return self.runner.run(awaited())

    async def open_house(self, rules: model.Rules) -> None:
        url = await type(self).databases(uuid4().hex[:8])
        self.hall = await self.stack.enter_async_context(hall(url, clock=self.clock))
        await self.hall.found(choice_of(vars(rules)).over(Rules(voting_minutes=60)))
        self.viewers = await self.hall.seat(WEIGHTS)
        self.admin = Viewer(self.viewers[0].member_id, Role.ADMIN)
        for number in range(len(WEIGHTS)):
            await self.see(number, active=True)
        await self.hall.members.deactivate(self.admin, self.viewers[OUTSIDER].member_id, "Not yet.")
        self.delegations = Delegations(self.hall.transact)
        made = await Topics(self.hall.transact).create(self.admin, "Rent", "To delegate in.", delegable=True)
        self.scope = int(made["topic"] or 0)
        self.dao.rules = rules
        self.dao.people = {number: model.Person(weight) for number, weight in enumerate(WEIGHTS)}
        self.dao.people[OUTSIDER].admitted = False

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()

    def both(self, modelled: Callable[[], None], real: Callable[[], Awaitable[Any]]) -> dict[str, Any] | None:
        """Done on both sides: what was answered. Or refused on both, with the same code; then nothing has changed."""
        code = refusal_of(modelled)
        if code is None:
            return cast("dict[str, Any]", self.run(real()))
        before = self.run(self.everything())
        check_refused(self.run(refused(real)), code)
        assert self.run(self.everything()) == before
        return None

    def in_line(self, acts: Sequence[Act]) -> None:
        """One after the other in the model; on SQLite all at once, so that they share a commit, in the same order."""
        codes = [refusal_of(modelled) for modelled, _ in acts]

        async def at_once() -> list[Refused | None]:
            return await asyncio.gather(*(refused(real) for _, real in acts))

        if not isinstance(self.hall.writer, SqliteWriter):
            answers = [self.run(refused(real)) for _, real in acts]
        else:
            answers = self.run(at_once())
        for code, told in zip(codes, answers, strict=True):
            check_refused(told, code)

    async def everything(self) -> list[list[str]]:
        """Every row of every table."""
        tables = [f'SELECT * FROM "{name}"' for name in METADATA.tables]  # noqa: S608  # our own names
        return await self.hall.reader(
            lambda session: [sorted(map(repr, session.connection().exec_driver_sql(table))) for table in tables]
        )

    async def see(self, number: int, *, active: bool) -> None:
        """As if its member had acted a month from now, or had not for longer than counts as active."""
        at = self.clock.at + timedelta(days=30 if active else -ACTIVE_DAYS - 30)

        def command(work: Work) -> None:
            work.members.save(replace(work.members.by_id(self.viewers[number].member_id), last_seen=at))

        await self.hall.transact(command)

    def poll(self, chance: Random) -> tuple[int, model.Poll]:
        """Mostly one in VOTING."""
        voting = [key for key, poll in self.dao.polls.items() if poll.status == "VOTING"]
        proposal_id = chance.choice(voting if voting and chance.random() < 0.85 else list(self.dao.polls))
        return proposal_id, self.dao.polls[proposal_id]

    def possible(self, action: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """What may be proposed now; it may no longer apply when it runs."""
        in_force = sorted(title for title, valid in self.dao.policies.items() if valid)
        match action:
            case ("weigh", member, _) if not self.dao.people[int(member)].admitted:
                return None
            case ("admit", member, _) if self.dao.people[int(member)].admitted:
                return None
            case ("enact",):
                return "enact", f"Policy {uuid4()}"
            case ("amend",):
                return ("amend", in_force[0], f"Policy {uuid4()}") if in_force else None
            case ("repeal",):
                return ("repeal", in_force[0]) if in_force else None
        return action

    def real(self, action: tuple[str, ...] | None) -> Action | None:
        match action:
            case ("rules", name, value):
                return SetRules(choice_of({name: model.rule(name, value)}))
            case ("weigh", member, weight):
                return SetWeight(self.viewers[int(member)].member_id, int(weight))
            case ("admit", member, weight):
                return AdmitMember(self.viewers[int(member)].member_id, int(weight))
            case ("enact", title):
                return EnactPolicy(title, "So it is.")
            case ("amend", old, title):
                return EnactPolicy(title, "So it is now.", self.policy(old))
            case ("repeal", old):
                return RepealPolicy(self.policy(old))
        return None

    def policy(self, title: str) -> int:
        [row] = self.run(rows_of(self.hall.reader, select(PolicyRow).where(col(PolicyRow.title) == title)))
        return row.id

    def chosen(self, proposal_id: int) -> str:
        """Which option wins is the subject of other tests."""
        of_it = select(ResolutionRow).where(col(ResolutionRow.proposal_id) == proposal_id)
        [row] = self.run(rows_of(self.hall.reader, of_it))
        assert (row.reason, row.chosen_option is not None) in (("OPTION_CHOSEN", True), ("TIE", False))
        return row.reason

    async def record(self) -> Record:
        """Proposals, resolutions, policies, the DAO's rules, and each proposal counted again from its rows."""
        proposals = await rows_of(self.hall.reader, select(ProposalRow).where(col(ProposalRow.id).in_(self.dao.polls)))
        read = [row.to_domain() for row in proposals]

        def command(work: Work) -> tuple[Rules, dict[int, Tally]]:
            return work.daos.current().rules, {each.id: recounted(work, each) for each in read}

        resolutions = await rows_of(self.hall.reader, select(ResolutionRow))
        policies = await rows_of(self.hall.reader, select(PolicyRow))
        return read, resolutions, policies, *await self.hall.transact(command)


def choice_of(rules: dict[str, Any]) -> RulesChoice:
    """The model's rules as the product's."""
    given: dict[str, Any] = {
        FIELDS[name]: EarlyClose(value) if name == "early_close" else value for name, value in rules.items()
    }
    return RulesChoice(**given)


def check_refused(told: Refused | None, code: str | None) -> None:
    assert (told and told.code) == code
    assert told is None or told.message


def refusal_of(modelled: Callable[[], None]) -> str | None:
    try:
        modelled()
    except Refusal as refusal:
        return str(refusal)
    return None


async def refused(act: Callable[[], Awaitable[Any]]) -> Refused | None:
    try:
        await act()
    except Refused as refusal:
        return refusal
    return None


def recounted(work: Work, proposal: Proposal) -> Tally:
    """By the product's own recount, from the rows of the electorate."""
    nodes = work.ballots.nodes(proposal)
    return tally_of(recount(nodes)[1], sum(node.weight for node in nodes)) if nodes else Tally()


def tally(poll: model.Poll) -> Tally:
    """The model's, in the product's columns."""
    stands, own, old = poll.tally(), poll.tally(own=True), poll.tally(young=False)
    common = Tally(poll.eligible, voters=len({*poll.own, *poll.twin}), by_twins=poll.by_twins())
    if poll.system != VotingSystem.BASIC:
        return replace(common, on_options=sum(stands.values()), own_on_options=sum(own.values()))
    return replace(
        common,
        in_favour=stands[FOR],
        against=stands[AGAINST],
        abstain=stands[ABSTAIN],
        own_in_favour=own[FOR],
        own_against=own[AGAINST],
        own_abstain=own[ABSTAIN],
        young_in_favour=stands[FOR] - old[FOR],
        young_against=stands[AGAINST] - old[AGAINST],
        young_abstain=stands[ABSTAIN] - old[ABSTAIN],
    )
