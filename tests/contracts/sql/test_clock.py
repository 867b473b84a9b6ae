"""What a process tells as the time when its machine's clock is wrong: the database's, as commands find it."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.sql.clock import DatabaseClock
from adapters.sql.database import Database
from domain.rules import Rules

WRONG = timedelta(hours=1)


class Machine:
    """Its clock, which may be set; the seconds that pass are true."""

    def __init__(self) -> None:
        self.wrong = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.wrong


@pytest.mark.parametrize("wrong", [WRONG, -WRONG])
async def test_a_machine_whose_clock_is_an_hour_off_tells_the_databases_time(url: str, wrong: timedelta) -> None:
    """Postgres has a clock of its own, on SQLite the machine's was right until it was set."""
    machine = Machine()
    if not url.startswith("sqlite"):
        machine.wrong = wrong
    database = Database(url, clock=DatabaseClock(wall=machine))
    await database.transact(lambda work: work.daos.ensure("Hall", Rules()))
    commands = await database.transact(lambda work: work.now())
    machine.wrong = wrong
    assert abs(database.now() - commands) < timedelta(seconds=30)
    assert abs(database.now() - datetime.now(UTC)) < timedelta(seconds=30)
    await database.close()
