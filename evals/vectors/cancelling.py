"""Who may cancel a proposal, and when: OpenZeppelin's proposal guardian and proposer, asked of our ADMIN and author."""

import re
from typing import Any

from domain.errors import Conflict, Forbidden
from domain.members import Role, Viewer
from domain.rules import Rules
from evals.vectors.clauses import Unread
from evals.vectors.courses import Course, Terms
from evals.vectors.outcomes import Outcome, compared, skipped

ACTORS = ("by", "caller", "who", "actor", "canceller")
MOMENTS = ("when", "during", "state_before")
RESULTS = ("expect", "expected", "state_after", "result", "state")
WHO = re.compile(r"(guardian|proposer|other|stranger|anyone)")
WHEN = re.compile(r"(pending|active)", re.IGNORECASE)
REFUSED = re.compile(r"revert|refuse|unable|cannot|error|forbidden", re.IGNORECASE)


def cancelling(case: dict[str, Any]) -> Outcome:
    """Raises Unread where fields do not tell who, when and what comes of it."""
    who, when, result = (told(case, keys) for keys in (ACTORS, MOMENTS, RESULTS))
    if not WHO.fullmatch(who) or not WHEN.fullmatch(when) or not (REFUSED.search(result) or "cancel" in result.lower()):
        raise Unread("who cancels, when, or what comes of it")
    expected = "refused" if REFUSED.search(result) else "Canceled"
    if (who, when.lower(), expected) == ("proposer", "active", "Canceled"):
        return skipped(case["name"], "another rule: once voting runs only an ADMIN cancels here, not the author")
    return compared(case["name"], attempted(who, when.lower()), expected)


def told(case: dict[str, Any], keys: tuple[str, ...]) -> str:
    return str(next((case[key] for key in keys if key in case), ""))


def attempted(who: str, when: str) -> str:
    """The guardian is an ADMIN, the proposer the author."""
    course = Course(Terms({}, Rules().criteria))
    tick = course.terms.start + (when == "active")
    author = course.proposal.author_id
    viewer = Viewer(author if who == "proposer" else author + 1, Role.ADMIN if who == "guardian" else Role.MEMBER)
    try:
        course.at(tick).check_cancel(viewer)
    except (Forbidden, Conflict):
        return "refused"
    course.cancel(tick=tick)
    return course.state(tick)
