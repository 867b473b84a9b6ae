"""Members, admins and jobs act in any order; after each act the record says what the plain model says.

In CI some examples a database, always the same. Thousands, and new ones each time:
    MODEL_EXAMPLES=3000 pytest tests/contracts/sql/test_governance_model.py
"""

import os
from dataclasses import replace
from datetime import timedelta
from random import Random
from uuid import uuid4

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from adapters.sql.vote_reads import SqlVoteReads
from domain.drafts import Edit
from domain.option_ballots import KINDS, OptionBallot
from domain.rules import EarlyClose, RulesChoice, VotingSystem
from domain.tally import CastBy, Choice
from services.delegations import Mandate
from services.members import Weighing
from services.votes import Said
from tests.contracts.sql import governance_model as model
from tests.contracts.sql.conftest import Databases
from tests.contracts.sql.governance_model import ABSTAIN, AGAINST, FOR, MEMBER, TWIN, Refusal
from tests.contracts.sql.governing import FIELDS, WEIGHTS, Act, Governing, tally

ON_POLLS = {"start": 1, "cast": 6, "mature": 2, "close": 2, "look": 2}
ACTS = {"propose": 3, "give": 3, "end": 1, "weigh": 1, "come_or_go": 1, "sleep_or_wake": 1, "wait": 2, **ON_POLLS}
"""What may happen, and how often."""
CLOSES = ["ON_QUORUM", "ON_QUORUM", "WHEN_DECIDED", "NEVER"]
EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))
VALUES: dict[str, list[str]] = {
    "quorum": ["0", "30", "60", "100"],
    "majority": ["50", "66", "100"],
    "approval": ["0", "40"],
    "override": ["1", "10"],
    "minimum_voting": ["0", "5"],
    "cap": ["30", "60", "100"],
    "early_close": sorted(EarlyClose),
    "strict": ["True", "False"],
    "weighted": ["True", "False"],
}
BALLOTS = {
    "single": (OptionBallot(single=1), OptionBallot(single=2)),
    "approved": (OptionBallot(approved=()), OptionBallot(approved=(1, 2))),
    "ranking": (OptionBallot(ranking=(2, 1)), OptionBallot(ranking=())),
    "shares": (OptionBallot(shares=((1, 3), (2, 1))), OptionBallot(shares=((2, 1),))),
}
type Ballot = tuple[int, str, str]
draws = st.binary(min_size=8, max_size=8).map(Random)
"""Evenly: hypothesis' own numbers like to repeat themselves, and chains need members that differ."""


def some_action(chance: Random) -> tuple[str, ...] | None:
    name, member = chance.choice(sorted(VALUES)), str(chance.randrange(len(WEIGHTS)))
    return chance.choice(
        [
            None,
            ("rules", name, chance.choice(VALUES[name])),
            (chance.choice(["weigh", "admit"]), member, chance.choice("026")),
            (chance.choice(["enact", "amend", "repeal"]),),
        ]
    )


def some_ballots(chance: Random, count: int) -> list[Ballot]:
    """Of members that differ."""
    return [
        (who, chance.choice([FOR, FOR, FOR, FOR, AGAINST, ABSTAIN]), chance.choice([MEMBER, MEMBER, TWIN]))
        for who in chance.sample(range(len(WEIGHTS)), count)
    ]


def some_mandate(chance: Random) -> model.Given:
    return model.Given(
        giver=chance.randrange(len(WEIGHTS)),
        to=chance.choice([*range(len(WEIGHTS)), None]),
        scope=chance.choice([None, 0]),
        when_inactive=chance.random() < 0.3,
        accepts_twin=chance.random() < 0.6,
        ends=chance.choice([float("inf"), float("inf"), 7, 40]),
    )


class Governance(Governing):
    @initialize(chance=draws)
    def found(self, chance: Random) -> None:
        cap, minimum_voting = chance.choice([100, 100, 40]), chance.choice([0, 0, 5])
        rules = model.Rules(early_close=chance.choice(CLOSES), minimum_voting=minimum_voting, cap=cap)
        self.run(self.open_house(rules))
        for _ in range(5):
            self.hand_over(some_mandate(chance))

    @rule(chance=draws)
    def act(self, chance: Random) -> None:
        """One rule for all: hypothesis leaves out some rules in each example, and votes need most of them."""
        possible = {act: often for act, often in ACTS.items() if self.dao.polls or act not in ON_POLLS}
        getattr(self, chance.choices([*possible], [*possible.values()])[0])(chance)

    # Proposals.

    def propose(self, chance: Random) -> None:
        """Drafted and opened; mostly put to the vote at once, with some ballots."""
        proposal_id = self.opened(
            chance.randrange(len(WEIGHTS)),
            scoped=chance.random() < 0.5,
            system=chance.choice([VotingSystem.BASIC] * 12 + sorted(VotingSystem)),
            patient=chance.random() < 0.2,
            action=some_action(chance),
        )
        if proposal_id is not None and chance.random() < 0.8 and self.begin(proposal_id):
            for each in some_ballots(chance, chance.randrange(6)):
                self.count(proposal_id, *each)

    def opened(
        self, author: int, *, scoped: bool, system: VotingSystem, patient: bool, action: tuple[str, ...] | None
    ) -> int | None:
        basic = system is VotingSystem.BASIC
        action = self.possible(action) if basic else None
        edit = Edit(
            title=f"Proposal {uuid4()}",
            body="Whether.",
            system=system,
            options=None if basic else ("One", "Two"),
            scope_id=self.scope if scoped else None,
            choice=RulesChoice(early_close=EarlyClose.NEVER) if patient else None,
            action=self.real(action),
        )
        if not basic and self.dao.rules.early_close == "WHEN_DECIDED":
            edit = replace(edit, choice=RulesChoice(early_close=EarlyClose.NEVER))
        rules = replace(self.dao.rules, early_close="NEVER") if patient or not basic else self.dao.rules
        viewer = self.viewers[author]
        made = int(self.run(self.hall.proposals.create(viewer, edit))["proposal"] or 0)
        if not self.both(lambda: self.dao.check_open(author), lambda: self.hall.proposals.open(viewer, made)):
            return None
        self.dao.polls[made] = model.Poll(author, rules, 0 if scoped else None, system.value, action=action)
        return made

    def start(self, chance: Random) -> None:
        opened = [key for key, poll in self.dao.polls.items() if poll.status == "OPEN"]
        self.begin(chance.choice(opened) if opened and chance.random() < 0.8 else self.poll(chance)[0])

    def begin(self, proposal_id: int) -> bool:
        poll = self.dao.polls[proposal_id]
        if poll.rules.cap < 100 and self.dao.cyclic(poll):
            return False  # which delegation of a cycle gives way to the cap is no sentence of the contract

        def begun() -> None:
            if poll.status != "OPEN":
                raise Refusal("CONFLICT")
            self.dao.start(poll)

        return bool(self.both(begun, lambda: self.hall.proposals.start(self.viewers[poll.author], proposal_id)))

    # Ballots.

    def cast(self, chance: Random) -> None:
        """One by one, or several at once, on several proposals."""
        proposal_id, _ = self.poll(chance)
        ballots = some_ballots(chance, chance.randint(1, 4))
        if chance.random() < 0.5:
            for each in ballots:
                self.count(proposal_id, *each)
            return
        others = [self.poll(chance)[0], proposal_id, proposal_id]
        self.in_line([self.counting(chance.choice(others), *each) for each in ballots * 2])

    def count(self, proposal_id: int, caster: int, choice: str, hand: str) -> None:
        self.both(*self.counting(proposal_id, caster, choice, hand))

    def counting(self, proposal_id: int, caster: int, choice: str, hand: str) -> Act:
        """In the model, and for real."""
        poll = self.dao.polls[proposal_id]
        basic = poll.system == VotingSystem.BASIC
        said = Said(Choice(choice)) if basic else Said(options=BALLOTS[KINDS[VotingSystem(poll.system)]][choice == FOR])

        def counted() -> None:
            poll.cast(caster, choice if basic else FOR, hand, self.dao.now)
            self.dao.settle(poll)

        return counted, lambda: self.hall.votes.cast(self.viewers[caster], proposal_id, said, by=CastBy(hand))

    def mature(self, chance: Random) -> None:
        """The deferred job, at any time and more than once."""
        proposal_id, poll = self.poll(chance)
        if poll.status == "VOTING" and self.dao.now < poll.start + poll.minutes:
            poll.mature(self.dao.now)
            self.dao.settle(poll)
        self.run(self.hall.votes.mature(proposal_id))

    def close(self, chance: Random) -> None:
        """The deferred job, the sweep: harmless before the end, and twice."""
        proposal_id, poll = self.poll(chance)
        if chance.random() < 0.5 and poll.status == "VOTING":
            self.pass_time(max(poll.start + poll.minutes - self.dao.now, 0))
        due = poll.status == "VOTING" and self.dao.now >= poll.start + poll.minutes
        assert self.run(self.hall.proposals.close(proposal_id)) is due
        if due:
            verdict = poll.verdict(poll.tally())
            if poll.system != "BASIC" and verdict not in ("NO_QUORUM", "NO_ELIGIBLE_WEIGHT"):
                verdict = self.chosen(proposal_id)
            self.dao.resolve(poll, verdict)

    # Delegations.

    def give(self, chance: Random) -> None:
        self.hand_over(some_mandate(chance))

    def hand_over(self, new: model.Given) -> None:
        new = replace(new, ends=self.dao.now + new.ends)
        mandate = Mandate(
            None if new.to is None else self.viewers[new.to].member_id,
            None if new.scope is None else self.scope,
            when_inactive=new.when_inactive,
            accepts_twin=new.accepts_twin,
            expires_at=None if new.ends == float("inf") else self.clock.at + timedelta(minutes=new.ends - self.dao.now),
        )
        giver = self.viewers[new.giver]
        made = self.both(lambda: self.dao.check_give(new), lambda: self.delegations.give(giver, mandate))
        if made:
            self.dao.give(made["delegation"], new)

    def end(self, chance: Random) -> None:
        """By its giver, by its receiver, by anybody."""
        if not self.dao.given:
            return
        live = [key for key in self.dao.given if self.dao.live(key)]
        delegation_id = chance.choice(live if live and chance.random() < 0.8 else list(self.dao.given))
        ends, who = chance.choice(["revoke", "decline"]), chance.choice([None, None, chance.randrange(len(WEIGHTS))])
        given = self.dao.given[delegation_id]
        entitled = given.giver if ends == "revoke" else given.to
        actor = next(each for each in (who, entitled, given.giver) if each is not None)
        act = self.delegations.revoke if ends == "revoke" else self.delegations.decline

        def ended() -> None:
            if actor not in (given.giver, given.to):
                raise Refusal("NOT_FOUND")
            if actor != entitled:
                raise Refusal("FORBIDDEN")
            if not self.dao.live(delegation_id):
                raise Refusal("CONFLICT")
            given.ends = self.dao.now

        self.both(ended, lambda: act(self.viewers[actor], delegation_id))

    # Members and time.

    def weigh(self, chance: Random) -> None:
        member, weight = chance.randrange(len(WEIGHTS)), chance.choice([0, 1, 3, 7])
        person, target = self.dao.people[member], self.viewers[member].member_id

        def weighed() -> None:
            if not person.admitted:
                raise Refusal("CONFLICT")
            person.weight = weight

        self.both(weighed, lambda: self.hall.members.weigh(self.admin, target, Weighing(weight), "By need."))

    def come_or_go(self, chance: Random) -> None:
        member = chance.randrange(len(WEIGHTS))
        person, target, acts = self.dao.people[member], self.viewers[member].member_id, self.hall.members
        self.run(
            acts.deactivate(self.admin, target, "Gone.")
            if person.admitted
            else acts.admit(self.admin, target, 2, "Known.")
        )
        person.admitted, person.weight = not person.admitted, 2

    def sleep_or_wake(self, chance: Random) -> None:
        member = chance.randrange(len(WEIGHTS))
        person = self.dao.people[member]
        person.active = not person.active
        self.run(self.see(member, active=person.active))

    def wait(self, chance: Random) -> None:
        self.pass_time(chance.choice([0.5, 1, 5, 10, 30, 60]))

    def pass_time(self, minutes: float) -> None:
        self.clock.forward(minutes=minutes)
        self.dao.now += minutes

    # What must be so after each of them.

    @invariant()
    def the_record_says_what_the_model_says(self) -> None:
        if not self.dao.polls:
            return
        proposals, resolutions, policies, rules, counts = self.run(self.record())
        polls = self.dao.polls
        assert {each.id: each.status.value for each in proposals} == {key: poll.status for key, poll in polls.items()}
        for each in proposals:
            assert each.tally == counts[each.id] == tally(polls[each.id])
        decided = {key: poll for key, poll in polls.items() if poll.status in model.DECIDED}
        assert sorted(row.proposal_id for row in resolutions) == sorted(decided)
        for row in resolutions:
            poll = decided[row.proposal_id]
            assert (row.reason, row.passed) == (poll.reason, poll.status == "PASSED")
            assert row.to_domain().tally == counts[row.proposal_id]
        assert {row.title: row.in_force_to is None for row in policies} == self.dao.policies
        assert {name: getattr(rules, FIELDS[name]) for name in FIELDS} == vars(self.dao.rules)

    def look(self, chance: Random) -> None:
        """What members are shown of their own vote is the ballot that stands for them."""
        proposal_id, poll = self.poll(chance)
        for member, viewer in enumerate(self.viewers):
            stands = poll.stands(member) if member in poll.weights else None
            vote = self.run(SqlVoteReads(self.hall.reader).own(viewer, [proposal_id])).get(proposal_id)
            if vote is None or stands is None:
                assert (vote, stands) == (None, None)
                continue
            voter, hand = stands
            assert vote.ballot.weight == poll.weights[member]
            assert vote.ballot.cast_by == (hand if voter == member else CastBy.DELEGATE)
            assert voter == member or vote.via[-1] == self.viewers[voter].member_id
            assert poll.system != VotingSystem.BASIC or vote.ballot.choice == poll.said(voter, hand).choice


def test_services_do_what_the_model_does(databases: Databases) -> None:
    machine = type("Governed", (Governance,), {"databases": staticmethod(databases)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES or 25,
            stateful_step_count=60,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
