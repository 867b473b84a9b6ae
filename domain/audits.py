"""The append-only log of what an ADMIN or the system did, and why, for all members to read."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.inputs import given_text
from domain.pages import Page, Slice

MAX_REASON = 2_000


class Act(StrEnum):
    """What was done. The first of two words is the noun."""

    PROPOSAL_CANCELLED = "PROPOSAL_CANCELLED"
    PROPOSAL_IMPLEMENTED = "PROPOSAL_IMPLEMENTED"
    PROPOSAL_BARS_RAISED = "PROPOSAL_BARS_RAISED"
    PROPOSAL_RECOUNTED = "PROPOSAL_RECOUNTED"
    PROPOSAL_CLOSED_LATE = "PROPOSAL_CLOSED_LATE"
    PROPOSAL_LAPSED = "PROPOSAL_LAPSED"
    PROJECTION_STALLED = "PROJECTION_STALLED"
    DEAD_LETTER_LEFT = "DEAD_LETTER_LEFT"
    DEAD_LETTER_REDRIVEN = "DEAD_LETTER_REDRIVEN"
    CLOCK_JUMPED = "CLOCK_JUMPED"
    ACTION_RUN = "ACTION_RUN"
    TOPIC_CREATED = "TOPIC_CREATED"
    MEMBER_ADMITTED = "MEMBER_ADMITTED"
    MEMBER_WEIGHED = "MEMBER_WEIGHED"
    MEMBER_DEACTIVATED = "MEMBER_DEACTIVATED"
    RULES_SET = "RULES_SET"
    WEIGHTS_SET = "WEIGHTS_SET"


@dataclass(frozen=True, slots=True)
class Subject:
    """What an act was done to: the noun as the contract names it, and its id."""

    noun: str
    id: int


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`by_id` is None when the system did it."""

    id: int
    at: datetime
    by_id: int | None
    act: Act
    subject: Subject | None
    reason: str
    transaction_id: str


def given_reason(reason: str, field: str = "reason") -> str:
    """Every act of an ADMIN carries one. Raises BadInput."""
    return given_text(reason, MAX_REASON, field)


class Audits(Protocol):
    """The log inside one transaction."""

    def note(
        self, act: Act, *, by: int | None, reason: str, at: datetime, subject: Subject | None = None
    ) -> AuditEntry: ...

    def noted(self, act: Act, reason: str) -> bool:
        """Whether the same was noted before, to the letter."""


class AuditReads(Protocol):
    async def by_ids(self, ids: list[int]) -> dict[int, AuditEntry]: ...
    async def page(self, wanted: Slice) -> Page[AuditEntry]:
        """Newest first."""
