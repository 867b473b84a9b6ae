"""A process dies in the middle of a commit that several commands share."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from adapters.sql import writer
from adapters.sql.pages import rows_of
from adapters.sql.votes import BallotRow, VoteRow
from adapters.sql.writer import SqliteWriter
from domain.members import Role, Viewer
from domain.tally import Choice
from evals.hall import Hall, hall
from services.votes import Said
from tests.contracts.sql.sharing import in_line, recounted, rows, told, voting
from tests.contracts.sql.times import Clock

ROOT = Path(__file__).parents[3]

# A process of its own: `python test_cut_short.py URL PROPOSAL MEMBER...`.


async def die(url: str, proposal_id: int, members: Sequence[int]) -> None:
    async def cast_one(member_id: int) -> None:
        await opened.votes.cast(Viewer(member_id, Role.MEMBER), proposal_id, Said(Choice.FOR))
        os.write(1, f"{member_id}\n".encode())

    writer.LONGEST_SECONDS = 60  # a busy machine must not part them
    async with hall(url, clock=Clock()) as opened:
        await cast_one(members[0])
        await in_line(opened, *map(cast_one, members[1:]), opened.transact(lambda _: os._exit(9)))


async def test_of_a_commit_that_was_cut_short_nothing_is_kept_and_nothing_was_told(database: Hall, url: str) -> None:
    viewers, proposal_id = await voting(database, members=5)
    members = [str(viewer.member_id) for viewer in viewers]
    died = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, __file__, url, str(proposal_id), *members],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        stdout=subprocess.PIPE,
        check=False,
    )
    acknowledged = died.stdout.decode().split()
    assert died.returncode == 9
    assert acknowledged == (members[:1] if isinstance(database.writer, SqliteWriter) else members)
    cast_in = select(VoteRow).where(col(VoteRow.cast_at).is_not(None)).order_by(col(VoteRow.member_id))
    assert [str(row.member_id) for row in await rows_of(database.reader, cast_in)] == acknowledged
    assert (await recounted(database, proposal_id)).voters == len(acknowledged)
    assert await rows(database, BallotRow) == await told(database) == len(acknowledged)


if __name__ == "__main__":
    asyncio.run(die(sys.argv[1], int(sys.argv[2]), [int(member) for member in sys.argv[3:]]))
