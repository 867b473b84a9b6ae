"""Ballots as Snapshot writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.option_ballots import OptionBallot
from domain.public import TYPES
from domain.rules import VotingSystem
from domain.tally import Choice
from schema.snapshot.choices import SnapshotChoice, basic_choice, option_choice


def test_basic_is_for_against_abstain() -> None:
    assert [basic_choice(choice) for choice in (Choice.FOR, Choice.AGAINST, Choice.ABSTAIN)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("ballot", "told"),
    [
        (OptionBallot(single=2), 2),
        (OptionBallot(approved=(3, 1)), [1, 3]),
        (OptionBallot(approved=()), []),
        (OptionBallot(ranking=(2, 3, 1)), [2, 3, 1]),
        (OptionBallot(ranking=()), []),
        (OptionBallot(shares=((2, 30), (1, 70))), {"1": 70, "2": 30}),
    ],
)
def test_each_form_has_its_own(ballot: OptionBallot, told: SnapshotChoice) -> None:
    assert option_choice(ballot) == told


def test_a_ballot_without_a_form_is_refused() -> None:
    with pytest.raises(ValueError, match="one of its four forms"):
        option_choice(OptionBallot())


@given(st.permutations(range(1, 9)))
def test_a_ranking_keeps_its_order(ranking: list[int]) -> None:
    assert option_choice(OptionBallot(ranking=tuple(ranking))) == ranking


@given(st.dictionaries(st.integers(1, 20), st.integers(1, 100), min_size=1))
def test_shares_stay_with_their_option(shares: dict[int, int]) -> None:
    told = option_choice(OptionBallot(shares=tuple(shares.items())))
    assert isinstance(told, dict)
    assert {int(option): share for option, share in told.items()} == shares


def test_every_system_has_a_type_of_snapshots() -> None:
    assert set(TYPES) == set(VotingSystem)
    assert set(TYPES.values()) == {"basic", "single-choice", "approval", "ranked-choice", "weighted", "quadratic"}
