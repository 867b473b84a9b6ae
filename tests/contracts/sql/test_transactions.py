"""One command, one transaction; one key, one answer."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from adapters.sql.idempotency import SqlAnswers
from adapters.sql.members import MemberRow, SqlMemberReads
from adapters.sql.outbox_rows import OutboxRow
from adapters.sql.pages import rows_of
from adapters.sql.proposal_reads import SqlProposalReads
from adapters.sql.proposals import ProposalRow
from adapters.sql.transactions import SqlTransact
from adapters.sql.votes import BallotRow
from domain.drafts import Edit
from domain.errors import BadInput, Conflict, NotFound, VotingClosed
from domain.events import BallotCast, MemberRenamed
from domain.members import Viewer
from domain.proposals import Status
from domain.tally import Choice
from domain.transactions import KEPT_DAYS, Ids, Once, Work
from evals.hall import Hall, hall
from services.votes import Said
from tests.contracts.sql.times import T0, Clock


def rename(member_id: int, name: str) -> "Rename":
    return Rename(member_id, name)


class Rename:
    """A command that writes, emits and then may refuse or fail; counts its runs."""

    def __init__(self, member_id: int, name: str, raises: Exception | None = None) -> None:
        self.member_id, self.name, self.raises = member_id, name, raises
        self.runs = 0

    def __call__(self, work: Work) -> Ids:
        self.runs += 1
        work.members.save(replace(work.members.by_id(self.member_id), display_name=self.name))
        work.emit(MemberRenamed(self.member_id))
        work.topics.ensure(["written"])  # flushes: what follows must be undone, not just forgotten
        if self.raises:
            raise self.raises
        return {"member": self.member_id, "run": self.runs}


async def name_of(database: Hall, member_id: int) -> str:
    return (await SqlMemberReads(database.reader).by_ids([member_id]))[member_id].display_name


async def count(database: Hall, row: type) -> int:
    return await database.reader(lambda session: session.scalars(select(func.count()).select_from(row)).one())


async def test_a_command_that_returns_is_kept_with_its_events(database: Hall) -> None:
    (ada,) = await database.seat([1])
    assert await database.transact(rename(ada.member_id, "Ada")) == {"member": ada.member_id, "run": 1}
    assert await name_of(database, ada.member_id) == "Ada"
    (event,) = await rows_of(database.reader, select(OutboxRow))
    assert (event.kind, event.name, event.args, event.created_at) == (
        "event",
        "MemberRenamed",
        {"member_id": ada.member_id},
        T0,
    )


@pytest.mark.parametrize("error", [BadInput("no"), RuntimeError("broken")])
async def test_a_command_that_raises_leaves_nothing(database: Hall, error: Exception) -> None:
    (ada,) = await database.seat([1])
    with pytest.raises(type(error), match=str(error)):
        await database.transact(Rename(ada.member_id, "Ada", error))
    assert await name_of(database, ada.member_id) == "m0"
    assert await count(database, OutboxRow) == 0


async def test_a_constraint_that_fails_at_the_end_leaves_nothing(database: Hall) -> None:
    def twice(work: Work) -> None:
        member = work.members.by_id(ada.member_id)
        work.members.save(replace(member, weight=1_000_001))

    (ada,) = await database.seat([1])
    with pytest.raises(IntegrityError, match="weight_bounds"):
        await database.transact(twice)
    assert (await SqlMemberReads(database.reader).by_ids([ada.member_id]))[ada.member_id].weight == 1


async def test_neighbours_in_line_are_untouched_by_one_that_raises(database: Hall) -> None:
    """On SQLite they share a commit: what one did is undone, what the others did is kept."""
    members = await database.seat([1] * 30)
    errors = [RuntimeError("broken") if number % 3 == 1 else None for number in range(30)]
    commands = [Rename(viewer.member_id, "new", error) for viewer, error in zip(members, errors, strict=True)]
    outcomes = await asyncio.gather(*(database.transact(one) for one in commands), return_exceptions=True)
    assert [isinstance(outcome, RuntimeError) for outcome in outcomes] == [error is not None for error in errors]
    names = {member.id: member.display_name for member in await rows_of(database.reader, select(MemberRow))}
    assert [names[viewer.member_id] == "new" for viewer in members] == [error is None for error in errors]
    assert await count(database, OutboxRow) == errors.count(None)


async def test_a_cancelled_caller_does_not_disturb_the_others(database: Hall) -> None:
    members = await database.seat([1] * 10)
    tasks = [asyncio.create_task(database.transact(rename(viewer.member_id, "new"))) for viewer in members]
    await asyncio.sleep(0)
    tasks[5].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [number for number, outcome in enumerate(outcomes) if isinstance(outcome, BaseException)] in ([5], [])
    kept = [await name_of(database, viewer.member_id) for viewer in members]
    assert [name for number, name in enumerate(kept) if number != 5] == ["new"] * 9


async def test_what_was_touched_is_announced_after_the_commit(database: Hall, clock: Clock) -> None:
    heard: list[list[str]] = []
    transact = SqlTransact(database.writer, announce=heard.append, clock=clock)

    def command(work: Work) -> None:
        work.emit(BallotCast(1, 7))
        work.emit(BallotCast(2, 7))
        work.enqueue("close", 7, due_at=T0 + timedelta(hours=1))

    await transact(command)
    assert heard == [["proposal:7", "outbox:events", "outbox:jobs"]]
    with pytest.raises(BadInput):
        await transact(Rename(await seated(database), "x", BadInput("no")))
    await transact(lambda _work: None)
    assert len(heard) == 1
    rows = await rows_of(database.reader, select(OutboxRow).order_by(col(OutboxRow.id)))
    assert [(row.name, row.due_at) for row in rows] == [
        ("BallotCast", T0),
        ("BallotCast", T0),
        ("close", T0 + timedelta(hours=1)),
    ]
    assert len({row.transaction_id for row in rows}) == 1


async def seated(database: Hall) -> int:
    return (await database.seat([1], prefix="one"))[0].member_id


def once_of(viewer: Viewer, key: str = "k", input_hash: str = "i") -> Once:
    return Once(viewer.member_id, "rename", key, input_hash)


async def test_a_repeat_gets_the_same_ids_and_does_nothing(database: Hall) -> None:
    (ada,) = await database.seat([1])
    first, again = rename(ada.member_id, "Ada"), rename(ada.member_id, "Other")
    answers = [await database.transact.once(once_of(ada), command) for command in (first, again)]
    assert answers == [{"member": ada.member_id, "run": 1}] * 2
    assert (first.runs, again.runs, await name_of(database, ada.member_id)) == (1, 0, "Ada")


async def test_without_a_key_every_call_is_done(database: Hall) -> None:
    (ada,) = await database.seat([1])
    command = rename(ada.member_id, "Ada")
    assert [await database.transact.once(None, command) for _ in range(2)] == [
        {"member": ada.member_id, "run": run} for run in (1, 2)
    ]


async def test_a_refusal_is_kept_and_its_work_is_not(database: Hall) -> None:
    (ada,) = await database.seat([1])
    refusing = Rename(ada.member_id, "Ada", NotFound("There is none.", field=("a", "b")))
    for command in (refusing, rename(ada.member_id, "Other")):
        with pytest.raises(NotFound, match=r"^There is none.$") as refused:
            await database.transact.once(once_of(ada), command)
        assert (type(refused.value), refused.value.field) == (NotFound, ("a", "b"))
    assert await name_of(database, ada.member_id) == "m0"
    assert refusing.runs == 1


async def test_a_failure_is_not_kept(database: Hall) -> None:
    (ada,) = await database.seat([1])
    with pytest.raises(RuntimeError):
        await database.transact.once(once_of(ada), Rename(ada.member_id, "Ada", RuntimeError("broken")))
    await database.transact.once(once_of(ada), rename(ada.member_id, "Ada"))
    assert await name_of(database, ada.member_id) == "Ada"


async def test_the_same_key_with_another_input_conflicts(database: Hall) -> None:
    (ada,) = await database.seat([1])
    await database.transact.once(once_of(ada), rename(ada.member_id, "Ada"))
    for _ in range(2):
        with pytest.raises(Conflict, match=r"^This idempotencyKey came with another input before: use a new key.$"):
            await database.transact.once(once_of(ada, input_hash="other"), rename(ada.member_id, "Other"))
    assert await database.transact.once(once_of(ada), rename(ada.member_id, "x")) == {"member": ada.member_id, "run": 1}


async def test_a_key_belongs_to_a_member_and_a_mutation(database: Hall) -> None:
    ada, ben = await database.seat([1, 1])
    keys = [once_of(ada), once_of(ben), replace(once_of(ada), mutation="other"), once_of(ada, "other")]
    commands = [rename(ada.member_id, str(number)) for number in range(4)]
    for once, command in zip(keys, commands, strict=True):
        await database.transact.once(once, command)
    assert [command.runs for command in commands] == [1, 1, 1, 1]


async def test_after_seven_days_a_key_is_new(database: Hall, clock: Clock) -> None:
    (ada,) = await database.seat([1])
    await database.transact.once(once_of(ada), rename(ada.member_id, "Ada"))
    clock.forward(days=KEPT_DAYS)
    await database.transact.once(once_of(ada), rename(ada.member_id, "early"))
    assert await name_of(database, ada.member_id) == "Ada"
    clock.forward(milliseconds=1)
    await database.transact.once(once_of(ada, input_hash="other"), rename(ada.member_id, "late"))
    assert await name_of(database, ada.member_id) == "late"


async def test_a_refusal_under_a_forgotten_key_is_kept_in_its_place(database: Hall, clock: Clock) -> None:
    (ada,) = await database.seat([1])
    await database.transact.once(once_of(ada), rename(ada.member_id, "Ada"))
    clock.forward(days=KEPT_DAYS + 1)
    for command in (Rename(ada.member_id, "x", BadInput("no")), rename(ada.member_id, "late")):
        with pytest.raises(BadInput, match=r"^no$"):
            await database.transact.once(once_of(ada), command)
    assert await name_of(database, ada.member_id) == "Ada"


async def test_pruning_forgets_old_keys_only(database: Hall, clock: Clock) -> None:
    (ada,) = await database.seat([1])
    for key in ("old", "new"):
        await database.transact.once(once_of(ada, key), rename(ada.member_id, key))
        clock.forward(days=KEPT_DAYS)
    await database.writer(lambda session: SqlAnswers(session).prune(at=clock.at))
    kept = await database.reader(lambda session: list(session.scalars(text("SELECT key FROM idempotent_answer"))))
    assert kept == ["new"]


async def test_one_key_at_once_is_done_once(database: Hall, url: str, clock: Clock) -> None:
    (ada,) = await database.seat([1])
    proposal_id = await database.put_to_vote(ada, "Once")
    once = Once(ada.member_id, "castVote", "k", "i")
    async with hall(url, clock=clock) as other:
        asked = [
            one.votes.cast(ada, proposal_id, Said(Choice.AGAINST), once=once)
            for one in (database, other)
            for _ in range(6)
        ]
        answers = await asyncio.gather(*asked)
    assert [answer.vote_id for answer in answers] == [answers[0].vote_id] * 12
    assert [answer.vote.revision for answer in answers if answer.vote] == [1]  # the one that was done, not repeated
    assert await count(database, BallotRow) == 1


async def test_one_creation_at_once_makes_one_proposal(database: Hall, url: str, clock: Clock) -> None:
    (ada,) = await database.seat([1])
    edit, once = Edit(title="One", body="One", topics=["b", "a"]), Once(ada.member_id, "createProposal", "k", "i")
    async with hall(url, clock=clock) as other:
        made = [one.proposals.create(ada, edit, once=once) for one in (database, other) for _ in range(6)]
        answers = await asyncio.gather(*made)
    assert answers == [answers[0]] * 12
    assert await count(database, ProposalRow) == 1


async def test_a_kept_refusal_is_repeated_after_the_reason_is_gone(database: Hall) -> None:
    ada, ben = await database.seat([1, 1])
    proposal_id = await database.propose(ada, "Later")
    await database.proposals.open(ada, proposal_id)
    once = Once(ben.member_id, "castVote", "k", "i")
    with pytest.raises(VotingClosed):
        await database.votes.cast(ben, proposal_id, Said(Choice.FOR), once=once)
    await database.proposals.start(ada, proposal_id)
    with pytest.raises(VotingClosed):
        await database.votes.cast(ben, proposal_id, Said(Choice.FOR), once=once)
    await database.votes.cast(ben, proposal_id, Said(Choice.FOR), once=replace(once, key="new"))
    found = await SqlProposalReads(database.reader).by_ids(ada, [proposal_id])
    assert (found[proposal_id].status, found[proposal_id].tally.voters) == (Status.VOTING, 1)
