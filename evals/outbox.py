"""Outbox lag: from a commit to its projection, with real worker processes, on SQLite or Postgres.

`python -m evals.outbox [--rate 50] [--seconds 15] [--workers 1] [--postgres]`; --postgres makes a database of its own
on TEST_DATABASE_URL.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import make_url, select, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import col

from adapters.embedded.falkordb import free_port, server_command
from adapters.sql import migrations
from adapters.sql.outbox_rows import OutboxRow
from adapters.sql.pages import rows_of
from app.container import Container
from app.settings import Settings
from app.supervisor import tied_to
from domain.drafts import Edit
from domain.members import Claims, Role, Viewer
from domain.tally import Choice
from evals.figures import spread, table
from services.votes import Said

VOTERS, PROPOSALS = 40, 5
GOAL_MS = 1000.0
PATIENCE_SECONDS = 60.0
STOP_SECONDS = 30.0
"""A busy machine lets a worker take longer than its own five."""


@contextmanager
def falkordb(folder: Path) -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen(
        server_command(folder, port),
        stdout=subprocess.DEVNULL,
        preexec_fn=tied_to(os.getpid()),  # noqa: PLW1509  # no threads yet
    )
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


@asynccontextmanager
async def database(folder: Path, *, postgres: bool) -> AsyncIterator[str]:
    if not postgres:
        yield f"sqlite+aiosqlite:///{folder / 'frontier.db'}"
        return
    server, name = os.environ["TEST_DATABASE_URL"], f"evals_{uuid4().hex[:8]}"
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            address = make_url(server)
            trusted = address.set(database=name, password=address.password or "trusted")
            yield trusted.render_as_string(hide_password=False)
        finally:
            await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await engine.dispose()


@contextmanager
def workers(environment: dict[str, str], count: int) -> Iterator[None]:
    command = [sys.executable, "-m", "app.cli", "worker"]
    started = [
        subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stderr=subprocess.DEVNULL,
            preexec_fn=tied_to(os.getpid()),  # noqa: PLW1509  # nothing may outlive us
        )
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(STOP_SECONDS)


async def seated(container: Container) -> list[Viewer]:
    return [
        await container.services.members.login(Claims(f"local|v{n}", f"v{n}", Role.MEMBER, container.now()))
        for n in range(VOTERS)
    ]


async def tabled(container: Container, author: Viewer) -> int:
    proposals = container.services.proposals
    made = await proposals.create(author, Edit(title=f"Buy printer {author.member_id}", body="Now."))
    proposal_id = int(made["proposal"] or 0)
    await proposals.open(author, proposal_id)
    await proposals.start(author, proposal_id)
    return proposal_id


async def shown(container: Container) -> None:
    """Until nothing waits. Raises TimeoutError."""
    until = time.monotonic() + PATIENCE_SECONDS
    while await container.outbox.projectable(limit=1):
        if time.monotonic() > until:
            raise TimeoutError(f"Events were not projected within {PATIENCE_SECONDS:g} s.")
        await asyncio.sleep(0.1)


async def voted(container: Container, *, rate: float, seconds: float) -> None:
    """Ballots of all voters on all proposals in turn; AGAINST, so that none is decided."""
    voters = await seated(container)
    proposals = [await tabled(container, voter) for voter in voters[:PROPOSALS]]
    await shown(container)
    tasks, start = [], time.monotonic()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
        voter, proposal_id = voters[number % VOTERS], proposals[number // VOTERS % PROPOSALS]
        tasks.append(asyncio.create_task(container.services.votes.cast(voter, proposal_id, Said(Choice.AGAINST))))
    await asyncio.gather(*tasks)
    await shown(container)


async def lags(container: Container) -> list[float]:
    """Seconds from a ballot's event to its mark, both by the database's clock."""
    events = await rows_of(container.database.reader, select(OutboxRow).where(col(OutboxRow.name) == "BallotCast"))
    return [(row.done_at - row.created_at).total_seconds() for row in events if row.done_at]


async def measured(*, rate: float, seconds: float, count: int, postgres: bool) -> list[float]:
    with tempfile.TemporaryDirectory() as name, falkordb(Path(name)) as address:
        async with database(Path(name), postgres=postgres) as url:
            environment = {
                "DATA_DIR": name,
                "DATABASE_URL": url,
                "REDIS_URL": f"redis://{address}/0",
                "GRAPH_URL": f"falkordb://{address}",
                "MEMORY_URL": f"falkordb://{address}",
            }
            os.environ.update(environment)
            settings = Settings(_env_file=None)  # type: ignore[call-arg]  # pydantic-settings takes it, its plugin does not know
            await migrations.upgrade(settings.database)
            async with Container(settings) as container:
                with workers(environment, count):
                    await voted(container, rate=rate, seconds=seconds)
                return await lags(container)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=50.0, help="ballots a second")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    found = asyncio.run(measured(rate=given.rate, seconds=given.seconds, count=given.workers, postgres=given.postgres))
    label = f"commit to projected, {given.rate:g}/s, {given.workers} worker{'s' * (given.workers > 1)}, "
    name = label + ("Postgres" if given.postgres else "SQLite")
    command = " ".join(["python -m evals.outbox", *sys.argv[1:]])
    sys.stdout.write(table(spread(name, found, goal=GOAL_MS), command) + "\n")


if __name__ == "__main__":
    main()
