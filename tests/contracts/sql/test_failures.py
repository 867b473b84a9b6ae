"""A database that is full or away: a failure in plain words, nothing half done, and life goes on afterwards."""

import asyncio
from functools import partial

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.meters.prometheus import PrometheusMeters
from adapters.sql.figures import SqlFigures
from adapters.sql.topics import TopicRow
from adapters.sql.writer import SqliteWriter
from domain.alerts import AlertCode
from domain.errors import StoreFailed, VoteFailed
from domain.members import Claims, Role
from domain.tally import Choice
from domain.transactions import Work
from evals.hall import Hall
from services.votes import Said, Votes
from tests.contracts.sql.sharing import recounted, voting
from tests.contracts.sql.times import T0


class Heard:
    """Port `Alerts`."""

    def __init__(self) -> None:
        self.alerts: list[tuple[AlertCode, str]] = []

    def raise_(self, code: AlertCode, *, subject: str, message: str) -> None:
        self.alerts.append((code, subject))


async def limited(database: Hall, pages: int | None) -> None:
    """Let SQLite's file grow by so many pages at most, as a full disk would; None: without bound."""
    if not isinstance(database.writer, SqliteWriter):
        pytest.skip("postgres: its disk is the server's")

    def limit(session: Session) -> None:
        count = session.scalar(text("PRAGMA page_count")) or 0
        session.execute(text(f"PRAGMA max_page_count = {1 << 30 if pages is None else count + pages}"))

    await database.writer(limit)


async def test_a_full_disk_costs_no_acknowledged_ballot_and_is_told(database: Hall) -> None:
    [viewer, _], proposal_id = await voting(database, members=2)
    meters, heard = PrometheusMeters(), Heard()
    votes, accepted = Votes(database.transact, meters=meters, alerts=heard), list[int]()
    await limited(database, 2)

    async def cast_until_full() -> None:
        for number in range(100):
            said = Said(Choice.FOR if number % 2 else Choice.AGAINST, reason="x" * 1_900)
            accepted.append((await votes.cast(viewer, proposal_id, said)).vote_id)

    with pytest.raises(VoteFailed) as failed:
        await cast_until_full()
    assert failed.value.message == (
        "Your ballot was not acknowledged: cast it again. The database has no space left on its disk. Try again later."
    )
    assert (failed.value.code, failed.value.retryable) == ("VOTE_ERROR", True)
    assert heard.alerts == [("VOTE_ERROR", f"proposal:{proposal_id}")]
    assert 'frontier_ballots_total{outcome="failed"} 1.0' in meters.text().decode()
    assert accepted
    await limited(database, None)
    await votes.cast(viewer, proposal_id, Said(Choice.FOR))
    tally = await recounted(database, proposal_id)
    assert (tally.in_favour, tally.against, tally.voters) == (1, 0, 1)
    kept = await database.reader(lambda session: session.scalar(text("SELECT count(*) FROM ballot")))
    assert kept == len(accepted) + 1


async def test_reads_go_on_while_the_disk_is_full(database: Hall) -> None:
    await voting(database, members=1)
    await limited(database, 0)

    def fill(session: Session) -> None:
        session.execute(text("CREATE TABLE filler AS SELECT randomblob(1000000)"))

    with pytest.raises(SQLAlchemyError, match="full"):
        await database.writer(fill)
    figures = await SqlFigures(database.reader).read()
    assert figures.dead == 0
    assert figures.pending["event"] > 0


async def test_a_lost_connection_is_told_and_the_next_command_runs(database: Hall) -> None:
    if isinstance(database.writer, SqliteWriter):
        pytest.skip("sqlite: it has no connection to lose")

    def lost(session: Session) -> None:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(StoreFailed, match=r"^The database does not answer\. Try again later\.$"):
        await database.reader(lost)
    assert await database.transact(entered) > 0


@pytest.mark.parametrize("together", [None, "proposal:1"])
async def test_commands_whose_connection_was_lost_before_their_commit_run_again(
    database: Hall, together: str | None
) -> None:
    if isinstance(database.writer, SqliteWriter):
        pytest.skip("sqlite: it has no connection to lose")
    runs = list[str]()

    def command(session: Session, *, key: str) -> int:
        session.execute(insert(TopicRow).values(title=key, key=key))
        runs.append(key)
        if runs.count("rent") == 1 and key == "rent":
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return runs.count(key)

    keys = ("heating", "rent", "noise")
    ran = await asyncio.gather(*(database.writer(partial(command, key=key), together=together) for key in keys))
    assert ran == [2 if together else 1, 2, 1]
    assert sorted(await database.reader(lambda session: list(session.scalars(select(col(TopicRow.key)))))) == sorted(
        keys
    )


def entered(work: Work) -> int:
    return work.members.add(Claims("bo", "bo", Role.MEMBER, T0), handle="bo", at=T0).id


async def test_a_fault_of_our_own_is_not_the_databases(database: Hall) -> None:
    with pytest.raises(SQLAlchemyError, match="nowhere"):
        await database.reader(lambda session: session.execute(text("SELECT * FROM nowhere")))
