"""Commands that share a commit, and whether the record agrees with the ballots afterwards."""

import asyncio
import threading
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.sql.outbox_rows import OutboxRow
from adapters.sql.writer import SqliteWriter
from domain.casting import recount
from domain.members import Viewer
from domain.rules import EarlyClose, Rules
from domain.tally import Tally
from domain.transactions import Work
from domain.votes import tally_of
from evals.hall import Hall


async def in_line(database: Hall, *acts: Awaitable[Any]) -> list[Any]:
    """What each came to, an error too. On SQLite they wait in line together, and so share a commit."""
    if not isinstance(database.writer, SqliteWriter):
        return [(await asyncio.gather(act, return_exceptions=True))[0] for act in acts]
    begun, gate = threading.Event(), threading.Event()

    def hold(_session: Session) -> bool:
        begun.set()
        return gate.wait(10)

    held = asyncio.ensure_future(database.writer(hold))
    assert await asyncio.to_thread(begun.wait, 10)
    tasks = [asyncio.ensure_future(act) for act in acts]
    for _ in range(5_000):
        if len(database.writer._line) + sum(task.done() for task in tasks) == len(tasks):
            break
        await asyncio.sleep(0.001)
    gate.set()
    assert await held
    return await asyncio.gather(*tasks, return_exceptions=True)


async def ruled(database: Hall, rules: Rules) -> None:
    await database.transact(lambda work: work.daos.save(replace(work.daos.locked(), rules=rules)))


async def voting(database: Hall, *, members: int) -> tuple[list[Viewer], int]:
    """On a proposal that is not decided before its end."""
    await ruled(database, Rules(early_close=EarlyClose.NEVER))
    viewers = await database.seat([1] * members)
    return viewers, await database.put_to_vote(viewers[0], "One")


async def recounted(database: Hall, proposal_id: int) -> Tally:
    """Tally and events agree with the ballots; the tally."""

    def command(work: Work) -> tuple[Tally, Tally]:
        proposal = work.proposals.locked(proposal_id)
        nodes = work.ballots.nodes(proposal)
        return proposal.tally, tally_of(recount(nodes)[1], sum(node.weight for node in nodes))

    kept, counted = await database.transact(command)
    assert kept == counted
    return kept


async def rows(database: Hall, row: type, *where: Any) -> int:  # noqa: ANN401  # conditions
    counted = select(func.count()).select_from(row).where(*where)
    return await database.reader(lambda session: session.scalars(counted).one())


async def told(database: Hall) -> int:
    return await rows(database, OutboxRow, col(OutboxRow.name) == "BallotCast")
