"""A system of our own to be killed: API and worker processes, FalkorDB, and a database, all on loopback."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import httpx
from sqlalchemy import make_url, select, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.auth.local import LocalTokens
from adapters.embedded.falkordb import answers, free_port, server_command
from adapters.sql.clock import database_clock
from adapters.sql.database import connected
from adapters.sql.migrations import upgrade
from adapters.sql.outbox_rows import OutboxRow, is_open
from adapters.sql.proposals import ProposalRow
from adapters.sql.writer import Writer
from app.demo.client import Client
from app.supervisor import tied_to
from domain.crashes import POINTS
from domain.proposals import Status
from evals.crashes.differences import differences
from evals.crashes.processes import Command, Program
from evals.system import NotMeasured

START_SECONDS = 90.0
LOOK_SECONDS = 0.05
AGAIN_SECONDS = 0.2
"""As the supervisor of `frontier up` waits after a first death."""
API_POINTS = [point for point in POINTS if point.split(".")[0] in ("transaction", "hint", "upload", "chat", "vote")]
WORKER_POINTS = [point for point in POINTS if point.split(".")[0] not in ("upload", "chat", "vote", "reconcile")]
KILLED = "at a random moment"


@dataclass
class Part:
    """One process, started again whenever it dies, each time with the crash that `plan` wants of it."""

    name: str
    arguments: list[str]
    folder: Path
    settings: dict[str, str]
    plan: Callable[[], str]
    deaths: list[str] = field(default_factory=list)
    """How it died: KILLED, or the CRASH_AT that it was started with."""
    unexpected: list[str] = field(default_factory=list)
    _program: Program | None = None
    _killed: bool = False

    async def run(self) -> None:
        """Until it is cancelled, and ended with it."""
        try:
            while True:
                crash_at, self._killed = self.plan(), False
                settings = {**self.settings, "CRASH_AT": crash_at}
                log = self.folder / f"{self.name}.log"
                self._program = Program(Command(self.arguments, settings, self.folder, log))
                code = await self._program.wait()
                if code == -signal.SIGKILL and (self._killed or crash_at):
                    self.deaths.append(KILLED if self._killed else crash_at)
                else:
                    self.unexpected.append(f"{self.name} ended by itself: exit code {code}")
                await asyncio.sleep(AGAIN_SECONDS)
        finally:
            await self._ended()

    @property
    def pid(self) -> int | None:
        """None while it is away."""
        return self._program.pid if self._program is not None and self._program.lives else None

    def kill(self) -> None:
        if self._program is not None and self._program.lives:
            self._killed = True
            self._program.kill()

    async def _ended(self) -> None:
        if self._program is not None and self._program.lives:
            self._program.kill()
            await self._program.wait()


class System:
    """`arming`: whether what starts now is told to crash. Consecutive seeds take the points in turn."""

    def __init__(self, folder: Path, database_url: str, *, redis_port: int, workers: int) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.graph_url = f"falkordb://127.0.0.1:{redis_port}"
        self.port = free_port()
        self.begin(0)
        self.arming = False
        self.abandoned: set[str] = set()
        """SHA-256 of what was uploaded by who got no answer and never asked again: only reconciliation finds it."""
        self.reader, self.writer = connected(database_url)
        self.settings = {
            "DATABASE_URL": database_url,
            "REDIS_URL": self.graph_url.replace("falkordb", "redis"),
            "GRAPH_URL": self.graph_url,
            "MEMORY_URL": self.graph_url,
        }
        names = ["api", *(f"worker-{number}" for number in range(workers))]
        self.parts = [self._part(name) for name in names]

    def begin(self, seed: int) -> None:
        self.seed = seed
        self.chance = random.Random(seed)  # noqa: S311  # dice
        self.armed: set[str] = set()
        """The parts that were told to crash already: once a seed."""

    def _part(self, name: str) -> Part:
        arguments = [name.split("-")[0], "--data-dir", str(self.data)]
        arguments += ["--port", str(self.port)] if name == "api" else []
        return Part(name, arguments, self.folder, self.settings, lambda: self._planned(name))

    def _planned(self, name: str) -> str:
        """The seed's point of those that this part passes, one of its first passes; nothing while all shall rest."""
        if not self.arming or name in self.armed:
            return ""
        self.armed.add(name)
        points = API_POINTS if name == "api" else WORKER_POINTS
        return f"{points[self.seed % len(points)]}:{min(int(self.chance.expovariate(1.0)) + 1, 8)}"

    async def until_ready(self) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            await until(lambda: is_ready(client, f"http://127.0.0.1:{self.port}/health/ready"))

    async def differences(self) -> list[str]:
        """What `frontier reconcile --dry-run` counts, but for the bytes of uploads that were given up."""
        files = [path for path in (self.data / "blobs").glob("[0-9]*/*") if path.name in self.abandoned]
        return await differences(self.settings, self.data, self.folder, unclaimed=len(files))

    def client(self, handle: str) -> Client:
        return Client(f"http://127.0.0.1:{self.port}", LocalTokens(self.data / "token.key").issue(handle))

    async def hasten(self, within: timedelta) -> None:
        await hasten(self.writer, within)

    async def close(self) -> None:
        await self.writer.close()
        await self.reader.close()


async def hasten(writer: Writer, within: timedelta) -> None:
    """Move every vote that runs back in time, so that it ends so soon: the shortest that rules allow is 5 minutes.

    Start, end and the job at the end keep their distances, as they would had it begun earlier.
    """

    def command(session: Session) -> None:
        until = database_clock(session) + within
        votes = select(ProposalRow).where(col(ProposalRow.status) == Status.VOTING.value).with_for_update()
        running = session.scalars(votes).all()  # before their jobs: a vote may begin between two statements
        jobs = session.scalars(select(OutboxRow).where(is_open("job"), col(OutboxRow.name) == "close")).all()
        for row in running:
            if row.starts_at is None or row.ends_at is None or row.ends_at <= until:
                continue
            earlier = row.ends_at - until
            row.starts_at, row.ends_at = row.starts_at - earlier, until
            for job in jobs:
                if job.args["args"] == [row.id]:
                    job.due_at -= earlier

    await writer(command)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Raises NotMeasured when it takes too long."""
    for _ in range(int(START_SECONDS / LOOK_SECONDS)):
        if await condition():
            return
        await asyncio.sleep(LOOK_SECONDS)
    raise NotMeasured(f"The system did not start within {START_SECONDS:.0f} s.")


async def is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).is_success
    except httpx.HTTPError:
        return False


@asynccontextmanager
async def running(database: str, *, workers: int = 1, keep: Path | None = None) -> AsyncIterator[System]:
    """On `sqlite` or `postgres`, in a temporary folder unless it shall be kept; all of it is gone afterwards."""
    with TemporaryDirectory(prefix="frontier-crashes-") if keep is None else nullcontext(keep) as folder:
        async with served(Path(folder)) as port, made(database, Path(folder)) as url:
            await upgrade(url)
            system = System(Path(folder), url, redis_port=port, workers=workers)
            tasks = [asyncio.create_task(part.run(), name=part.name) for part in system.parts]
            try:
                await system.until_ready()
                yield system
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await system.close()


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[int]:
    """The port of a FalkorDB."""
    port = free_port()
    with (folder / "falkordb.log").open("wb") as log:
        server = await asyncio.create_subprocess_exec(
            *server_command(folder / "redis", port), stdout=log, stderr=log, preexec_fn=tied_to(os.getpid())
        )
    try:
        await until(lambda: answers(port))
        yield port
    finally:
        with suppress(ProcessLookupError):  # whoever ended all of us was faster
            server.kill()
        await server.wait()


@asynccontextmanager
async def made(database: str, folder: Path) -> AsyncIterator[str]:
    """The URL of an empty database. Raises NotMeasured when there is no server for it."""
    if database == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'frontier.db'}"
        return
    server = os.environ.get("TEST_DATABASE_URL")
    if not server:
        raise NotMeasured("postgres: set TEST_DATABASE_URL to a server where a database may be made.")
    name = f"frontier_crashes_{uuid4().hex[:12]}"
    await administer(server, f"CREATE DATABASE {name}")
    try:
        password = make_url(server).password or "unused"  # the settings want one; a server that trusts does not ask
        yield make_url(server).set(database=name, password=password).render_as_string(hide_password=False)
    finally:
        await administer(server, f"DROP DATABASE {name} WITH (FORCE)")


async def administer(url: str, statement: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
