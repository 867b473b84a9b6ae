"""Members: names, activity and weight."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import BadInput
from domain.members import ACTIVE_DAYS, MAX_NAME, Member, Role, Viewer, checked_name, inactive_before
from domain.weights import Formula

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def seen(at: datetime) -> Member:
    return Member(1, "s", "ada", "Ada", Role.MEMBER, 1, admitted=True, joined_at=at, last_seen=at)


def test_a_member_is_active_for_ninety_days_after_its_last_act() -> None:
    last = NOW - timedelta(days=ACTIVE_DAYS)
    assert not seen(last).active(at=NOW)
    assert seen(last + timedelta(milliseconds=1)).active(at=NOW)
    assert inactive_before(NOW) == last


def test_a_viewer_reads_its_own_group_and_the_dao() -> None:
    assert Viewer(7, Role.MEMBER).groups == ("member_7", "dao")
    assert Viewer(7, Role.ADMIN).groups == ("member_7", "dao")


def test_blanks_in_a_name_are_folded() -> None:
    assert checked_name("  Ada \n Lovelace ") == "Ada Lovelace"
    assert checked_name("x" * MAX_NAME) == "x" * MAX_NAME


@pytest.mark.parametrize("name", ["", "  ", "x" * (MAX_NAME + 1)])
def test_a_name_out_of_bounds_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match=r"^Give displayName in 1 to 80 characters.$") as refused:
        checked_name(name)
    assert refused.value.field == ("displayName",)


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_a_name_that_no_database_keeps_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match=r"^displayName holds a character that is none"):
        checked_name(name)


def test_a_weight_follows_the_formula_until_it_is_set_by_hand() -> None:
    formula = Formula(each={"shares": (1, 1)})
    owner = replace(seen(NOW), attributes={"shares": 8}).weighed(formula)
    assert owner.weight == 9
    fixed = owner.weighed(formula, fixed_weight=2)
    assert (fixed.weight, fixed.fixed_weight) == (2, 2)
    assert fixed.weighed(Formula()) == fixed
    assert fixed.weighed(formula, fixed_weight=None) == owner
    assert owner.weighed(formula, attributes={}).weight == 1


def test_a_weight_of_none_by_hand_is_not_the_formulas() -> None:
    assert seen(NOW).weighed(Formula(), fixed_weight=0).weight == 0


def test_before_it_is_admitted_a_member_weighs_nothing_and_keeps_what_it_was_given() -> None:
    out = seen(NOW).weighed(Formula(), admitted=False, fixed_weight=7)
    assert (out.weight, out.fixed_weight, out.admitted) == (0, 7, False)
    assert out.weighed(Formula(), admitted=True).weight == 7
