"""Stretches of time that questions name."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.periods import MONTHS, Window, period_in

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)  # a Wednesday


MOMENTS = st.integers(-2_000_000_000, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NAMED = [
    ("What was decided in May?", "2026-05-01", "2026-06-01"),
    ("what happened in june", "2025-06-01", "2025-07-01"),
    ("Who joined in March 2025?", "2025-03-01", "2025-04-01"),
    ("What passed in 2024?", "2024-01-01", "2025-01-01"),
    ("What did we decide last week?", "2026-05-11", "2026-05-18"),
    ("last month?", "2026-04-01", "2026-05-01"),
    ("Which proposals failed last year?", "2025-01-01", "2026-01-01"),
    ("this week", "2026-05-18", "2026-05-25"),
    ("this month", "2026-05-01", "2026-06-01"),
    ("who voted yesterday?", "2026-05-19", "2026-05-20"),
    ("who voted today?", "2026-05-20", "2026-05-21"),
    ("since June", "2025-06-01", None),
    ("after May 3", "2026-05-04", None),
    ("before 3 May 2026", None, "2026-05-03"),
    ("until the 3rd of May", None, "2026-05-04"),
    ("between March and May", "2026-03-01", "2026-06-01"),
    ("between November and February", "2025-11-01", "2026-03-01"),
    ("from 3 May to 7 May", "2026-05-03", "2026-05-08"),
    ("on 2026-05-03", "2026-05-03", "2026-05-04"),
    ("What was decided on May 3rd, 2025?", "2025-05-03", "2025-05-04"),
    ("in Q2", "2026-04-01", "2026-07-01"),
    ("in Q3", "2025-07-01", "2025-10-01"),
    ("in the third quarter of 2024", "2024-07-01", "2024-10-01"),
    ("last quarter", "2026-01-01", "2026-04-01"),
    ("two weeks ago", "2026-05-04", "2026-05-11"),
    ("3 days ago", "2026-05-17", "2026-05-18"),
    ("a month ago", "2026-04-01", "2026-05-01"),
    ("two years ago", "2024-01-01", "2025-01-01"),
    ("last Monday", "2026-05-18", "2026-05-19"),
    ("on Friday", "2026-05-15", "2026-05-16"),
    ("Who may vote in May?", "2026-05-01", "2026-06-01"),
    ("on 29 February", "2024-02-29", "2024-03-01"),
]


@pytest.mark.parametrize(("question", "start", "end"), NAMED)
def test_a_named_period_is_its_window(question: str, start: str | None, end: str | None) -> None:
    assert period_in(question, NOW) == Window(day(start) if start else None, day(end) if end else None)


@pytest.mark.parametrize(
    "question",
    ["May I vote?", "who may march?", "What may I print?", "march on", "What does a printer of 2000 euros cost?",
     "on 31 June", "Who services the Voron?", "in mayonnaise", "on 2026-13-40", ""],
)  # fmt: skip
def test_a_question_without_a_period_names_none(question: str) -> None:
    assert period_in(question, NOW) is None


def test_the_last_days_end_now_and_stay_open() -> None:
    assert period_in("in the last 10 days", NOW) == Window(NOW - timedelta(days=10), None)
    assert period_in("over the past three months", NOW) == Window(datetime(2026, 2, 20, 12, tzinfo=UTC), None)


@given(st.sampled_from(MONTHS), MOMENTS)
def test_a_month_without_a_year_is_the_latest_that_has_begun(month: str, now: datetime) -> None:
    window = period_in(f"What was decided in {month}?", now)
    assert window is not None
    assert window.start is not None
    assert now - timedelta(days=366) < window.start <= now
    assert MONTHS[window.start.month - 1] == month


@given(st.text(max_size=60), MOMENTS)
def test_any_text_is_read_without_an_error(text: str, now: datetime) -> None:
    window = period_in(f"since {text} ago", now)
    assert window is None or window.start is None or window.end is None or window.start < window.end


def test_a_window_is_half_open() -> None:
    window = Window(day("2026-05-01"), day("2026-06-01"))
    assert window.holds(day("2026-05-01"))
    assert not window.holds(day("2026-06-01"))
    assert Window(None, None).holds(NOW)
