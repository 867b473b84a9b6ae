"""DateTime in and out."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as some

from schema.scalars import read_moment, written

OFFSETS = some.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
FIRST, LAST = datetime(1000, 1, 2), datetime(9999, 1, 1)  # noqa: DTZ001  # hypothesis wants them without a zone
MOMENTS = some.datetimes(min_value=FIRST, max_value=LAST, timezones=OFFSETS)


def test_a_moment_is_written_in_utc_with_milliseconds() -> None:
    assert written(datetime(2026, 3, 1, 12, 0, 0, 999_999, tzinfo=UTC)) == "2026-03-01T12:00:00.999Z"
    assert written(datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2026-02-28T23:00:00.000Z"


@given(MOMENTS)
def test_what_is_written_is_read_again(moment: datetime) -> None:
    read = read_moment(written(moment))
    assert moment - timedelta(milliseconds=1) < read <= moment


@pytest.mark.parametrize(
    "text", ["2026-03-01T12:00:00Z", "2026-03-01T13:00:00+01:00", "2026-03-01T12:00:00.000000999Z"]
)
def test_any_offset_is_read(text: str) -> None:
    assert read_moment(text) == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "today",
        "2026-03-01",
        "2026-03-01T12:00:00",
        "2026-02-30T12:00:00Z",
        "2026-03-01 12:00:00Z",
        "20260301T120000Z",
        "2026-03-01T25:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "٢٠٢٦-03-01T12:00:00Z",
        1772366400,
        None,
        True,
    ],
)
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="A DateTime is ISO-8601 with an offset"):
        read_moment(value)
