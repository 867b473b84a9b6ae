"""Members: names and activity."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import BadInput
from domain.members import ACTIVE_DAYS, MAX_NAME, Member, Role, Viewer, checked_name

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def seen(at: datetime) -> Member:
    return Member(1, "s", "ada", "Ada", Role.MEMBER, 1, admitted=True, joined_at=at, last_seen=at)


def test_a_member_is_active_for_ninety_days_after_its_last_act() -> None:
    last = NOW - timedelta(days=ACTIVE_DAYS)
    assert not seen(last).active(at=NOW)
    assert seen(last + timedelta(milliseconds=1)).active(at=NOW)


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
