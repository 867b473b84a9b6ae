"""Ballots among options: what is refused and why, and one form for what means the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadInput
from domain.option_ballots import KINDS, OptionBallot, checked_ballot
from domain.rules import VotingSystem

SINGLE, APPROVAL, WEIGHTED = VotingSystem.SINGLE_CHOICE, VotingSystem.APPROVAL, VotingSystem.WEIGHTED
SCHULZE, RUNOFF, QUADRATIC = VotingSystem.RANKED_SCHULZE, VotingSystem.RANKED_INSTANT_RUNOFF, VotingSystem.QUADRATIC
OPTIONS = 4

some_options = st.lists(st.integers(1, OPTIONS), unique=True)
some_shares = st.dictionaries(st.integers(1, OPTIONS), st.integers(0, 1_000_000)).filter(lambda s: any(s.values()))
BALLOTS = {
    "single": st.builds(OptionBallot, single=st.integers(1, OPTIONS)),
    "approved": some_options.map(lambda options: OptionBallot(approved=tuple(options))),
    "ranking": some_options.map(lambda options: OptionBallot(ranking=tuple(options))),
    "shares": some_shares.map(lambda shares: OptionBallot(shares=tuple(shares.items()))),
}
some_ballots = st.sampled_from(sorted(KINDS)).flatmap(lambda system: st.tuples(st.just(system), BALLOTS[KINDS[system]]))


@pytest.mark.parametrize(
    ("system", "ballot", "field", "message"),
    [
        (SINGLE, None, (), "Give ballot.single: the proposal is SINGLE_CHOICE."),
        (WEIGHTED, OptionBallot(), (), "Give ballot.shares: the proposal is WEIGHTED."),
        (
            VotingSystem.BASIC,
            OptionBallot(single=1),
            (),
            "Give choice and no ballot: the proposal is BASIC.",
        ),
        (
            SCHULZE,
            OptionBallot(approved=(1,)),
            ("approved",),
            "Give ballot.ranking and not approved: the proposal is RANKED_SCHULZE.",
        ),
        (
            SINGLE,
            OptionBallot(single=1, ranking=(1,)),
            ("ranking",),
            "Give ballot.single and not ranking: the proposal is SINGLE_CHOICE.",
        ),
        (SINGLE, OptionBallot(single=0), ("single",), "There is no option 0: they count from 1 to 4."),
        (APPROVAL, OptionBallot(approved=(1, 5)), ("approved",), "There is no option 5: they count from 1 to 4."),
        (APPROVAL, OptionBallot(approved=(2, 2)), ("approved",), "Option 2 is named twice: name each at most once."),
        (RUNOFF, OptionBallot(ranking=(3, 1, 3)), ("ranking",), "Option 3 is named twice: name each at most once."),
        (
            QUADRATIC,
            OptionBallot(shares=((1, 5), (1, 5))),
            ("shares",),
            "Option 1 is named twice: name each at most once.",
        ),
        (WEIGHTED, OptionBallot(shares=((1, -1), (2, 3))), ("shares",), "A share must be between 0 and 1000000."),
        (WEIGHTED, OptionBallot(shares=((1, 1_000_001),)), ("shares",), "A share must be between 0 and 1000000."),
        (WEIGHTED, OptionBallot(shares=((1, 0), (2, 0))), ("shares",), "Give at least one option a share above 0."),
        (QUADRATIC, OptionBallot(shares=()), ("shares",), "Give at least one option a share above 0."),
    ],
)
def test_a_ballot_that_does_not_fit_is_refused_by_field(
    system: VotingSystem, ballot: OptionBallot | None, field: tuple[str, ...], message: str
) -> None:
    with pytest.raises(BadInput) as refused:
        checked_ballot(system, ballot, OPTIONS)
    assert (refused.value.field, refused.value.message) == (("ballot", *field), message)


@pytest.mark.parametrize(
    ("system", "ballot"), [(APPROVAL, OptionBallot(approved=())), (SCHULZE, OptionBallot(ranking=()))]
)
def test_to_approve_or_rank_none_is_a_ballot(system: VotingSystem, ballot: OptionBallot) -> None:
    assert checked_ballot(system, ballot, OPTIONS) == ballot


def test_a_partial_ranking_keeps_its_order() -> None:
    assert checked_ballot(RUNOFF, OptionBallot(ranking=(3, 1)), OPTIONS) == OptionBallot(ranking=(3, 1))


@given(some_ballots)
def test_a_checked_ballot_comes_back_from_its_data(cast: tuple[VotingSystem, OptionBallot]) -> None:
    checked = checked_ballot(*cast, OPTIONS)
    assert OptionBallot.from_data(json.loads(json.dumps(checked.to_data()))) == checked
    assert checked_ballot(cast[0], checked, OPTIONS) == checked


@given(some_options.flatmap(lambda options: st.tuples(st.just(options), st.permutations(options))))
def test_the_order_of_approved_options_and_shares_is_no_part_of_a_ballot(orders: tuple[list[int], list[int]]) -> None:
    first, second = (checked_ballot(APPROVAL, OptionBallot(approved=tuple(order)), OPTIONS) for order in orders)
    assert first.to_data() == second.to_data()
    if orders[0]:
        one, other = (OptionBallot(shares=tuple((option, option) for option in order)) for order in orders)
        assert checked_ballot(WEIGHTED, one, OPTIONS) == checked_ballot(WEIGHTED, other, OPTIONS)


def test_data_has_the_contract_s_shape() -> None:
    ballot = checked_ballot(WEIGHTED, OptionBallot(shares=((2, 70), (1, 30))), OPTIONS)
    assert ballot.to_data() == {"shares": [{"option": 1, "share": 30}, {"option": 2, "share": 70}]}
    assert OptionBallot(single=2).to_data() == {"single": 2}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"single": True},
        {"single": "1"},
        {"single": 1, "ranking": [1]},
        {"approved": 1},
        {"approved": [1.0]},
        {"ranking": ["1"]},
        {"shares": [[1, 2]]},
        {"shares": [{"option": 1}]},
        {"shares": [{"option": 1, "share": 2, "more": 3}]},
        {"shares": [{"option": 1, "share": None}]},
        {"other": 1},
    ],
)
def test_data_of_another_shape_is_no_ballot(data: dict[str, object]) -> None:
    with pytest.raises(BadInput) as refused:
        OptionBallot.from_data(data)
    assert refused.value.field[0] == "ballot"
