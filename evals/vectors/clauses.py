"""What a case expects of a course, told in words: `Active until extended deadline inclusive`."""

import re
from dataclasses import dataclass

from evals.vectors.courses import Course

SEPARATOR = re.compile(r"[;,]\s*(?:then\s+)?|\s+then\s+")
STATE = re.compile(
    r"(Pending|Active|Succeeded|Defeated|Canceled)"
    r"(?:\s+(before|until|at|after|one tick after)\s+(?:the\s+)?(?:extended\s+)?deadline(?:\s+inclusive)?)?"
)
EXTENDED = "deadline = vote time + extension"
UNCHANGED = re.compile(r"deadline (is )?(unchanged|unaffected|not extended)")


class Unread(Exception):
    """Words of a case that no reader knows."""


@dataclass(slots=True)
class Told:
    """Ticks of the last vote, and of the one that reached the quorum."""

    last: int
    quorum: int | None = None


def disagreement(course: Course, told: Told, key: str, words: str) -> str:
    """Where the course differs from what `key` expects in `words`; empty when nowhere. Raises Unread."""
    wrong = [differs(course, told, key, clause) for clause in SEPARATOR.split(words.strip())]
    return "; ".join(each for each in wrong if each)


def differs(course: Course, told: Told, key: str, clause: str) -> str:
    if clause == EXTENDED:
        wanted = told.quorum + course.terms.extension if told.quorum and course.terms.extension else None
        return "" if course.deadline == wanted else f"expected the deadline {wanted}, found {course.deadline}"
    if UNCHANGED.fullmatch(clause):
        wanted = course.terms.start + course.terms.period
        return "" if course.deadline == wanted else f"expected the deadline {wanted}, found {course.deadline}"
    words = STATE.fullmatch(clause)
    if words is None:
        raise Unread(clause)
    state, ticks = words[1], ticks_of(course, told, words[1], words[2] or moment_of(key))
    found = {tick: course.state(tick) for tick in ticks}
    wrong = [f"expected {state} at tick {tick}, found {now}" for tick, now in found.items() if now != state]
    return "; ".join(wrong)


def moment_of(key: str) -> str:
    """As in `state_before_deadline`, `state_after`."""
    return next((moment for moment in ("before", "after", "at") if f"_{moment}" in key), "")


def ticks_of(course: Course, told: Told, state: str, moment: str) -> tuple[int, ...]:
    """The ticks at which it must be so. The deadline itself is before the end, as it counts votes."""
    match moment, state:
        case (("before" | "until"), _):
            return told.last, course.deadline
        case "at", _:
            return (course.deadline,)
        case "", "Pending":
            return (course.terms.start,)
        case "", ("Active" | "Canceled"):
            return (told.last,)
        case _:
            return (course.deadline + 1,)
