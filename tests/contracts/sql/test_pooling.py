"""Postgres' connections are as many as set, and nobody waits for one, or on one, longer than set."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from adapters.sql.database import connected
from adapters.sql.pooling import Pooling
from domain.errors import StoreFailed
from evals.engines.postgres import Postgres
from tests.conftest import real

SMALL = Pooling(connections=1, overflow=1, wait_seconds=0.2, connect_seconds=1.0, statement_seconds=1.0)


def sleeps(seconds: float) -> Callable[[Session], None]:
    def read(session: Session) -> None:
        session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})

    return read


async def test_a_statement_ends_when_its_time_is_over() -> None:
    reader, _ = connected(real("TEST_DATABASE_URL", "postgres"), SMALL)
    try:
        async with asyncio.timeout(10):
            with pytest.raises(StoreFailed, match="The database is busy"):
                await reader(sleeps(60))
    finally:
        await reader.close()


async def test_who_finds_no_free_connection_is_told_in_time() -> None:
    reader, _ = connected(real("TEST_DATABASE_URL", "postgres"), SMALL)
    try:
        busy = [asyncio.create_task(reader(sleeps(0.8))) for _ in range(2)]
        await asyncio.sleep(0.2)
        with pytest.raises(StoreFailed, match="The database is busy"):
            await reader(sleeps(0))
        assert await asyncio.gather(*busy) == [None, None]
    finally:
        await reader.close()


async def test_a_database_that_falls_silent_is_given_up_in_time(postgres_server: Postgres) -> None:
    reader, _ = connected(postgres_server.url, SMALL)
    try:
        await reader(sleeps(0))
        await asyncio.to_thread(postgres_server.pause)
        async with asyncio.timeout(10):
            with pytest.raises(StoreFailed, match="The database does not answer"):
                await reader(sleeps(0))
        await asyncio.to_thread(postgres_server.resume)
        async with asyncio.timeout(10):
            await reader(sleeps(0))
    finally:
        await reader.close()
