"""What a commit writes last, when several commands share it: SQLite's do; Postgres' have one each and must agree."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.sql.late import late_of
from adapters.sql.outbox_rows import OutboxRow
from adapters.sql.pages import rows_of
from adapters.sql.proposals import ProposalRow
from adapters.sql.votes import BallotRow
from adapters.sql.writer import SqliteWriter, connection_of
from domain.errors import BadInput, Conflict, Refused
from domain.events import BallotCast
from domain.tally import Choice, Tally
from domain.transactions import Once, Work
from evals.hall import Hall
from services.delegations import Delegations, Mandate
from services.votes import Counted, Said
from tests.contracts.sql.sharing import in_line, recounted, rows, told, voting
from tests.contracts.sql.times import Clock

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine's commits carry as many commands as any other's."""
    monkeypatch.setattr("adapters.sql.writer.LONGEST_SECONDS", 10)


async def test_ballots_of_one_commit_build_on_each_other(database: Hall) -> None:
    viewers, proposal_id = await voting(database, members=12)
    casts = [database.votes.cast(viewer, proposal_id, Said(Choice.FOR)) for viewer in viewers]
    again = database.votes.cast(viewers[3], proposal_id, Said(Choice.AGAINST))
    counted = cast("list[Counted]", await in_line(database, *casts, again))
    assert [each.proposal.tally.voters for each in counted if each.proposal] == [*range(1, 13), 12]
    seqs = [each.proposal.seq for each in counted if each.proposal]
    assert seqs == list(range(seqs[0], seqs[0] + 13))
    assert await recounted(database, proposal_id) == Tally(
        12, in_favour=11, against=1, voters=12, own_in_favour=11, own_against=1
    )
    assert (await rows(database, BallotRow), await told(database)) == (13, 13)
    [row] = await rows_of(database.reader, select(ProposalRow))
    assert counted[-1].vote is not None
    assert (row.seq, row.transaction_id) == (seqs[-1], counted[-1].vote.transaction_id)


def spoil(proposal_id: int, then: Callable[[Work], object]) -> Callable[[Work], None]:
    """A command that has changed all that is held, and then refuses."""

    def command(work: Work) -> None:
        before = work.proposals.locked(proposal_id)
        work.proposals.save(before.counted(replace(before.tally, abstain=1), at=work.now()))
        work.emit(BallotCast(1, proposal_id))
        work.enqueue("mature", proposal_id)
        work.members.by_id(before.author_id)  # writes what is held
        then(work)
        raise BadInput("No.")

    return command


def overweight(work: Work) -> None:
    member = work.members.by_id(1)
    work.members.save(replace(member, weight=1_000_001))
    work.topics.ensure(["flushed"])


@pytest.mark.parametrize(
    ("then", "error"),
    [
        (lambda _: None, BadInput),
        (lambda work: work.topics.ensure(["written"]), BadInput),
        (overweight, IntegrityError),
    ],
    ids=["refuses", "writes and refuses", "breaks a constraint"],
)
async def test_what_fails_between_ballots_undoes_itself_only(
    database: Hall, then: Callable[[Work], object], error: type[Exception]
) -> None:
    (ada, ben, eve), proposal_id = await voting(database, members=3)
    outcomes = await in_line(
        database,
        database.votes.cast(ada, proposal_id, Said(Choice.FOR)),
        database.transact(spoil(proposal_id, then)),
        database.votes.cast(ben, proposal_id, Said(Choice.AGAINST)),
        database.transact(spoil(proposal_id, then)),
        database.votes.cast(eve, proposal_id, Said(Choice.FOR)),
    )
    assert [type(outcome) for outcome in outcomes] == [Counted, error, Counted, error, Counted]
    assert await recounted(database, proposal_id) == Tally(
        3, in_favour=2, against=1, voters=3, own_in_favour=2, own_against=1
    )
    assert (await rows(database, BallotRow), await told(database)) == (3, 3)
    assert await rows(database, OutboxRow, col(OutboxRow.name) == "mature") == 0


async def test_who_is_refused_makes_nobody_run_again(database: Hall) -> None:
    """Undoing a whole commit for a refusal would let one member halve the rate of everybody's ballots."""
    viewers, proposal_id = await voting(database, members=9)
    runs: list[int] = []

    def counting(number: int) -> Callable[[Work], None]:
        def command(work: Work) -> None:
            runs.append(number)
            proposal = work.proposals.locked(proposal_id)
            work.proposals.save(proposal.counted(proposal.tally, at=work.now()))

        return command

    give = Delegations(database.transact).give
    acts: list[Awaitable[Any]] = []
    for number, viewer in enumerate(viewers):
        acts += [database.transact(counting(number)), give(viewer, Mandate(viewer.member_id))]
    outcomes = await in_line(database, *acts)
    assert [type(outcome) for outcome in outcomes] == [type(None), BadInput] * len(viewers)
    assert runs == list(range(len(viewers)))


def nameless(_proposal_id: int) -> Callable[[Work], None]:
    """Its row in the outbox fails when the commit writes it."""
    return lambda work: work.enqueue(cast("str", None))


def oversized(proposal_id: int) -> Callable[[Work], None]:
    """The state that it leaves fails when the commit writes it."""

    def command(work: Work) -> None:
        before = work.proposals.locked(proposal_id)
        work.proposals.save(before.counted(replace(before.tally, abstain=before.tally.eligible + 1), at=work.now()))

    return command


@pytest.mark.parametrize("late", [nameless, oversized])
async def test_a_late_row_that_fails_undoes_its_own_command_only(
    database: Hall, late: Callable[[int], Callable[[Work], None]]
) -> None:
    viewers, proposal_id = await voting(database, members=6)
    casts = [
        database.votes.cast(viewer, proposal_id, Said(Choice.FOR), once=Once(viewer.member_id, "castVote", "k", "h"))
        for viewer in viewers
    ]
    outcomes = await in_line(database, *casts[:3], database.transact(late(proposal_id)), *casts[3:])
    assert [type(outcome) for outcome in outcomes] == [Counted] * 3 + [IntegrityError] + [Counted] * 3
    assert await recounted(database, proposal_id) == Tally(6, in_favour=6, voters=6, own_in_favour=6)
    assert (await rows(database, BallotRow), await told(database)) == (6, 6)


async def test_a_key_is_honoured_within_one_commit_and_when_it_is_undone(database: Hall) -> None:
    (ada, ben), proposal_id = await voting(database, members=2)
    once = Once(ada.member_id, "castVote", "key", "hash")

    def vote(said: Choice, once: Once) -> Awaitable[Counted]:
        return database.votes.cast(ada, proposal_id, Said(said), once=once)

    outcomes = await in_line(
        database,
        vote(Choice.FOR, once),
        vote(Choice.FOR, once),
        vote(Choice.AGAINST, replace(once, input_hash="other")),
        database.transact(nameless(proposal_id)),
        database.votes.cast(ben, proposal_id, Said(Choice.FOR)),
        vote(Choice.FOR, once),
    )
    assert [type(outcome) for outcome in outcomes] == [Counted, Counted, Conflict, IntegrityError, Counted, Counted]
    assert len({outcomes[at].vote_id for at in (0, 1, 5)}) == 1
    assert [outcomes[at].vote is None for at in (0, 1, 5)] == [False, True, True]
    assert await recounted(database, proposal_id) == Tally(2, in_favour=2, voters=2, own_in_favour=2)
    assert (await rows(database, BallotRow), await told(database)) == (2, 2)


async def test_a_kept_refusal_comes_from_the_commit_that_it_rested_on(database: Hall) -> None:
    """The deciding ballot and one that comes too late share a commit: its key repeats the refusal."""
    ada, ben = await database.seat([9, 1])
    proposal_id = await database.put_to_vote(ada, "One")
    late = Once(ben.member_id, "castVote", "key", "hash")

    async def too_late() -> Refused:
        with pytest.raises(Refused) as refused:
            await database.votes.cast(ben, proposal_id, Said(Choice.AGAINST), once=late)
        return refused.value

    decided, refused = await in_line(database, database.votes.cast(ada, proposal_id, Said(Choice.FOR)), too_late())
    again = await too_late()
    assert isinstance(decided, Counted)
    assert refused.code == again.code == "ALREADY_RESOLVED"
    assert refused.message == again.message
    assert await rows(database, BallotRow) == 1


async def test_what_was_written_late_is_seen_by_the_next_command(database: Hall) -> None:
    (ada, ben), proposal_id = await voting(database, members=2)
    shared: list[bool] = []

    def look(session: Session) -> tuple[int, int, int]:
        shared.append(bool(late_of(connection_of(session)).rows))
        ballots = session.scalars(select(func.count()).select_from(BallotRow)).one()
        events = session.scalars(select(func.count()).where(col(OutboxRow.name) == "BallotCast")).one()
        return ballots, events, session.scalars(select(col(ProposalRow.voters))).one()

    def all_of_it(work: Work) -> list[int]:
        return [vote.ballot.member_id for vote in work.ballots.all(proposal_id)]

    _, first, _, second, members = await in_line(
        database,
        database.votes.cast(ada, proposal_id, Said(Choice.FOR)),
        database.writer(look),
        database.votes.cast(ben, proposal_id, Said(Choice.FOR)),
        database.writer(look),
        database.transact(all_of_it),
    )
    assert (first, second, members) == ((1, 1, 1), (2, 2, 2), [ada.member_id, ben.member_id])
    assert shared == [isinstance(database.writer, SqliteWriter)] * 2


async def test_a_change_from_elsewhere_in_the_commit_is_not_overwritten(database: Hall, clock: Clock) -> None:
    (ada, ben), proposal_id = await voting(database, members=2)

    def end_now(session: Session) -> None:
        session.scalars(select(ProposalRow)).one().ends_at = clock.at

    cast_first = database.votes.cast(ada, proposal_id, Said(Choice.FOR))
    outcomes = await in_line(
        database, cast_first, database.writer(end_now), database.votes.cast(ben, proposal_id, Said(Choice.FOR))
    )
    assert isinstance(outcomes[0], Counted)
    assert outcomes[2].code == "VOTING_CLOSED"
    assert await database.proposals.close(proposal_id)


async def test_a_writer_that_cannot_begin_tells_everybody_who_waits(tmp_path: Path) -> None:
    """And goes on as soon as it can."""
    (tmp_path / "not.db").write_bytes(b"This is no database. " * 100)
    writer = SqliteWriter(f"sqlite+aiosqlite:///{tmp_path / 'not.db'}")
    acts = [writer(lambda session: session.execute(text("SELECT 1")).scalar()) for _ in range(5)]
    async with asyncio.timeout(20):
        outcomes = await asyncio.gather(*acts, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [DatabaseError] * 5
        (tmp_path / "not.db").unlink()
        assert await writer(lambda session: session.execute(text("SELECT 1")).scalar()) == 1
    await writer.close()


async def test_a_lost_connection_is_told_as_such_and_holds_nothing(database: Hall) -> None:
    if isinstance(database.writer, SqliteWriter):
        pytest.skip("sqlite: its connection cannot be lost")
    viewers, proposal_id = await voting(database, members=2)

    def lost(session: Session) -> None:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(DBAPIError) as error:
        await database.writer(lost)
    assert error.value.connection_invalidated
    counted = [await database.votes.cast(viewer, proposal_id, Said(Choice.FOR)) for viewer in viewers]
    assert [each.proposal.tally.voters for each in counted if each.proposal] == [1, 2]
