"""Global ids and cursors: whatever is not exactly ours is refused, naming the field."""

from base64 import urlsafe_b64encode
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.errors import BadInput
from schema.cursors import cursor_of, key_of
from schema.ids import KEYS, ROW, global_id, noun_and_key, row_id

NOUNS = sorted(noun for noun, shape in KEYS.items() if shape is ROW)
ROWS = some.integers(1, 2**31 - 1)
PARTS = some.lists(some.integers(-(2**63), 2**31 - 1) | some.text(max_size=20), min_size=1, max_size=3)


def raw(text: str | bytes) -> str:
    content = text.encode() if isinstance(text, str) else text
    return urlsafe_b64encode(content).decode().rstrip("=")


def sealed(text: str) -> str:
    """As a cursor of ours would be that says this."""
    content = text.encode()
    return raw(content + crc32(content).to_bytes(4))


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


@pytest.mark.parametrize("letter", ["e", "é", "語", "🖨", "\t"])
def test_a_cursor_holds_the_longest_title(letter: str) -> None:
    key = (letter * 200, 2**31 - 1)
    assert key_of("policies", cursor_of("policies", key), "after") == key


@given(PARTS, some.integers(0), some.sampled_from("Aa0-_"))
def test_no_changed_letter_makes_another_cursor(key: list[int | str], at: int, letter: str) -> None:
    cursor = cursor_of("members", tuple(key))
    at %= len(cursor)
    changed = f"{cursor[:at]}{letter}{cursor[at + 1 :]}"
    for text in {changed, cursor[:at], f"{cursor}{letter}"} - {cursor}:
        with pytest.raises(BadInput, match="after is no cursor of this list"):
            key_of("members", text, "after")


@given(PARTS)
def test_a_cursor_of_another_list_is_refused(key: list[int | str]) -> None:
    with pytest.raises(BadInput, match="before is no cursor of this list") as refused:
        key_of("members", cursor_of("votes", tuple(key)), "before")
    assert refused.value.field == ("before",)


def test_a_sealed_text_is_a_cursor() -> None:
    assert key_of("members", sealed('["members",1]'), "after") == (1,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "42",
        raw('["members",1]'),
        sealed("null"),
        sealed("[]"),
        sealed('["members"]'),
        sealed('["members", 1]'),
        sealed('["members",true]'),
        sealed('["members",1.5]'),
        sealed('["members",9223372036854775808]'),
        sealed('["members",null]'),
        sealed('["members",[1]]'),
        sealed('["members",1]') + "=",
        "A" * 600,
        "A" * 2_049,
        sealed("[" * 300),
    ],
)
def test_a_crooked_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        key_of("members", text, "after")
