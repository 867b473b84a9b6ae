"""Times come back as they went in, in UTC and whole milliseconds."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.orm import Session

from adapters.sql.clock import database_clock
from adapters.sql.types import UtcDateTime
from adapters.sql.writer import connection_of
from evals.hall import Hall

TABLE = Table("moment", MetaData(), Column("id", Integer, primary_key=True), Column("at", UtcDateTime()))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, None),
        (datetime(2026, 3, 1, 12, 0, 0, 123_000, UTC), datetime(2026, 3, 1, 12, 0, 0, 123_000, UTC)),
        (datetime(2026, 3, 1, 12, 0, 0, 123_999, UTC), datetime(2026, 3, 1, 12, 0, 0, 123_000, UTC)),
        (datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=-5))), datetime(2026, 3, 1, 17, tzinfo=UTC)),
        (datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)),
        (datetime(9999, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)),
    ],
)
async def test_a_time_comes_back_in_utc_and_milliseconds(
    database: Hall, given: datetime | None, kept: datetime | None
) -> None:
    def command(session: Session) -> tuple[datetime | None, list[int]]:
        connection = connection_of(session)
        TABLE.create(connection)
        connection.execute(insert(TABLE), {"id": 1, "at": given})
        equal = connection.scalars(select(TABLE.c.id).where(TABLE.c.at == kept)).all()  # IS NULL for None
        found: datetime | None = connection.scalars(select(TABLE.c.at)).one()
        TABLE.drop(connection)
        return found, list(equal)

    found, equal = await database.writer(command)
    assert found == kept
    assert found is None or found.tzinfo is UTC
    assert equal == [1]


async def test_a_time_without_zone_is_refused(database: Hall) -> None:
    def command(session: Session) -> None:
        connection_of(session).execute(select(TABLE.c.id).where(TABLE.c.at == datetime(2026, 3, 1)))  # noqa: DTZ001  # on purpose

    with pytest.raises(Exception, match="A time needs its zone"):
        await database.writer(command)


async def test_the_database_s_clock_is_aware_and_goes_on(database: Hall) -> None:
    def command(session: Session) -> list[datetime]:
        return [database_clock(session) for _ in range(3)]

    times = await database.writer(command)
    assert times == sorted(times)
    assert all(at.tzinfo is UTC and at.microsecond % 1000 == 0 for at in times)
    assert abs(times[0] - datetime.now(UTC)) < timedelta(minutes=1)
