"""What a cast is checked for before it counts, and how a vote's ballots become a tally."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.audits import MAX_REASON
from domain.casting import Count
from domain.drafts import Draft
from domain.errors import BadInput
from domain.option_ballots import OptionBallot
from domain.proposals import Proposal, Status
from domain.rules import VotingSystem
from domain.tally import CastBy, Choice, Tally
from domain.votes import Ballot, moved, slot_of, slots_of, tally_of
from services.votes import Said, checked

T0 = datetime(2026, 3, 1, tzinfo=UTC)
BALLOT = Ballot(1, 2, Choice.FOR, 3)
BASIC = Proposal(1, 1, Draft("T", "B"), Status.VOTING, 1, (), T0, T0)
SINGLE = replace(BASIC, draft=Draft("T", "B", system=VotingSystem.SINGLE_CHOICE, options=("a", "b")))
FOR = Said(Choice.FOR)


def test_confidence_and_reason_are_kept() -> None:
    said = replace(FOR, confidence=0.5, reason=" because ")
    assert checked(BASIC, BALLOT, said) == Ballot(1, 2, Choice.FOR, 3, CastBy.MEMBER, 0.5, "because")
    assert checked(BASIC, BALLOT, replace(FOR, reason="  ")) == BALLOT
    assert checked(BASIC, BALLOT, replace(FOR, reason="x" * MAX_REASON)).reason == "x" * MAX_REASON


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_the_bounds_of_confidence_are_allowed(confidence: float) -> None:
    assert checked(BASIC, BALLOT, replace(FOR, confidence=confidence)).confidence == confidence


@pytest.mark.parametrize("confidence", [-0.01, 1.01, math.inf, math.nan])
def test_other_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(BadInput, match=r"^confidence must be between 0 and 1.$") as refused:
        checked(BASIC, BALLOT, replace(FOR, confidence=confidence))
    assert refused.value.field == ("confidence",)


@pytest.mark.parametrize("reason", ["x" * (MAX_REASON + 1), "a\0", "\udfff"])
def test_a_reason_too_long_or_not_storable_is_refused(reason: str) -> None:
    with pytest.raises(BadInput, match=r"^reason ") as refused:
        checked(BASIC, BALLOT, replace(FOR, reason=reason))
    assert refused.value.field == ("reason",)


def test_a_basic_proposal_needs_a_choice() -> None:
    abstained = replace(BALLOT, choice=Choice.ABSTAIN)
    assert checked(BASIC, abstained, Said(Choice.ABSTAIN)) == abstained
    with pytest.raises(BadInput, match=r"^Give a choice: FOR, AGAINST or ABSTAIN.$") as refused:
        checked(BASIC, BALLOT, Said())
    assert refused.value.field == ("choice",)
    with pytest.raises(BadInput, match=r"^Give choice and no ballot: the proposal is BASIC.$") as refused:
        checked(BASIC, BALLOT, Said(Choice.FOR, OptionBallot(single=1)))
    assert refused.value.field == ("ballot",)


def test_a_proposal_with_options_needs_a_ballot_among_them() -> None:
    silent = replace(BALLOT, choice=None)
    assert checked(SINGLE, silent, Said(options=OptionBallot(single=2))) == replace(
        silent, options=OptionBallot(single=2)
    )
    for said, field, message in (
        (Said(Choice.FOR), ("choice",), "Give ballot and no choice: the proposal is SINGLE_CHOICE."),
        (Said(), ("ballot",), "Give ballot.single: the proposal is SINGLE_CHOICE."),
        (
            Said(options=OptionBallot(single=3)),
            ("ballot", "single"),
            "There is no option 3: they count from 1 to 2.",
        ),
    ):
        with pytest.raises(BadInput) as refused:
            checked(SINGLE, silent, said)
        assert (refused.value.field, refused.value.message) == (field, message)


# Slots.


def test_each_choice_has_its_slot_and_one_more_while_young() -> None:
    ballots = [replace(BALLOT, choice=choice) for choice in Choice]
    assert [slot_of(ballot) for ballot in ballots] == [0, 1, 2]
    assert [slot_of(ballot, young=True) for ballot in ballots] == [3, 4, 5]
    assert slot_of(replace(BALLOT, choice=None)) == 0
    assert [slots_of(system) for system in VotingSystem] == [6, 1, 1, 1, 1, 1, 1]


def test_a_count_in_slots_is_a_tally() -> None:
    count = Count(silent=5, weights=(10, 20, 30, 1, 2, 3), members=(4, 5, 6, 0, 0, 0), twins=6, voters=7)
    assert tally_of(count, 71) == Tally(
        eligible=71,
        in_favour=11,
        against=22,
        abstain=33,
        voters=7,
        by_twins=6,
        own_in_favour=4,
        own_against=5,
        own_abstain=6,
        young_in_favour=1,
        young_against=2,
        young_abstain=3,
    )
    among = Count(silent=5, weights=(10,), members=(4,), twins=3, voters=2)
    assert tally_of(among, 15) == Tally(15, voters=2, on_options=10, by_twins=3, own_on_options=4)


def test_a_change_is_added_to_what_was() -> None:
    count = Count(silent=0, weights=(1, 2, 3, 4, 5, 6), members=(1, 1, 1, 0, 0, 0), twins=2, voters=3)
    once = tally_of(count, 50)
    assert moved(once, count.minus(count)) == once
    assert moved(moved(once, count), Count(0, (0,) * 6, (0,) * 6, 0, 0).minus(count)) == once
