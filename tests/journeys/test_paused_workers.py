"""A worker sleeps past its lease, another takes over, members go on; when it wakes up it writes nothing stale."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.sql.outbox_rows import OutboxRow
from app.demo.client import Json
from evals.crashes.members import Member, whole
from evals.crashes.processes import Command, Program
from evals.crashes.quiet import quiet
from evals.crashes.stores import stores
from evals.crashes.system import System, running
from tests.journeys.pausing import pausing

pytestmark = pytest.mark.slow

LEASE = 2.0
SECONDS = 40.0
ENDED = "attempt ●"
"""How arq tells that it is done with an attempt."""
TEXT = " ".join(f"Shelf {number} of the guild holds {number * 7} clay moulds of Marrow Lane." for number in range(40))
MEMORIES = "{ viewer { twin { memories(first: 1) { nodes { id } } } } }"


@pytest.fixture
async def system() -> AsyncIterator[System]:
    """Without a worker."""
    async with running("sqlite", workers=0) as system:
        yield system


@pytest.fixture
async def member(system: System) -> AsyncIterator[Member]:
    async with system.client("sleepless") as client:
        member = Member("sleepless", client, random.Random(1), seed=1)  # noqa: S311  # dice
        await member.ask("{ viewer { id } }")
        yield member


@asynccontextmanager
async def worker(system: System, name: str, points: str = "") -> AsyncIterator[Program]:
    log = system.folder / f"{name}.log"
    arguments = [str(system.data), str(LEASE), points]
    program = Program(Command(arguments, system.settings, system.folder, log, main=pausing))
    try:
        yield program
        assert program.lives, log.read_text()[-3000:]
    finally:
        program.kill()
        await program.wait()


async def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(int(SECONDS * 20)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"It did not come to pass within {SECONDS:.0f} s.")


async def asleep(process: Program) -> None:
    stat = Path("/proc") / str(process.pid) / "stat"
    await eventually(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")


async def woken(system: System, sleeper: Program) -> None:
    """It has come to the end of what it slept in, and all is quiet again."""
    log = system.folder / "sleeper.log"
    ended = log.read_text().count(ENDED)
    os.kill(sleeper.pid, signal.SIGCONT)
    await eventually(lambda: log.read_text().count(ENDED) > ended)
    assert await quiet(system.reader) == []


async def read(member: Member, document: str) -> Json:
    query = "query ($id: ID!) { document(id: $id) { status progress seq } }"
    found: Json = (await member.ask(query, id=document))["document"]
    return found


async def test_a_reader_that_overslept_leaves_the_document_as_the_other_left_it(system: System, member: Member) -> None:
    async with worker(system, "sleeper", "ingest.text-read:1") as sleeper:
        document = await member.upload("shelves.txt", TEXT.encode(), visibility="PRIVATE")
        await asleep(sleeper)
        async with worker(system, "other"):
            assert await quiet(system.reader) == []
            before = await read(member, document)
            await woken(system, sleeper)
            assert await read(member, document) == before
            assert before["status"] == "DONE"
            assert await stores(system) == []


async def test_a_reader_that_overslept_brings_no_deleted_document_back(system: System, member: Member) -> None:
    async with worker(system, "sleeper", "ingest.indexing:1") as sleeper:
        document = await member.upload("shelves.txt", TEXT.encode(), visibility="DAO")
        await asleep(sleeper)
        async with worker(system, "other"):
            assert await quiet(system.reader) == []
            await member.done("deleteDocument DeleteDocumentInput deletedId", documentId=document)
            assert await quiet(system.reader) == []
            await woken(system, sleeper)
            assert await stores(system) == []


async def test_a_reader_that_overslept_brings_no_forgotten_memory_back(system: System, member: Member) -> None:
    async with worker(system, "sleeper", "ingest.linking:1") as sleeper:
        await member.upload("shelves.txt", TEXT.encode(), visibility="PRIVATE")
        await asleep(sleeper)
        async with worker(system, "other"):
            assert await quiet(system.reader) == []
            memory = (await member.ask(MEMORIES))["viewer"]["twin"]["memories"]["nodes"][0]["id"]
            await member.done("forgetMemory ForgetMemoryInput forgottenId", memoryId=memory)
            assert await quiet(system.reader) == []
            await woken(system, sleeper)
            assert await stores(system) == []


async def test_an_author_that_overslept_changes_no_reply(system: System, member: Member) -> None:
    async with worker(system, "sleeper", "reply.flushed:1") as sleeper:
        twin = (await member.ask("{ viewer { twin { id } } }"))["viewer"]["twin"]["id"]
        session = (await member.done("startChat StartChatInput session { id }", twinId=twin))["session"]["id"]
        asked = {"sessionId": session, "text": "I keep seven moulds. How many moulds do I keep?"}
        reply = (await member.done("sendMessage SendMessageInput replyId", **asked))["replyId"]
        await asleep(sleeper)
        async with worker(system, "other"):
            assert await quiet(system.reader) == []
            before = [event async for event in member.follow(reply)]
            await woken(system, sleeper)
            after = [event async for event in member.follow(reply)]
            assert (whole(before), after) == (None, before)
            assert await stores(system) == []


async def test_a_remover_that_overslept_takes_no_bytes_that_were_uploaded_again(system: System, member: Member) -> None:
    async with worker(system, "sleeper", "blob.unused:1") as sleeper:
        document = await member.upload("shelves.txt", TEXT.encode(), visibility="PRIVATE")
        assert await quiet(system.reader) == []
        await member.done("deleteDocument DeleteDocumentInput deletedId", documentId=document)
        await asleep(sleeper)
        async with worker(system, "other"):
            again = await member.upload("shelves.txt", TEXT.encode(), visibility="PRIVATE")
            assert await quiet(system.reader) == []
            await woken(system, sleeper)
            assert (await read(member, again))["status"] == "DONE"
            assert await stores(system) == []


async def test_a_projector_that_overslept_reopens_no_vote(system: System, member: Member) -> None:
    author = "createProposal CreateProposalInput proposal { id }", "openProposal ProposalIdInput proposal { id }"
    async with worker(system, "before"):
        fields = {"title": "Sleep on it", "body": "As long as it takes."}
        proposal = (await member.done(author[0], **fields))["proposal"]["id"]
        await member.done(author[1], proposalId=proposal)
        assert await quiet(system.reader) == []
    await member.done("startVoting ProposalIdInput proposal { id }", proposalId=proposal)
    async with worker(system, "sleeper", "event.gathered:1") as sleeper:
        await asleep(sleeper)
        async with worker(system, "other"):
            cast = "castVote CastVoteInput proposal { status }"
            decided = await member.done(cast, proposalId=proposal, choice="FOR")
            assert decided["proposal"]["status"] == "PASSED"
            assert await quiet(system.reader) == []
            known = await system.reader(events)
            os.kill(sleeper.pid, signal.SIGCONT)
            assert await told_again(system, known)
            assert await quiet(system.reader) == []
            assert await stores(system) == []


async def told_again(system: System, known: int) -> bool:
    """Whether there come to be more events than were known."""
    for _ in range(int(SECONDS * 10)):
        if await system.reader(events) > known:
            return True
        await asyncio.sleep(0.1)
    return False


def events(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(OutboxRow).where(col(OutboxRow.kind) == "event")).one()
