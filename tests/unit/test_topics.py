"""Topics: their keys, and those that a document is about."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.entities import Mention
from domain.topics import MAX_TOPICS, topic_key, topics_in

BYLAWS = """# Bylaws of Northern Print Works

## Quorum and majority
A proposal passes when sixty percent of the weight takes part. Quorum counts abstentions.

## Reserve fund
The reserve fund holds twelve percent of revenue. Reserve funds are spent on spare parts since 5 May 2024.
Ana Petrova keeps the reserve fund. Ana Petrova says so in May.

## Filament storage
Filament storage must be dry; filament storage is checked by Ana Petrova, who prints Ana Petrova's name.
"""


def mention(text: str, type: str) -> Mention:
    return Mention(text, type, 0, len(text.encode()), "test")


MENTIONS = [mention("Ana Petrova", "PERSON"), mention("Northern Print Works", "ORG"), mention("5 May 2024", "DATE")]


def test_headings_and_what_returns_are_the_topics() -> None:
    assert topics_in(BYLAWS, MENTIONS, "bylaws.md") == [
        "Reserve fund",
        "Filament storage",
        "Northern Print Works",
        "Bylaws",
        "Quorum",
        "Majority",
    ]


def test_neither_persons_nor_dates_nor_stop_words_are_topics() -> None:
    topics = topics_in("The the May 2024. Ana Petrova said it on Monday. " * 20, MENTIONS[:1], "notes.txt")
    assert topics == []


def test_what_is_said_once_is_a_topic_only_when_it_is_named_or_in_the_title() -> None:
    text = "The GDPR applies to logs. Solvents are forbidden."
    assert topics_in(text, [], "a.txt") == []
    assert topics_in(text, [mention("GDPR", "LAW")], "a.txt") == ["GDPR"]
    assert topics_in(text, [], "ventilation-policy_v2.pdf") == ["Ventilation policy"]


def test_singular_and_plural_are_one_topic_spelled_as_first_seen() -> None:
    assert topics_in("We clean a print bed. Print beds wear. PRINT BEDS cost.", [], "x") == ["Print bed"]


def test_no_topic_repeats_the_words_of_another() -> None:
    topics = topics_in("reserve fund, fund, reserve. " * 3 + "reserve fund rules. " * 2, [], "")
    assert topics == ["Reserve fund"]


def test_topics_do_not_depend_on_the_order_of_equal_candidates() -> None:
    assert topics_in("zinc, alum, " * 3, [], "") == topics_in("alum, zinc, " * 3, [], "") == ["Alum", "Zinc"]


@settings(deadline=None)
@given(text=st.text(max_size=300), title=st.text(max_size=40))
def test_any_text_gives_few_short_distinct_titles(text: str, title: str) -> None:
    topics = topics_in(text * 3, [], title)
    assert len(topics) <= MAX_TOPICS
    assert len({topic_key(topic) for topic in topics}) == len(topics)
    assert all(1 <= len(topic.split()) <= 4 and topic_key(topic) for topic in topics)


@pytest.mark.parametrize("spelling", ["Reserve Fund", "  reserve   fund ", "RESERVE-FUND!", "Ｒeserve fund"])
def test_spellings_of_one_topic_share_a_key(spelling: str) -> None:
    assert topic_key(spelling) == "reserve fund"
