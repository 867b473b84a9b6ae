"""How much a vote weighs: the formula, its file, and the bounds of a weight and of attributes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadInput, Conflict
from domain.weights import (
    MAX_ATTRIBUTES,
    MAX_NAME,
    MAX_TOTAL,
    MAX_VALUE,
    MAX_WEIGHT,
    Formula,
    check_total,
    checked_attributes,
    checked_weight,
)

NAMES = st.sampled_from(["shares", "years", "tasks"])
FORMULAS = st.builds(
    lambda base, each, ends: Formula(base, each, min(ends), max(ends)),
    st.integers(0, MAX_WEIGHT),
    st.dictionaries(NAMES, st.tuples(st.integers(0, 1_000), st.integers(1, 1_000))),
    st.tuples(st.integers(0, MAX_WEIGHT), st.integers(0, MAX_WEIGHT)),
)
ATTRIBUTES = st.dictionaries(NAMES, st.integers(0, MAX_VALUE))


def test_everybody_weighs_one_before_a_formula_is_set() -> None:
    assert Formula().weight({}) == Formula().weight({"shares": 9}) == 1


@pytest.mark.parametrize(
    ("attributes", "weight"),
    [({}, 2), ({"shares": 9}, 2), ({"shares": 29}, 3), ({"shares": 25, "years": 2}, 10), ({"years": 50}, 40)],
)
def test_shares_are_rounded_down_each_and_held_between_floor_and_cap(attributes: dict[str, int], weight: int) -> None:
    formula = Formula(base=1, each={"shares": (1, 10), "years": (7, 2)}, floor=2, cap=40)
    assert formula.weight(attributes) == weight


@given(FORMULAS, ATTRIBUTES, NAMES, st.integers(0, MAX_VALUE))
def test_a_weight_stays_within_its_bounds_and_never_falls_as_an_attribute_grows(
    formula: Formula, attributes: dict[str, int], name: str, more: int
) -> None:
    weight = formula.weight(attributes)
    assert formula.floor <= weight <= formula.cap
    assert formula.weight({**attributes, name: attributes.get(name, 0) + more}) >= weight


@given(FORMULAS)
def test_a_formula_comes_back_as_it_was_stored(formula: Formula) -> None:
    assert Formula.of_data(formula.to_data()) == formula


def test_a_file_may_be_short() -> None:
    assert Formula.of_data({}) == Formula()
    assert Formula.of_data({"each": {"shares": 3, "years": {"per": 2}}, "cap": 9}) == Formula(
        each={"shares": (3, 1), "years": (1, 2)}, cap=9
    )


@pytest.mark.parametrize(
    ("data", "field", "message"),
    [
        ({"bass": 1}, ("bass",), "bass is no key of a formula: base, each, floor and cap are."),
        ({"base": -1}, ("base",), "base must be a whole number from 0 to 1,000,000."),
        ({"base": 1.5}, ("base",), "base must be a whole number from 0 to 1,000,000."),
        ({"base": True}, ("base",), "base must be a whole number from 0 to 1,000,000."),
        ({"base": "1"}, ("base",), "base must be a whole number from 0 to 1,000,000."),
        ({"cap": MAX_WEIGHT + 1}, ("cap",), "cap must be a whole number from 0 to 1,000,000."),
        ({"floor": 3, "cap": 2}, ("floor",), "floor must not be above cap."),
        ({"each": ["shares"]}, ("each",), "Give an object of names and whole numbers."),
        ({"each": {"shares": "x"}}, ("each", "shares"), "shares must be a whole number from 0 to 1,000,000."),
        ({"each": {"shares": {"per": 0}}}, ("each", "shares", "per"), "per must be at least 1."),
        (
            {"each": {"shares": {"times": -1}}},
            ("each", "shares", "times"),
            "times must be a whole number from 0 to 1,000,000.",
        ),
    ],
)
def test_a_formula_that_cannot_be_names_its_key(data: dict[str, object], field: tuple[str, ...], message: str) -> None:
    with pytest.raises(BadInput) as refused:
        Formula.of_data(data)
    assert (refused.value.field, refused.value.message) == (field, message)


@pytest.mark.parametrize("weight", [0, 1, MAX_WEIGHT])
def test_the_bounds_of_a_weight_are_allowed(weight: int) -> None:
    assert checked_weight(weight) == weight


@pytest.mark.parametrize("weight", [-1, MAX_WEIGHT + 1])
def test_another_weight_is_refused(weight: int) -> None:
    with pytest.raises(BadInput, match=r"^weight must be between 0 and 1,000,000.$") as refused:
        checked_weight(weight, "action", "weight")
    assert refused.value.field == ("action", "weight")


def test_all_weights_together_have_a_bound() -> None:
    check_total(MAX_TOTAL)
    with pytest.raises(Conflict, match=r"^The weights of all members together may be at most 2,000,000,000.$"):
        check_total(MAX_TOTAL + 1)


def test_the_bounds_of_attributes_are_allowed() -> None:
    most = {"x" * (MAX_NAME - 2) + f"{number:02}": MAX_VALUE for number in range(MAX_ATTRIBUTES)}
    assert checked_attributes(most) == most
    assert checked_attributes({}) == {}


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        ([1], ("attributes",)),
        ({1: 1}, ("attributes",)),
        ({"": 1}, ("attributes",)),
        ({"x" * (MAX_NAME + 1): 1}, ("attributes",)),
        ({f"x{number}": 1 for number in range(MAX_ATTRIBUTES + 1)}, ("attributes",)),
        ({"shares": -1}, ("attributes", "shares")),
        ({"shares": MAX_VALUE + 1}, ("attributes", "shares")),
        ({"shares": 0.5}, ("attributes", "shares")),
        ({"shares": True}, ("attributes", "shares")),
    ],
)
def test_attributes_out_of_bounds_are_refused(attributes: object, field: tuple[str, ...]) -> None:
    with pytest.raises(BadInput) as refused:
        checked_attributes(attributes)
    assert refused.value.field == field
