"""Governance as the contract's sentences say it, in plain Python: slow, whole, and without a line of the product.

Everything is asked afresh: no counter is kept, so nothing can drift. Times are minutes since the model's beginning.
"""

from dataclasses import dataclass, field, replace
from typing import Any

FOR, AGAINST, ABSTAIN = "FOR", "AGAINST", "ABSTAIN"
MEMBER, TWIN = "MEMBER", "TWIN"
DECIDED = ("PASSED", "FAILED")


class Refusal(Exception):
    """An act that the contract refuses; its text is the code."""


@dataclass(frozen=True)
class Rules:
    quorum: int = 60
    majority: int = 66
    approval: int = 0
    early_close: str = "ON_QUORUM"
    strict: bool = False
    weighted: bool = True
    minimum_voting: int = 0
    override: int = 1
    cap: int = 100


@dataclass
class Person:
    weight: int
    admitted: bool = True
    active: bool = True


@dataclass
class Given:
    """A delegation; its number is its age."""

    giver: int
    to: int | None
    scope: int | None
    when_inactive: bool
    accepts_twin: bool
    ends: float = float("inf")


@dataclass
class Cast:
    """What one hand said; `young`: a twin's, which its member had no time to gainsay."""

    choice: str
    at: float
    young: bool = False


@dataclass
class Poll:
    author: int
    rules: Rules
    scope: int | None = None
    system: str = "BASIC"
    minutes: int = 60
    action: tuple[str, ...] | None = None
    status: str = "OPEN"
    reason: str | None = None
    start: float = 0
    weights: dict[int, int] = field(default_factory=dict)
    follows: dict[int, Given] = field(default_factory=dict)
    own: dict[int, Cast] = field(default_factory=dict)
    twin: dict[int, Cast] = field(default_factory=dict)

    @property
    def eligible(self) -> int:
        return sum(self.weights.values())

    # Whose ballot stands.

    def stands(self, member: int, *, twins: bool = True, met: frozenset[int] = frozenset()) -> tuple[int, str] | None:
        """Its own; else its delegate in the scope; else its own twin's; else its global delegate."""
        if member in met:
            return None
        if member in self.own:
            return member, MEMBER
        twin = (member, TWIN) if twins and member in self.twin else None
        given = self.follows.get(member)
        if given is None or given.to is None:
            return twin
        above = self.stands(given.to, twins=twins and given.accepts_twin, met=met | {member})
        return (twin or above) if given.scope is None else (above or twin)

    def said(self, voter: int, hand: str) -> Cast:
        return self.own[voter] if hand == MEMBER else self.twin[voter]

    def tally(self, *, young: bool = True, own: bool = False) -> dict[str, int]:
        """Standing weight a choice; without the young; or members' own ballots with their own weight only."""
        found = {FOR: 0, AGAINST: 0, ABSTAIN: 0}
        for member, weight in self.weights.items():
            stands = self.stands(member)
            if stands is not None and (not own or stands == (member, MEMBER)):
                said = self.said(*stands)
                found[said.choice] += weight if young or not said.young else 0
        return found

    def by_twins(self) -> int:
        return sum(weight for member, weight in self.weights.items() if self.stands(member) == (member, TWIN))

    # What the ballots decide.

    def verdict(self, tally: dict[str, int]) -> str:
        """At the end; QUORUM_AND_MAJORITY when it passes."""
        rules, decided = self.rules, tally[FOR] + tally[AGAINST]
        if self.eligible == 0:
            return "NO_ELIGIBLE_WEIGHT"
        if sum(tally.values()) * 100 < rules.quorum * self.eligible:
            return "NO_QUORUM"
        have, need = tally[FOR] * 100, rules.majority * decided
        reached = have > need if rules.strict or rules.majority == 50 else have >= need
        if decided == 0 or not reached:
            return "MAJORITY_NOT_REACHED"
        return "APPROVAL_NOT_REACHED" if tally[FOR] * 100 < rules.approval * self.eligible else "QUORUM_AND_MAJORITY"

    def verdict_early(self, now: float) -> str | None:
        if self.system != "BASIC" or self.rules.early_close == "NEVER":
            return None
        if self.rules.early_close == "ON_QUORUM":
            verdicts = {self.verdict(self.tally()), self.verdict(self.tally(young=False))}
            passed = verdicts == {"QUORUM_AND_MAJORITY"} and now >= self.start + self.rules.minimum_voting
            return "QUORUM_AND_MAJORITY" if passed else None
        final = self.tally(own=True)
        completions = {self.verdict(each) for each in completed(final, self.eligible - sum(final.values()))}
        passing = "QUORUM_AND_MAJORITY" in completions
        if completions == {"QUORUM_AND_MAJORITY"}:
            return "QUORUM_AND_MAJORITY"
        best = self.verdict({**final, FOR: final[FOR] + self.eligible - sum(final.values())})
        return None if passing else "MAJORITY_IMPOSSIBLE" if best == "MAJORITY_NOT_REACHED" else best

    # Acts.

    def cast(self, member: int, choice: str, hand: str, now: float) -> None:
        if self.status in DECIDED:
            raise Refusal("ALREADY_RESOLVED")
        if self.status != "VOTING" or now >= self.start + self.minutes:  # [start, end)
            raise Refusal("VOTING_CLOSED")
        if member not in self.weights:
            raise Refusal("NO_VOTING_POWER")
        if member in self.own and (hand == TWIN or self.rules.early_close == "WHEN_DECIDED"):
            raise Refusal("CONFLICT")
        ballots = self.own if hand == MEMBER else self.twin
        ballots[member] = Cast(choice, now, young=hand == TWIN and self.system == "BASIC")

    def mature(self, now: float) -> None:
        for cast in self.twin.values():
            cast.young = cast.young and now < cast.at + self.rules.override


def rule(name: str, value: str) -> Any:  # noqa: ANN401  # a rule of any type
    """A rule's value from its text."""
    return value if name == "early_close" else value == "True" if name in ("strict", "weighted") else int(value)


def completed(final: dict[str, int], left: int) -> list[dict[str, int]]:
    """Every way in which the weight that is still open may be cast, or stay away."""
    return [
        {FOR: final[FOR] + more, AGAINST: final[AGAINST] + less, ABSTAIN: final[ABSTAIN] + none}
        for more in range(left + 1)
        for less in range(left + 1 - more)
        for none in range(left + 1 - more - less)
    ]


@dataclass
class Dao:
    rules: Rules = field(default_factory=Rules)
    people: dict[int, Person] = field(default_factory=dict)
    given: dict[int, Given] = field(default_factory=dict)
    polls: dict[int, Poll] = field(default_factory=dict)
    policies: dict[str, bool] = field(default_factory=dict)
    """By title: whether it is in force."""
    now: float = 0

    def live(self, number: int) -> bool:
        return self.now < self.given[number].ends

    def place(self, giver: int, scope: int | None, *, when_inactive: bool) -> list[int]:
        """The one live delegation of a giver at a level, of a kind."""
        wanted = (giver, scope, when_inactive)
        return [
            number
            for number, row in self.given.items()
            if self.live(number) and (row.giver, row.scope, row.when_inactive) == wanted
        ]

    def check_open(self, author: int) -> None:
        running = [poll for poll in self.polls.values() if poll.author == author and poll.reason is None]
        if not self.people[author].admitted:
            raise Refusal("FORBIDDEN")
        if len(running) >= 3:
            raise Refusal("CONFLICT")

    def check_give(self, new: Given) -> None:
        """A cycle is refused where it is certain: along the plain delegations of the very same level."""
        if not self.people[new.giver].admitted:
            raise Refusal("FORBIDDEN")
        if new.to == new.giver:
            raise Refusal("BAD_USER_INPUT")
        if new.to is not None and not self.people[new.to].admitted:
            raise Refusal("CONFLICT")
        at, met = new.to, set[int]()
        while not new.when_inactive and at is not None and at not in met:
            if at == new.giver:
                raise Refusal("DELEGATION_CYCLE")
            met.add(at)
            ahead = self.place(at, new.scope, when_inactive=False)
            at = self.given[ahead[0]].to if ahead else None

    def give(self, number: int, new: Given) -> None:
        for old in self.place(new.giver, new.scope, when_inactive=new.when_inactive):
            self.given[old].ends = self.now
        self.given[number] = new

    def start(self, poll: Poll) -> None:
        """Everything is frozen as of now: weights, activity, and which delegation acts for whom."""
        poll.status, poll.start = "VOTING", self.now
        poll.weights = {
            number: person.weight if poll.rules.weighted else 1
            for number, person in self.people.items()
            if person.admitted and person.weight > 0
        }
        acting = {giver: number for giver in poll.weights if (number := self.acting(poll, giver)) is not None}
        poll.follows = {giver: replace(self.given[number]) for giver, number in acting.items()}
        for given in poll.follows.values():
            given.to = given.to if given.to in poll.weights else None
        self._cap(poll, acting)

    def acting(self, poll: Poll, giver: int) -> int | None:
        """The scope before everywhere; at a level, of one who is inactive, what was given for that."""
        for scope in dict.fromkeys((poll.scope, None)):
            for when_inactive in (True, False):
                found = self.place(giver, scope, when_inactive=when_inactive)
                if found and (not when_inactive or not self.people[giver].active):
                    return found[0]
        return None

    def _cap(self, poll: Poll, acting: dict[int, int]) -> None:
        """Whole givers with all behind them, the oldest delegation first. Only for graphs without a cycle."""

        def power(member: int) -> int:
            total = poll.weights[member]
            givers = [giver for giver, row in poll.follows.items() if row.to == member]
            for giver in sorted(givers, key=acting.__getitem__):
                more = power(giver)
                if (total + more) * 100 <= poll.rules.cap * poll.eligible:
                    total += more
                else:
                    poll.follows[giver].to = None
            return total

        if poll.rules.cap < 100:
            for member in poll.weights:
                if poll.follows.get(member) is None or poll.follows[member].to is None:
                    power(member)

    def cyclic(self, poll: Poll) -> bool:
        """Whether the graph that would be frozen now has a cycle."""
        ahead = {
            giver: self.given[number].to for giver in self.people if (number := self.acting(poll, giver)) is not None
        }
        for member in self.people:
            at, steps = ahead.get(member), 0
            while at is not None and at != member and steps <= len(self.people):
                at, steps = ahead.get(at), steps + 1
            if at == member:
                return True
        return False

    def settle(self, poll: Poll) -> None:
        """After a ballot, or once twins' ballots have matured."""
        if (verdict := poll.verdict_early(self.now)) is not None:
            self.resolve(poll, verdict)

    def resolve(self, poll: Poll, verdict: str) -> None:
        passed = verdict in ("QUORUM_AND_MAJORITY", "OPTION_CHOSEN")
        if passed and not self._acted(poll.action):
            passed, verdict = False, "ACTION_NOT_APPLICABLE"
        poll.status, poll.reason = "PASSED" if passed else "FAILED", verdict

    def _acted(self, action: tuple[str, ...] | None) -> bool:
        match action:
            case ("rules", name, value):
                self.rules = replace(self.rules, **{name: rule(name, value)})
            case ("weigh", member, weight):
                if not self.people[int(member)].admitted:
                    return False
                self.people[int(member)].weight = int(weight)
            case ("admit", member, weight):
                if self.people[int(member)].admitted:
                    return False
                self.people[int(member)] = replace(self.people[int(member)], admitted=True, weight=int(weight))
            case ("enact", title):
                self.policies[title] = True
            case ("amend" | "repeal", title, *new):
                if not self.policies[title]:
                    return False
                self.policies[title] = False
                self.policies |= dict.fromkeys(new, True)
        return True
