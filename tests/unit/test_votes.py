"""What a cast is checked for before it counts."""

import math

import pytest

from domain.errors import BadInput
from domain.proposals import MAX_REASON
from domain.tally import Choice
from domain.votes import Ballot, CastBy
from services.votes import basic, checked

BALLOT = Ballot(1, 2, Choice.FOR, 3)


def test_confidence_and_reason_are_kept() -> None:
    assert checked(BALLOT, 0.5, " because ") == Ballot(1, 2, Choice.FOR, 3, CastBy.MEMBER, 0.5, "because")
    assert checked(BALLOT, None, "  ") == BALLOT


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_the_bounds_of_confidence_are_allowed(confidence: float) -> None:
    assert checked(BALLOT, confidence, None).confidence == confidence


@pytest.mark.parametrize("confidence", [-0.01, 1.01, math.inf, math.nan])
def test_other_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(BadInput, match=r"^confidence must be between 0 and 1.$") as refused:
        checked(BALLOT, confidence, None)
    assert refused.value.field == ("confidence",)


@pytest.mark.parametrize("reason", ["x" * (MAX_REASON + 1), "a\0", "\udfff"])
def test_a_reason_too_long_or_not_storable_is_refused(reason: str) -> None:
    with pytest.raises(BadInput, match=r"^reason ") as refused:
        checked(BALLOT, None, reason)
    assert refused.value.field == ("reason",)


def test_a_basic_proposal_needs_a_choice() -> None:
    assert basic(Choice.ABSTAIN) is Choice.ABSTAIN
    with pytest.raises(BadInput, match=r"^Give a choice: FOR, AGAINST or ABSTAIN.$"):
        basic(None)
