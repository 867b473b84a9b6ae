"""Proposals as tests of the domain make them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.decisions import Decision, ResolutionReason
from domain.drafts import Draft
from domain.proposals import Proposal, Status

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(milliseconds=1)
TEXT = Draft("Title", "Body")
PASSED = Decision(passed=True, reason=ResolutionReason.QUORUM_AND_MAJORITY)
FAILED = Decision(passed=False, reason=ResolutionReason.NO_QUORUM)


def proposal(status: Status = Status.DRAFT, **changes: object) -> Proposal:
    made = Proposal(7, 1, TEXT, status, 1, (4,), T0 - timedelta(days=1), T0 - timedelta(days=1), seq=3)
    return replace(made, **changes)  # type: ignore[arg-type]  # the callers' keywords are fields
