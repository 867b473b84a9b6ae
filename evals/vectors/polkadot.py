"""Polkadot's conviction voting: a delegation a class, redelegated while polls run, votes weighted by conviction.

Its tally is [ayes, nays, support]: ayes and nays count votes (balance times conviction), support the balance behind
the ayes. So each poll is counted twice, with another weight for each (account, class). Delegation goes one step: an
account is two members, the delegate, who has its own vote's weight, and the giver, who has what it delegated.
The steps are sentences; from one that is not understood on, cases are skipped: they build on one another.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from domain.casting import cast, recount
from domain.chains import path
from domain.delegations import Edge
from domain.flow import unvoted
from domain.tally import CastBy
from evals.vectors.outcomes import Outcome, compared, skipped

FORMAT = "Polkadot conviction voting"
VOTES = {"aye": 0, "nay": 1, "abstain": 2}
BALANCE = 10
"""What each voter votes with, without conviction, unless a sentence says otherwise."""
SENTENCE_END = re.compile(r"[;\n]|\.\s|\bthen\b")
NUMBERS = r"(?:all|\d+(?:\s*(?:,\s*and|,|and|-|/|&)\s*\d+)*)"
LISTED = re.compile(r"(\d+)\s*:\s*\[([^\]]*)\]")
POLLS = re.compile(rf"\bpolls?\s+(?P<polls>\d+ to \d+|{NUMBERS})", re.I)
VOTE = re.compile(rf"^(?P<who>{NUMBERS}) (?:all )?(?:re)?votes? (?P<vote>aye|nay|abstain)\b", re.I)
UNVOTE = re.compile(rf"^(?P<who>{NUMBERS}) (?:removes?|withdraws?|cancels?|retracts?)\b.*\bvotes?\b", re.I)
GIVE = re.compile(r"^(?P<who>\d+) (?P<verb>(?:re)?delegates|undelegates)\b", re.I)
CLASS = re.compile(rf"\bclass(?:es)? (?P<classes>{NUMBERS})", re.I)
TO = re.compile(r"\bto (?:accounts? )?(?P<to>\d+(?:\s*(?:,|and)\s*\d+)*)", re.I)
AMOUNTS = re.compile(
    r"(?:\b(?:with|of|amounts?|balance)\s+(?:an? )?(?:\w+ )??|\b(?:re)?delegates\s+|\bclass \d+:\s*)"
    r"\[?(?P<amounts>\d+(?:(?:\s*[,/]\s*|,?\s+and\s+)\d+)*)",
    re.I,
)
EACH_CLASS = re.compile(r"[,;]?\s*(?:\band\s+)?(?=\bclass \d)", re.I)
"""Where one class's part of a sentence ends and the next one's begins."""
CLASS_LEFT_OUT = re.compile(r"(?<=\d), (\d+)(?= (?:with|to)\b)", re.I)
"""As in `class 0 with 6, 1 with 7`."""
CONVICTION = re.compile(r"\b(?:Locked)?(?P<times>[1-6])x\b|\bconviction (?P<none>none)\b", re.I)


class NotUnderstood(Exception):
    """A sentence outside the grammar above."""


@dataclass(frozen=True, slots=True)
class Stake:
    """A balance and how long it is locked: conviction 0 counts a tenth, n counts n times."""

    balance: int
    conviction: int

    @property
    def votes(self) -> int:
        return self.balance * self.conviction if self.conviction else self.balance // 10


@dataclass(slots=True)
class _Pallet:
    """`given`: by (account, class), to whom and how much; `cast`: by (account, poll)."""

    polls: dict[int, int]
    given: dict[tuple[int, int], tuple[int, Stake]]
    first: dict[tuple[int, int], int] = field(default_factory=dict)
    cast: dict[tuple[int, int], tuple[int, Stake]] = field(default_factory=dict)

    def tally(self, poll: int) -> list[int]:
        ayes, nays, _ = self._weighed(poll, "votes")
        support, _, abstaining = self._weighed(poll, "balance")
        return [ayes, nays, support + abstaining]

    def _weighed(self, poll: int, unit: str) -> tuple[int, ...]:
        """Account n is the delegate 2n and the giver 2n + 1."""
        cls = self.polls[poll]
        given = {2 * who + 1: row for (who, at), row in self.given.items() if at == cls}
        ballots = {2 * who: row for (who, at), row in self.cast.items() if at == poll}
        edges = {
            one: Edge(2 * to, cls, accepts_twin=False, delegation_id=one, carried=True)
            for one, (to, _) in given.items()
        }
        weights = dict.fromkeys((2 * to for to, _ in given.values()), 0)
        weights |= {member: getattr(stake, unit) for member, (_, stake) in (*given.items(), *ballots.items())}
        nodes, count = recount(unvoted(edges, weights, slots=len(VOTES)) or unvoted({}, {0: 0}, slots=len(VOTES)))
        rows = {node.member_id: node for node in nodes}
        for member, (slot, _) in ballots.items():
            moved = cast([rows[each] for each in (member, *path(edges, member))], slot, by=CastBy.MEMBER)
            rows.update((node.member_id, node) for node in moved.nodes)
            count = count.plus(moved.change)
        return count.weights

    def obey(self, sentence: str) -> None:
        """Raises NotUnderstood."""
        listed = LISTED.findall(sentence)
        if listed:
            self._vote_listed(sentence, listed)
        elif found := VOTE.search(sentence):
            for who in numbers(found["who"]):
                self._vote(who, self._polls(sentence), found["vote"], stake_in(sentence))
        elif found := UNVOTE.search(sentence):
            for who in numbers(found["who"]):
                for poll in self._polls(sentence):
                    self.cast.pop((who, poll), None)
        elif found := GIVE.search(sentence):
            self._give(int(found["who"]), sentence, undo=found["verb"].lower() == "undelegates")
        else:
            raise NotUnderstood(sentence)

    def _polls(self, sentence: str) -> list[int]:
        found = POLLS.search(sentence)
        if found is None:
            return sorted(self.polls)
        return sorted(self.polls) if found["polls"].lower() == "all" else numbers(found["polls"])

    def _vote(self, who: int, polls: list[int], vote: str, stake: Stake) -> None:
        self.cast.update({(who, poll): (VOTES[vote.strip().lower()], stake) for poll in polls})

    def _vote_listed(self, sentence: str, listed: list[tuple[str, str]]) -> None:
        """Each voter with its votes on the polls, in order."""
        for who, votes in listed:
            for poll, vote in zip(self._polls(sentence), votes.split(","), strict=False):
                if vote.strip().lower() in VOTES:
                    self._vote(int(who), [poll], vote, Stake(BALANCE, 0))

    def _give(self, who: int, sentence: str, *, undo: bool) -> None:
        """All of its classes where none is named; each to the delegate that had it at first where none is named."""
        classes = self._classes(who, sentence)
        to = [int(one) for one in re.findall(r"\d+", found["to"])] if (found := TO.search(sentence)) else []
        amounts = amounts_in(sentence)
        conviction = conviction_in(sentence)
        for position, cls in enumerate(classes):
            _, last = self.given.pop((who, cls), (0, Stake(0, 1)))
            if undo:
                continue
            if not to and (who, cls) not in self.first:
                raise NotUnderstood(sentence)
            receiver = to[min(position, len(to) - 1)] if to else self.first[who, cls]
            amount = amounts[min(position, len(amounts) - 1)] if amounts else last.balance
            self.given[who, cls] = receiver, Stake(amount, last.conviction if conviction is None else conviction)

    def _classes(self, who: int, sentence: str) -> list[int]:
        if found := CLASS.search(sentence):
            return numbers(found["classes"])
        return sorted({cls for account, cls in (*self.first, *self.given) if account == who})


def numbers(text: str) -> list[int]:
    """2, 3, or from a to b."""
    if span := re.fullmatch(r"\s*(\d+)\s*(?:-|to)\s*(\d+)\s*", text):
        return list(range(int(span[1]), int(span[2]) + 1))
    return [int(one) for one in re.findall(r"\d+", text)]


def conviction_in(sentence: str) -> int | None:
    found = CONVICTION.search(sentence)
    return None if found is None else int(found["times"] or 0)


def amounts_in(sentence: str) -> list[int]:
    found = AMOUNTS.search(sentence)
    return [int(one) for one in re.findall(r"\d+", found["amounts"])] if found else []


def stake_in(sentence: str) -> Stake:
    amounts = amounts_in(sentence)
    return Stake(amounts[0] if amounts else BALANCE, conviction_in(sentence) or 0)


def recognises(data: dict[str, Any]) -> bool:
    """Polls, and delegations a class."""
    return "polls" in data and any("cls" in row for row in data.get("delegations", ()))


def run(data: dict[str, Any]) -> Iterator[Outcome]:
    """Each case is what happens next to the polls of the one before it."""
    given = {
        (row["who"], row["cls"]): (row["to"], Stake(row["amount"], row.get("conviction", 1)))
        for row in data["delegations"]
    }
    pallet = _Pallet(
        {int(poll): cls for poll, cls in data["polls"].items()}, given, {key: to for key, (to, _) in given.items()}
    )
    lost = ""
    for case in data["cases"]:
        try:
            for sentence in sentences(case["step"]):
                pallet.obey(sentence)
        except NotUnderstood as why:
            lost = lost or f"no reader understands: {why}"
        if lost:
            yield skipped(case["step"], lost)
        else:
            yield compared(case["step"], {poll: pallet.tally(int(poll)) for poll in case["tallies"]}, case["tallies"])


def sentences(step: str) -> list[str]:
    """One thing each: what is given class by class is told of its giver once."""
    found: list[str] = []
    giver = ""
    for part in filter(None, (part.strip(" .,") for part in SENTENCE_END.split(step))):
        gives = GIVE.match(part)
        giver = gives[0] if gives else giver
        if not gives and not part.lower().startswith("class "):
            found.append(part)
            continue
        told = part if "classes" in part else CLASS_LEFT_OUT.sub(r", class \1", part)
        clauses = [clause for clause in EACH_CLASS.split(told) if clause.lower().startswith("class ")]
        found += [f"{giver} {clause}" for clause in clauses] if len(clauses) > 1 or not gives else [part]
    return found
