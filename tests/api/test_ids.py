"""Global ids and cursors: whatever is not exactly ours is refused, naming the field."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.errors import BadInput
from schema.cursors import cursor_of, key_of
from schema.ids import KEYS, ROW, global_id, noun_and_key, row_id

NOUNS = sorted(noun for noun, shape in KEYS.items() if shape is ROW)
ROWS = some.integers(1, 2**31 - 1)
PARTS = some.lists(some.integers(-(2**63), 2**31 - 1) | some.text(max_size=20), min_size=1, max_size=3)


def raw(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(some.sampled_from(NOUNS), ROWS)
def test_an_id_names_its_row(noun: str, row: int) -> None:
    assert row_id(noun, global_id(noun, row)) == row


@given(some.sampled_from(NOUNS), some.sampled_from(NOUNS), ROWS)
def test_an_id_of_another_noun_is_refused(noun: str, other: str, row: int) -> None:
    if noun != other:
        with pytest.raises(BadInput, match=f"proposalId is the id of a {other}: give the id of a {noun}"):
            row_id(noun, global_id(other, row), "proposalId")


@given(some.text(max_size=60))
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        noun_and_key(text, "input", "memberId")
    assert refused.value.field == ("input", "memberId")


@pytest.mark.parametrize(
    "text",
    [
        raw("Member:0"),
        raw("Member:01"),
        raw("Member:-1"),
        raw("Member:9223372036854775808"),
        raw("Member:1 "),
        raw("Member:١"),
        raw("Member:1") + "==",
        raw("Nothing:1"),
        raw("Fact:1"),
        raw("Member:"),
        raw("Member"),
        "",
        "%",
    ],
)
def test_a_crooked_id_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        noun_and_key(text)


def test_a_fact_is_named_by_its_uuid() -> None:
    uuid = "3f2a1b6c-0d4e-5f60-8a7b-9c0d1e2f3a4b"
    assert noun_and_key(global_id("Fact", uuid)) == ("Fact", uuid)


@given(PARTS)
def test_a_cursor_holds_its_key(key: list[int | str]) -> None:
    assert key_of("members", cursor_of("members", tuple(key)), "after") == tuple(key)


@given(PARTS)
def test_a_cursor_of_another_list_is_refused(key: list[int | str]) -> None:
    with pytest.raises(BadInput, match="before is no cursor of this list") as refused:
        key_of("members", cursor_of("votes", tuple(key)), "before")
    assert refused.value.field == ("before",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "42",
        raw("null"),
        raw("[]"),
        raw('["members"]'),
        raw('["members", 1]'),
        raw('["members",true]'),
        raw('["members",1.5]'),
        raw('["members",9223372036854775808]'),
        raw('["members",null]'),
        raw('["members",[1]]'),
        raw('["members",1]') + "=",
        "A" * 600,
        raw("[" * 300),
    ],
)
def test_a_crooked_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        key_of("members", text, "after")
