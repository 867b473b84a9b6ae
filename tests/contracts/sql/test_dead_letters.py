"""Dead letters: what was given up is kept, and driven again once, with what its member was told."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from adapters.sql.audits import AuditRow
from adapters.sql.chats import SqlChatReads
from adapters.sql.dead_letters import SqlDeadLetterReads
from adapters.sql.documents import SqlDocumentReads
from adapters.sql.outbox import SqlOutbox
from adapters.sql.pages import rows_of
from domain.chats import Sender
from domain.dead_letters import DeadLetter
from domain.documents import IngestionError, IngestionStatus, Upload, Visibility
from domain.errors import BadInput, Conflict, Forbidden, NotFound
from domain.events import PolicyChanged
from domain.members import Role, Viewer
from domain.outbox import OutboxEntry
from domain.pages import Slice
from domain.transactions import Once, Work
from evals.hall import Hall
from services.dead_letters import DeadLetters
from tests.contracts.sql.times import T0, Clock

LEASE = 30.0


@pytest.fixture
def outbox(database: Hall, clock: Clock) -> SqlOutbox:
    return SqlOutbox(database.reader, database.writer, clock)


@pytest.fixture
def letters(database: Hall) -> DeadLetters:
    return DeadLetters(database.transact)


@pytest.fixture
async def admin(database: Hall) -> Viewer:
    [boss] = await database.seat([1], prefix="boss")
    return replace(boss, role=Role.ADMIN)


async def dead(database: Hall, outbox: SqlOutbox, task: str, *args: int) -> DeadLetter:
    """A job that failed twice, the second time for good."""
    await database.transact(lambda work: work.enqueue(task, *args))
    [entry] = await outbox.claim(limit=1, lease_seconds=LEASE)
    await outbox.retry(entry, after_seconds=0, error="IngestionFailed: busy")
    [entry] = await outbox.claim(limit=1, lease_seconds=LEASE)
    await outbox.dead(entry, code="INGESTION_ERROR", message="IngestionFailed: busy")
    return (await waiting(database))[0]


async def waiting(database: Hall) -> list[DeadLetter]:
    return (await SqlDeadLetterReads(database.reader).page(Slice())).rows


async def claimed(outbox: SqlOutbox) -> OutboxEntry:
    [entry] = await outbox.claim(limit=9, lease_seconds=LEASE)
    return entry


async def test_a_letter_says_what_failed_since_when_and_how_often(
    database: Hall, outbox: SqlOutbox, clock: Clock
) -> None:
    await database.transact(lambda work: work.enqueue("remove_blob", "7/abc"))
    first = await claimed(outbox)
    clock.forward(seconds=5)
    await outbox.retry(first, after_seconds=0, error="busy")
    clock.forward(seconds=5)
    await outbox.release([await claimed(outbox)], error="Its worker was stopped.")
    await outbox.dead(await claimed(outbox), code="INGESTION_ERROR", message="IngestionFailed: busy")
    [letter] = await waiting(database)
    assert letter == DeadLetter(
        id=letter.id,
        task="remove_blob",
        code="INGESTION_ERROR",
        message="IngestionFailed: busy",
        attempts=2,
        first_failed_at=T0 + timedelta(seconds=5),
        last_failed_at=T0 + timedelta(seconds=10),
        transaction_id=first.transaction_id,
        payload={"args": ["7/abc"]},
    )
    [audit] = await rows_of(database.reader, select(AuditRow))
    assert (audit.act, audit.by_id, audit.subject_noun, audit.subject_id, audit.transaction_id) == (
        "DEAD_LETTER_LEFT",
        None,
        "DeadLetter",
        letter.id,
        first.transaction_id,
    )


async def test_a_driven_letter_is_in_line_as_if_it_had_never_been_tried(
    database: Hall, outbox: SqlOutbox, letters: DeadLetters, admin: Viewer
) -> None:
    letter = await dead(database, outbox, "seal", 3)
    await letters.redrive(admin, letter.id, "Mended.")
    entry = await claimed(outbox)
    assert (entry.name, entry.args, entry.attempt, entry.tried) == ("seal", {"args": [3]}, 3, 1)
    assert await waiting(database) == []
    found = await SqlDeadLetterReads(database.reader).by_ids([letter.id])
    assert found == {letter.id: replace(letter, driven_at=T0)}
    audits = await rows_of(database.reader, select(AuditRow).order_by(AuditRow.id))  # type: ignore[arg-type]  # a column
    assert [(row.act, row.by_id, row.reason) for row in audits[1:]] == [
        ("DEAD_LETTER_REDRIVEN", admin.member_id, "Mended.")
    ]


async def test_what_dies_again_is_a_letter_of_its_own(database: Hall, outbox: SqlOutbox, letters: DeadLetters) -> None:
    letter = await dead(database, outbox, "seal", 3)
    await letters.redrive_by_operator(letter.id, "Again.")
    await outbox.dead(await claimed(outbox), code="SYNC_ERROR", message="Still.")
    [second] = await waiting(database)
    assert (second.id > letter.id, second.attempts, second.code) == (True, 1, "SYNC_ERROR")


async def test_a_driven_event_is_shown_again(database: Hall, outbox: SqlOutbox, letters: DeadLetters) -> None:
    await database.transact(lambda work: work.emit(PolicyChanged(4)))
    [event] = await outbox.claim_events(limit=9, lease_seconds=LEASE)
    await outbox.dead(event, code="SYNC_ERROR", message="no")
    assert await outbox.claim_events(limit=9, lease_seconds=LEASE) == []
    [letter] = await waiting(database)
    assert (letter.task, letter.payload) == ("PolicyChanged", {"policy_id": 4})
    await letters.redrive_by_operator(letter.id, "Again.")
    [again] = await outbox.claim_events(limit=9, lease_seconds=LEASE)
    assert (again.id, again.tried) == (event.id, 1)


async def test_who_may_not_or_says_not_why_drives_nothing(
    database: Hall, outbox: SqlOutbox, letters: DeadLetters, admin: Viewer
) -> None:
    letter = await dead(database, outbox, "seal", 3)
    with pytest.raises(Forbidden):
        await letters.redrive(replace(admin, role=Role.MEMBER), letter.id, "Please.")
    with pytest.raises(BadInput):
        await letters.redrive(admin, letter.id, "  ")
    with pytest.raises(NotFound):
        await letters.redrive(admin, letter.id + 1, "Which?")
    assert await waiting(database) == [letter]


async def test_a_letter_is_driven_once_and_a_key_repeats_the_answer(
    database: Hall, outbox: SqlOutbox, letters: DeadLetters, admin: Viewer
) -> None:
    letter = await dead(database, outbox, "seal", 3)
    once = Once(admin.member_id, "redriveDeadLetter", "k", "hash")
    answers = [await letters.redrive(admin, letter.id, "Mended.", once=once) for _ in range(2)]
    assert answers == [{"dead_letter": letter.id}] * 2
    with pytest.raises(Conflict, match="driven already"):
        await letters.redrive(admin, letter.id, "Once more.")


async def test_two_who_drive_at_once_drive_once(
    database: Hall, outbox: SqlOutbox, letters: DeadLetters, admin: Viewer
) -> None:
    letter = await dead(database, outbox, "seal", 3)
    both = (letters.redrive(admin, letter.id, f"Number {number}.") for number in range(2))
    answers = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "dict"]
    assert (await claimed(outbox)).tried == 1


async def test_a_failed_document_waits_again(
    database: Hall, outbox: SqlOutbox, letters: DeadLetters, admin: Viewer
) -> None:
    def failed(work: Work) -> int:
        upload = Upload("a.md", "text/markdown", 3, "f" * 64, Visibility.PRIVATE)
        document = work.documents.add(admin.member_id, upload, duplicate_of=None, at=work.now())
        error = IngestionError("INGESTION_ERROR", "busy", retryable=True)
        work.documents.save(replace(document, seq=1, status=IngestionStatus.FAILED, error=error))
        return document.id

    document_id = await database.transact(failed)
    letter = await dead(database, outbox, "ingest", document_id)
    await letters.redrive(admin, letter.id, "Mended.")
    document = await SqlDocumentReads(database.reader).any_by_id(document_id)
    assert document is not None
    assert (document.status, document.error, document.seq) == (IngestionStatus.QUEUED, None, 2)


async def test_a_failed_reply_is_written_anew_unless_another_is_being_written(
    database: Hall, outbox: SqlOutbox, letters: DeadLetters, admin: Viewer
) -> None:
    def failed(work: Work) -> tuple[int, int]:
        session = work.chats.start(admin.member_id, "Chat", at=work.now())
        reply = work.chats.add(session.id, Sender.TWIN, "", complete=False, at=work.now())
        work.chats.save(replace(reply, content="I th", complete=True), events='[{"type":"done"}]')
        return session.id, reply.id

    session_id, reply_id = await database.transact(failed)
    letter = await dead(database, outbox, "reply", reply_id)
    other = await database.transact(
        lambda work: work.chats.add(session_id, Sender.TWIN, "", complete=False, at=work.now())
    )
    with pytest.raises(Conflict, match="Another reply"):
        await letters.redrive(admin, letter.id, "Mended.")
    await database.transact(lambda work: work.chats.save(replace(other, complete=True), events="[]"))
    await letters.redrive(admin, letter.id, "Mended.")
    reads = SqlChatReads(database.reader)
    message, _ = await reads.reply(reply_id)
    assert (message.content, message.complete, await reads.ended_events(reply_id)) == ("", False, None)


async def test_what_was_for_something_deleted_is_driven_all_the_same(
    database: Hall, outbox: SqlOutbox, letters: DeadLetters
) -> None:
    letter = await dead(database, outbox, "ingest", 99)
    await letters.redrive_by_operator(letter.id, "Clean up.")
    assert (await claimed(outbox)).args == {"args": [99]}
