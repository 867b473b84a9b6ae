"""Questions on the record: votes and decisions before what only sounds alike."""

from datetime import UTC, datetime

import pytest

from domain.asked import asked_first, asked_relations
from domain.facts import Fact, GraphEntity
from domain.periods import Window

MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
NOW = datetime(2026, 7, 1, tzinfo=UTC)


def fact(
    id: str, relation: str, subject: str, object_: str, *, since: datetime = MAY, until: datetime | None = None
) -> Fact:
    ends = GraphEntity(subject, subject, ("User",)), GraphEntity(object_, object_, ("Proposal",))
    return Fact(id, "dao", relation, f"{subject} {relation} {object_}", *ends, since, until, since, "t")


TOPIC = fact("topic", "MENTIONS", "printer-log.md", "Printer")
FEMI = fact("femi", "VOTED", "Femi Adeyemi", "Replace the printer")
ANA = fact("ana", "VOTED", "Ana Ribeiro", "Replace the printer")
ANA_BEFORE = fact("before", "VOTED", "Ana Ribeiro", "Replace the printer", until=JUNE)
ELSEWHERE = fact("elsewhere", "VOTED", "Ana Ribeiro", "Night orders")
MADE_IN_MAY = fact("may", "DECIDED", "Night orders", "Resolution 1")
MADE_IN_JUNE = fact("june", "DECIDED", "A dryer", "Resolution 2", since=JUNE)


def order(query: str, *found: Fact, limit: int = 9, window: Window | None = None) -> list[str]:
    scored = [(each, 0.5) for each in found]
    return [each.id for each, _ in asked_first(scored, query, window=window, at=NOW, limit=limit)]


@pytest.mark.parametrize(
    ("query", "relations"),
    [
        ("How did Ana vote on the printer?", {"VOTED"}),
        ("Whose ballot decided it?", {"VOTED", "DECIDED"}),
        ("Who proposed the dryer?", {"PROPOSED"}),
        ("What does the printer cost?", set()),
    ],
)
def test_the_verb_names_the_relation(query: str, relations: set[str]) -> None:
    assert asked_relations(query) == relations


def test_the_named_members_vote_on_the_named_thing_stands_first() -> None:
    assert order("How did Ana vote on the printer?", TOPIC, FEMI, ELSEWHERE, ANA) == [
        "ana",
        "femi",
        "elsewhere",
        "topic",
    ]


def test_a_closed_vote_is_found_before_others_votes_and_told_after_them() -> None:
    found = (TOPIC, FEMI, ANA, ANA_BEFORE)
    assert order("How did Ana vote on the printer?", *found, limit=3) == ["ana", "femi", "before"]


def test_what_was_decided_in_a_period_stands_before_what_was_decided_earlier() -> None:
    window = Window(JUNE, NOW)
    assert order("What was decided in June?", MADE_IN_MAY, MADE_IN_JUNE, window=window) == ["june", "may"]


def test_any_other_query_keeps_the_order_and_tells_closed_facts_last() -> None:
    assert order("Where is the printer?", ANA_BEFORE, TOPIC, FEMI) == ["topic", "femi", "before"]
