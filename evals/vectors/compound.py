"""Compound's Governor Bravo: what a vote adds, when voting is closed, and which state comes of it.

Its quorum counts FOR alone, in votes; a tie defeats. Weight 0 may vote and nobody votes twice: both are parameters
here, an electorate with a member of weight 0 and final ballots. Its cases are partly words: one that no reader knows is
skipped.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from domain.casting import cast
from domain.criteria import Bar, Criteria, QuorumOf
from domain.errors import AlreadyResolved, BadInput, Conflict, VotingClosed
from domain.tally import CastBy, Choice
from evals.vectors.courses import SLOTS, SUPPORT, Course, Terms
from evals.vectors.outcomes import Outcome, compared, failed, passed, skipped

FORMAT = "Compound Governor Bravo"
QUORUM = 400_000 * 10**18
NUMBERED = (Choice.AGAINST, Choice.FOR, Choice.ABSTAIN)
"""Its support 0, 1 and 2: also the order of its tallies."""
STATED = {"name", "state", "for", "against", "abstain", "quorum", "canceled", "block", "start", "end"}
WORDS = re.compile(r"\b(for|against|abstain)\b.*?\b(\d+)$")
UNREAD = "told in words that no reader knows"
REASON = "the ballot's reason is kept by the store, not counted: tests/contracts/sql/test_votes.py"


def recognises(data: dict[str, Any]) -> bool:
    """Compound's name in its origin."""
    return "compound" in str(data.get("origin", "")).lower() and "cases" in data


def run(data: dict[str, Any]) -> Iterator[Outcome]:
    for case in data["cases"]:
        yield judged(case)


def judged(case: dict[str, Any]) -> Outcome:
    if "error" in case:
        return refused(case["name"], case["error"])
    if "state" in case:
        return of_state(case)
    if ballot := ballot_of(case):
        return recorded(case, *ballot)
    return skipped(case["name"], REASON if "reason" in case["name"] else UNREAD)


def course(*weights: int, quorum: int = QUORUM) -> Course:
    """One proposal and a voter of each weight."""
    eligible = max(sum(weights), 1)
    criteria = Criteria(Bar(Fraction(quorum, eligible)), Bar(Fraction(1, 2), strict=True), quorum_of=QuorumOf.FOR)
    return Course(Terms({f"v{number}": weight for number, weight in enumerate(weights)}, criteria, eligible=eligible))


def during(course: Course) -> int:
    return course.terms.start + 1


# A vote.


def ballot_of(case: dict[str, Any]) -> tuple[Choice, int] | None:
    """Its choice and weight, from fields or from words as in `abstain support=2 recorded with votes 100`."""
    if case.get("vote") in SUPPORT and "votes" in case:
        return SUPPORT[case["vote"]], int(case["votes"])
    words = WORDS.search(case["name"])
    return (SUPPORT[words[1]], int(words[2])) if words else None


def recorded(case: dict[str, Any], choice: Choice, votes: int) -> Outcome:
    voting = course(votes)
    voting.vote("v0", choice, tick=during(voting))
    found = {
        "tally": [voting.count.weights[SLOTS.index(each)] for each in NUMBERED],
        "hasVoted": voting.count.voters == 1,
    }
    expected = {"tally": [votes * (choice is each) for each in NUMBERED], "hasVoted": True}
    return compared(case["name"], found, expected | {key: case[key] for key in expected if key in case})


# Refusals.


def refused(name: str, error: str) -> Outcome:
    if "already voted" in error:
        return refused_twice(name)
    if "invalid" in error:
        return refused_support(name)
    if "closed" in error:
        return refused_outside(name)
    return skipped(name, UNREAD)


def refused_twice(name: str) -> Outcome:
    voting = course(100)
    voting.vote("v0", Choice.FOR, tick=during(voting))
    try:
        voting.vote("v0", Choice.FOR, tick=during(voting))
    except Conflict:
        return passed(name)
    return failed(name, "expected the second vote to be refused, and it was counted")


def refused_support(name: str) -> Outcome:
    """Support 3, which there is not."""
    try:
        cast(list(course(100).nodes.values()), len(SLOTS), by=CastBy.MEMBER)
    except BadInput:
        return passed(name)
    return failed(name, "expected another support than for, against and abstain to be refused, and it was counted")


def refused_outside(name: str) -> Outcome:
    """`before`, `after` or `cancel` in the name say when."""
    situations = [situation for word, situation in CLOSED.items() if re.search(word, name)]
    if not situations:
        return skipped(name, "does not say when voting is closed in words that a reader knows")
    for situation in situations:
        voting = course(100)
        try:
            voting.vote("v0", Choice.FOR, tick=situation(voting))
        except (VotingClosed, AlreadyResolved):
            continue
        return failed(name, f"expected a vote to be refused, and it was counted: {situation.__doc__}")
    return passed(name)


def too_early(course: Course) -> int:
    """in the block of the start"""
    return course.terms.start


def too_late(course: Course) -> int:
    """in the block after the end"""
    return course.deadline + 1


def cancelled(course: Course) -> int:
    """after it was cancelled"""
    course.cancel(tick=during(course))
    return during(course)


CLOSED: dict[str, Callable[[Course], int]] = {
    r"before (it |voting )?(starts?|begins?)|\bpending\b": too_early,
    r"after (it |voting )?(ends?|closes?)|\bended\b": too_late,
    r"cancel": cancelled,
}


# States, where a case gives counts and the state that comes of them.


def of_state(case: dict[str, Any]) -> Outcome:
    if case["state"] in ("Queued", "Expired", "Executed"):
        return skipped(case["name"], "a timelock: what has passed is carried out in the deciding transaction here")
    if unread := set(case) - STATED:
        return skipped(case["name"], f"{UNREAD}: {', '.join(sorted(unread))}")
    voting = counted(case)
    ticks = {"Pending": voting.terms.start, "Active": voting.deadline}
    tick = int(case.get("block", ticks.get(case["state"], voting.deadline + 1)))
    return compared(case["name"], voting.state(tick), case["state"])


def counted(case: dict[str, Any]) -> Course:
    """All its votes cast in the first block of voting; cancelled there, where it was."""
    counts = [int(case.get(support, 0)) for support in SUPPORT]
    terms = course(*counts, quorum=int(case.get("quorum", QUORUM))).terms
    if "start" in case and "end" in case:
        terms = replace(terms, start=int(case["start"]), period=int(case["end"]) - int(case["start"]))
    voting = Course(terms)
    for number, choice in enumerate(SUPPORT.values()):
        if counts[number]:
            voting.vote(f"v{number}", choice, tick=during(voting))
    if case.get("canceled"):
        voting.cancel(tick=during(voting))
    return voting
