"""Postgres: commands that change one row wait in a line and share commits. SQLite's share them all: test_late.py."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.sql.members import MemberRow
from adapters.sql.pages import rows_of
from adapters.sql.postgres_writer import LANES, PostgresWriter
from adapters.sql.resolutions import ResolutionRow
from adapters.sql.votes import BallotRow
from domain.errors import AlreadyResolved, NoVotingPower, Refused, VoteFailed
from domain.members import Role, Viewer
from domain.tally import Choice, Tally
from domain.transactions import Once
from evals.hall import Hall, hall
from services.votes import Counted, Said
from tests.contracts.sql.sharing import recounted, rows, told, voting
from tests.contracts.sql.times import Clock


@pytest.fixture(autouse=True)
def on_postgres(database: Hall) -> None:
    if not isinstance(database.writer, PostgresWriter):
        pytest.skip("sqlite: whatever waits shares a commit")


class Commits:
    """How many there were."""

    def __init__(self, hall: Hall) -> None:
        self.seen = 0
        assert isinstance(hall.writer, PostgresWriter)
        event.listen(hall.writer._engine.sync_engine, "commit", self._count)

    def _count(self, _connection: object) -> None:
        self.seen += 1


async def test_ballots_on_one_proposal_share_a_commit(database: Hall) -> None:
    viewers, proposal_id = await voting(database, members=50)
    commits = Commits(database)
    await asyncio.gather(*(database.votes.cast(viewer, proposal_id, Said(Choice.FOR)) for viewer in viewers))
    assert commits.seen == 1
    assert await recounted(database, proposal_id) == Tally(50, in_favour=50, voters=50, own_in_favour=50)
    assert (await rows(database, BallotRow), await told(database)) == (50, 50)


async def test_ballots_on_many_proposals_share_commits_too(database: Hall) -> None:
    viewers, first = await voting(database, members=6)
    proposals = [first, *[await database.put_to_vote(viewer, f"By {viewer.member_id}") for viewer in viewers[1:]]]
    commits = Commits(database)
    casts = [(viewer, proposal_id) for viewer in viewers for proposal_id in proposals]
    await asyncio.gather(*(database.votes.cast(*cast, Said(Choice.FOR)) for cast in casts))
    assert commits.seen <= LANES
    for proposal_id in proposals:
        assert await recounted(database, proposal_id) == Tally(6, in_favour=6, voters=6, own_in_favour=6)


async def test_processes_that_decide_the_same_proposals_at_once_never_wait_for_each_other(
    database: Hall, url: str, clock: Clock
) -> None:
    viewers = await database.seat([1, 1, 1])
    proposals = [await database.put_to_vote(viewers[number % 3], f"Number {number}") for number in range(9)]
    codes: list[str] = []
    async with hall(url, clock=clock) as other:
        for process in (database, other):
            assert isinstance(process.writer, PostgresWriter)
            event.listen(
                process.writer._engine.sync_engine,
                "handle_error",
                lambda context: codes.append(context.original_exception.sqlstate),
            )
        casts = [
            (process, viewer, proposal_id)
            for process, ids in ((database, proposals), (other, proposals[::-1]))
            for proposal_id in ids
            for viewer in viewers
        ]
        acts = (process.votes.cast(viewer, id, Said(Choice.FOR)) for process, viewer, id in casts)
        outcomes = {type(outcome) for outcome in await asyncio.gather(*acts, return_exceptions=True)}
    assert outcomes <= {Counted, AlreadyResolved}
    assert "40P01" not in codes
    assert await rows(database, ResolutionRow) == len(proposals)


async def test_each_in_line_hears_its_own_refusal(database: Hall) -> None:
    (ada, ben), proposal_id = await voting(database, members=2)
    stranger = Viewer((await database.seat([1], prefix="late"))[0].member_id, Role.MEMBER)
    commits = Commits(database)
    casts = [database.votes.cast(viewer, proposal_id, Said(Choice.FOR)) for viewer in (ada, stranger, ben)]
    outcomes = await asyncio.gather(*casts, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Counted, NoVotingPower, Counted]
    assert commits.seen == 1
    assert await recounted(database, proposal_id) == Tally(2, in_favour=2, voters=2, own_in_favour=2)


async def test_who_comes_after_the_deciding_ballot_of_its_commit_is_told_so(database: Hall) -> None:
    ada, ben = await database.seat([9, 1])
    proposal_id = await database.put_to_vote(ada, "One")
    late = Once(ben.member_id, "castVote", "key", "hash")
    deciding = database.votes.cast(ada, proposal_id, Said(Choice.FOR))
    beaten = database.votes.cast(ben, proposal_id, Said(Choice.AGAINST), once=late)
    outcomes = await asyncio.gather(deciding, beaten, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Counted, AlreadyResolved]
    with pytest.raises(AlreadyResolved):
        await database.votes.cast(ben, proposal_id, Said(Choice.AGAINST), once=late)
    assert await rows(database, BallotRow) == 1


def renaming(member_id: int, then: Callable[[Session], None]) -> Callable[[Session], str]:
    """A command that has written before `then`."""

    def command(session: Session) -> str:
        session.execute(text("UPDATE member SET display_name = 'New' WHERE id = :id"), {"id": member_id})
        then(session)
        return "done"

    return command


def refuses(_session: Session) -> None:
    raise Refused("No.")


def fails(session: Session) -> None:
    session.execute(text("INSERT INTO member (handle) VALUES (NULL)"))


@pytest.mark.parametrize(("then", "error"), [(refuses, Refused), (fails, IntegrityError)])
async def test_what_fails_after_it_wrote_undoes_itself_only(
    database: Hall, then: Callable[[Session], None], error: type[Exception]
) -> None:
    viewers = await database.seat([1, 1, 1])
    commands = [
        renaming(viewer.member_id, act)
        for viewer, act in zip(viewers, (lambda _: None, then, lambda _: None), strict=True)
    ]
    acts = [database.writer(command, together="row") for command in commands]
    outcomes = await asyncio.gather(*acts, return_exceptions=True)
    assert [outcome if isinstance(outcome, str) else type(outcome) for outcome in outcomes] == ["done", error, "done"]
    members = await rows_of(database.reader, select(MemberRow).order_by(col(MemberRow.id)))
    assert [member.display_name for member in members] == ["New", "m1", "New"]


async def test_a_lost_connection_is_told_to_all_who_shared_it_and_the_line_goes_on(database: Hall) -> None:
    (ada, ben, eve), proposal_id = await voting(database, members=3)

    def lost(session: Session) -> None:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    line = f"proposal:{proposal_id}"
    first = [database.votes.cast(ada, proposal_id, Said(Choice.FOR)), database.writer(lost, together=line)]
    told_ada, told_other = await asyncio.gather(*first, return_exceptions=True)
    assert isinstance(told_ada, VoteFailed)
    assert "The database does not answer." in str(told_ada)
    assert isinstance(told_other, DBAPIError)
    assert told_other.connection_invalidated
    casts = [database.votes.cast(viewer, proposal_id, Said(Choice.FOR)) for viewer in (ada, ben, eve)]
    await asyncio.gather(*casts)
    assert await recounted(database, proposal_id) == Tally(3, in_favour=3, voters=3, own_in_favour=3)


async def test_who_gives_up_in_line_is_left_out_and_the_others_are_not(database: Hall) -> None:
    viewers, proposal_id = await voting(database, members=3)
    casts = []
    for viewer in viewers:
        casts.append(asyncio.ensure_future(database.votes.cast(viewer, proposal_id, Said(Choice.FOR))))
        await asyncio.sleep(0.001)  # the first is under way, the others wait for its commit
    casts[1].cancel()
    outcomes = await asyncio.gather(*casts, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Counted, asyncio.CancelledError, Counted]
    assert await recounted(database, proposal_id) == Tally(3, in_favour=2, voters=2, own_in_favour=2)
