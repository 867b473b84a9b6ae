"""The rules in plain English."""

import pytest

from app.http.governance import sentence, span


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(1, "1 minute"), (90, "90 minutes"), (60, "1 hour"), (120, "2 hours"), (1440, "1 day"), (4320, "3 days")],
)
def test_spans_are_whole(minutes: int, said: str) -> None:
    assert span(minutes) == said


def test_a_rule_that_asks_for_nothing_is_not_told() -> None:
    quiet = [("strict", 0), ("sponsors_needed", 0), ("delegation_cap_percent", 100), ("minimum_discussion_minutes", 0)]
    assert [sentence(name, value) for name, value in quiet] == [""] * 4


def test_a_rule_without_words_is_named() -> None:
    assert sentence("cooling_minutes", 5) == "cooling minutes: 5"


def test_a_majority_of_half_is_more_than_half() -> None:
    assert "more than 50 %" in sentence("majority_percent", 50)
    assert "at least 51 %" in sentence("majority_percent", 51)
