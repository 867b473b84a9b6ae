"""What docs/howto/backup.md promises: the record as it stood at any moment since the last base backup."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from adapters.sql.migrations import upgrade
from domain.chats import ChatMessage, Sender
from domain.rules import Rules
from domain.transactions import Work
from evals.engines.postgres import USER, Postgres
from evals.hall import hall
from tests.conftest import own

KEEP = (
    "mkdir -p ../archive && test ! -f ../archive/%f && cp %p ../archive/%f.part && mv ../archive/%f.part ../archive/%f"
)
"""Postgres runs it in the data folder."""
SOON = 60.0


@pytest.fixture
def archiving() -> Iterator[Postgres]:
    yield from own(Postgres, archive_mode="on", archive_command=KEEP)


@asynccontextmanager
async def connected(server: Postgres) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(server.url.replace("+asyncpg", ""))  # type: ignore[no-untyped-call]  # asyncpg has no types
    try:
        yield connection
    finally:
        await connection.close()


class Author:
    """Writes message after message, and knows which were acknowledged."""

    def __init__(self, server: Postgres) -> None:
        self._url = server.url
        self.acknowledged: list[str] = []

    async def write(self, enough: asyncio.Event, *, at_least: int) -> None:
        async with hall(self._url) as opened:
            await opened.found(Rules())
            (ada,) = await opened.seat([1], prefix=uuid4().hex)
            session = await opened.transact(lambda work: work.chats.start(ada.member_id, "Talk", at=work.now()))
            for number in range(10_000):
                if enough.is_set() and number >= at_least:
                    return
                text = f"{session.id}:{number}"
                await opened.transact(partial(said, session.id, text))
                self.acknowledged.append(text)


def said(session_id: int, text: str, work: Work) -> ChatMessage:
    return work.chats.add(session_id, Sender.MEMBER, text, complete=True, at=work.now())


async def messages(server: Postgres) -> list[str]:
    async with connected(server) as connection:
        return [row["content"] for row in await connection.fetch("SELECT content FROM chat_message ORDER BY id")]


async def archived(server: Postgres) -> None:
    """Once the segment that is being written lies in the archive."""
    async with connected(server) as connection:
        segment = await connection.fetchval("SELECT pg_walfile_name(pg_current_wal_lsn())")
        await connection.execute("SELECT pg_switch_wal()")
    async with asyncio.timeout(SOON):
        while not (server.folder / "archive" / segment).exists():  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.05)


@asynccontextmanager
async def restored(folder: Path, archive: Path, moment: datetime) -> AsyncIterator[Postgres]:
    """A server on the base backup in `folder`, brought forward to `moment` and open for writing."""
    recovery = {"restore_command": f"cp {archive}/%f %p", "recovery_target_time": moment.isoformat()}
    server = Postgres(folder, options={**recovery, "recovery_target_action": "promote"})
    signal = server.data / "recovery.signal"
    signal.touch()
    os.chown(signal, server.data.stat().st_uid, server.data.stat().st_gid)
    try:
        server.start()
        async with connected(server) as connection, asyncio.timeout(SOON):
            while await connection.fetchval("SELECT pg_is_in_recovery()"):  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.05)
        yield server
    finally:
        server.stop()


async def test_restoring_to_a_moment_finds_exactly_the_messages_up_to_it(archiving: Postgres) -> None:
    await upgrade(archiving.url)
    author, enough = Author(archiving), asyncio.Event()
    writing = asyncio.create_task(author.write(enough, at_least=20))
    copy = archiving.folder / "restored"
    place = ("-h", "127.0.0.1", "-p", str(archiving.port), "-U", USER)
    await asyncio.to_thread(archiving.run, "pg_basebackup", *place, "-D", str(copy / "data"), "-c", "fast")
    since = len(author.acknowledged)
    enough.set()
    await writing
    await author.write(enough, at_least=20)
    expected = list(author.acknowledged)
    async with connected(archiving) as connection:
        moment = await connection.fetchval("SELECT clock_timestamp()")
    await author.write(enough, at_least=20)
    await archived(archiving)
    archiving.kill()
    shutil.rmtree(archiving.data)
    async with restored(copy, archiving.folder / "archive", moment) as server:
        assert await messages(server) == expected
        later = Author(server)
        await later.write(enough, at_least=1)
        assert await messages(server) == expected + later.acknowledged
    assert 0 < since < len(expected) < len(author.acknowledged)
