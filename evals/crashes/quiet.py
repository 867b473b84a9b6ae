"""Waiting until a system has done everything that it had written down."""

import asyncio
import time
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.sql.clock import database_clock
from adapters.sql.outbox_rows import OutboxRow
from adapters.sql.reader import Reader

QUIET_SECONDS = 240.0
SOON = timedelta(seconds=30)
"""What is due later than this is not waited for."""
LOOK_SECONDS = 0.2


async def quiet(read: Reader, *, seconds: float = QUIET_SECONDS) -> list[str]:
    """What is left undone after so long; nothing, as it should be, as soon as all is done."""
    until = time.monotonic() + seconds
    while True:
        left = await read(undone)
        if not left or time.monotonic() > until:
            return [f"after {seconds:.0f} s of quiet: {each}" for each in left]
        await asyncio.sleep(LOOK_SECONDS)


def undone(session: Session) -> list[str]:
    soon = database_clock(session) + SOON
    rows = session.scalars(select(OutboxRow).where(col(OutboxRow.done_at).is_(None), col(OutboxRow.dead_at).is_(None)))
    waiting = [row for row in rows if row.kind == "event" or row.due_at <= soon]
    return [f"{row.kind} {row.name} {row.id} {row.args} at attempt {row.attempt}: {row.error}" for row in waiting]
