"""OpenZeppelin's Governor in time: a late quorum extends the deadline, a super quorum ends voting early.

Its quorum counts FOR and ABSTAIN, its super quorum FOR alone, both in votes; success is more FOR than AGAINST. Cases
tell what they expect in words (clauses.py); one whose words no reader knows is skipped with them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from domain.criteria import Bar, Criteria, QuorumOf
from domain.errors import DomainError
from evals.vectors.cancelling import cancelling
from evals.vectors.clauses import Told, Unread, disagreement
from evals.vectors.courses import SUPPORT, Course, Terms
from evals.vectors.outcomes import Outcome, failed, passed, skipped

FORMAT = "OpenZeppelin Governor lifecycle"
EXTENSION = 8
"""Ticks, where a case about a late quorum gives none: any number shows the rule."""
QUORUM = 1
READ = {"name", "quorum", "quorum_votes", "super_quorum", "extension", "votes", "votes_at"}
EXPECTED = re.compile(r"(state|expect)")
UNMOVED = re.compile(r"unchanged|unaffected|not extended|no extension")
TIME = re.compile(r"(start|voteStart|snapshot|deadline)\s*(?:([+-])\s*(\d+))?")


@dataclass(frozen=True, slots=True)
class Vote:
    """`time` in words, as `deadline-1`; `late` is just before the end, or in the extension once that began."""

    voter: str
    support: str
    weight: int
    time: str


def recognises(data: dict[str, Any]) -> bool:
    """OpenZeppelin's name in its origin, and cases that are no steps of overrides."""
    cases = data.get("cases", ())
    return "openzeppelin" in str(data.get("origin", "")).lower() and not any("steps" in case for case in cases)


def run(data: dict[str, Any]) -> Iterator[Outcome]:
    for case in data["cases"]:
        try:
            yield cancelling(case) if re.search("cancel|guardian", case["name"]) else judged(case)
        except Unread as words:
            yield skipped(case["name"], f"told in words that no reader knows: {words}")


def judged(case: dict[str, Any]) -> Outcome:
    expectations = {key: str(case[key]) for key in case if EXPECTED.match(key)}
    if unread := set(case) - READ - set(expectations):
        raise Unread(", ".join(sorted(unread)))
    if not expectations:
        raise Unread("nothing is expected")
    votes = votes_of(case)
    course = Course(terms_of(case, votes))
    try:
        told = played(course, votes)
    except DomainError as refused:
        return failed(case["name"], f"a vote was refused: {refused}")
    wrong = [each for key, words in expectations.items() if (each := disagreement(course, told, key, words))]
    return failed(case["name"], "; ".join(wrong)) if wrong else passed(case["name"])


def votes_of(case: dict[str, Any]) -> list[Vote]:
    timed = [Vote(voter, support, int(weight), time) for time, voter, support, weight in case.get("votes_at", ())]
    late = "exten" in f"{case}" and not UNMOVED.search(f"{case}")  # then votes without a time bring it about
    plain = [
        Vote(f"voter {number}", support, int(weight), "late" if late else "start+1")
        for number, (support, weight) in enumerate(case.get("votes", ()), start=1)
    ]
    if unknown := {vote.support for vote in timed + plain} - set(SUPPORT):
        raise Unread(", ".join(sorted(unknown)))
    return timed + plain


def terms_of(case: dict[str, Any], votes: Sequence[Vote]) -> Terms:
    weights = {vote.voter: vote.weight for vote in votes}
    eligible = max(sum(weights.values()), 1)
    majority = Bar(Fraction(1, 2), strict=True)
    quorum = Bar(Fraction(int(case.get("quorum", case.get("quorum_votes", QUORUM))), eligible))
    early = Bar(Fraction(int(case["super_quorum"]), eligible)) if "super_quorum" in case else None
    return Terms(
        weights,
        Criteria(quorum, majority, quorum_of=QuorumOf.FOR_AND_ABSTAIN),
        early=Criteria(early, majority, quorum_of=QuorumOf.FOR) if early else None,
        extension=int(case.get("extension", EXTENSION)) if "late" in case["name"] or "extension" in case else None,
        eligible=eligible,
    )


def played(course: Course, votes: Sequence[Vote]) -> Told:
    """Cast them all, each at its time."""
    told = Told(last=course.terms.start + 1)
    for vote in votes:
        told.last = tick_of(vote, course, told)
        course.vote(vote.voter, SUPPORT[vote.support], tick=told.last)
        quorum = course.at(told.last).tally.quorum_reached(course.terms.criteria)
        told.quorum = told.last if quorum and told.quorum is None else told.quorum
    return told


def tick_of(vote: Vote, course: Course, told: Told) -> int:
    end = course.terms.start + course.terms.period
    if vote.time == "late":
        return end - 1 if told.quorum is None else end + 1
    words = TIME.fullmatch(vote.time.strip())
    if words is None:
        raise Unread(vote.time)
    from_, sign, number = words.groups()
    shift = int(number or 0) * (-1 if sign == "-" else 1)
    return (end if from_ == "deadline" else course.terms.start) + shift
