"""API and worker processes on a world's engines. None of them may end before it is asked to."""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from adapters.auth.local import LocalTokens
from adapters.sql.database import connected
from adapters.sql.migrations import upgrade
from app.demo.client import Client
from evals.crashes.differences import answered
from evals.crashes.members import Member
from evals.crashes.processes import Command, Program
from evals.crashes.system import is_ready, until
from evals.engines.servers import free_port
from evals.faults.worlds import World

STOP_SECONDS = 10.0
"""What `frontier up` and most platforms wait after SIGTERM before they kill."""
WELL = (0, -signal.SIGTERM)
"""Exit codes of a process that ended because it was asked to; uvicorn ends by the signal itself."""


@dataclass
class Process:
    name: str
    arguments: list[str]
    program: Program | None = None

    @property
    def lives(self) -> bool:
        return self.program is not None and self.program.lives


class System:
    """`async with running(world, folder) as system:`; its API processes answer at `urls`."""

    def __init__(self, world: World, folder: Path, *, each: int) -> None:
        self.world, self.folder, self.data = world, folder, folder / "data"
        self.reader, self.writer = connected(world.settings["DATABASE_URL"])
        ports = [free_port() for _ in range(each)]
        self.urls = [f"http://127.0.0.1:{port}" for port in ports]
        self.processes = [Process(f"api-{n}", ["api", "--port", str(port)]) for n, port in enumerate(ports)]
        self.processes += [Process(f"worker-{n}", ["worker"]) for n in range(each)]
        self._tokens = LocalTokens(self.data / "token.key")

    def start(self) -> None:
        for process in self.processes:
            if not process.lives:
                process.program = Program(self._command(process.name, process.arguments))

    def _command(self, name: str, arguments: list[str]) -> Command:
        asked = [arguments[0], "--data-dir", str(self.data), *arguments[1:]]
        return Command(asked, self.world.settings, self.folder, self.folder / f"{name}.log")

    async def until_ready(self) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            for url in self.urls:
                await until(partial(is_ready, client, f"{url}/health/ready"))

    def token(self, handle: str) -> str:
        return self._tokens.issue(handle)

    @asynccontextmanager
    async def members(self, handles: list[str]) -> AsyncIterator[dict[str, Member]]:
        """Patient ones, who look at the end; each at another API process."""
        async with AsyncExitStack() as stack:
            members = {}
            for number, handle in enumerate(handles):
                client = Client(self.urls[number % len(self.urls)], self.token(handle))
                await stack.enter_async_context(client)
                members[handle] = Member(handle, client, random.Random(number), seed=0)  # noqa: S311  # dice
            yield members

    def dead(self) -> list[str]:
        """What ended unasked."""
        return [f"{process.name} ended by itself" for process in self.processes if not process.lives]

    async def stop(self, *names: str) -> dict[str, tuple[float, int]]:
        """SIGTERM for these, all by default; seconds and exit code of each. Who takes too long is killed: -9."""
        chosen = [process for process in self.processes if process.lives and (not names or process.name in names)]
        ends = await asyncio.gather(*(self._stopped(process) for process in chosen))
        return dict(zip((process.name for process in chosen), ends, strict=True))

    async def _stopped(self, process: Process) -> tuple[float, int]:
        assert process.program is not None
        began, waiting = time.monotonic(), asyncio.create_task(process.program.wait())
        os.kill(process.program.pid, signal.SIGTERM)
        done, _ = await asyncio.wait({waiting}, timeout=STOP_SECONDS)
        if not done:
            process.program.kill()
        code = await waiting
        return time.monotonic() - began, code

    async def command(self, *arguments: str) -> tuple[int, list[str]]:
        """Exit code and output of `frontier …`."""
        return await answered(self._command("command", list(arguments)))

    def log_ends(self) -> dict[Path, int]:
        """How long each process's log is."""
        logs = [self.folder / f"{process.name}.log" for process in self.processes]
        return {log: log.stat().st_size for log in logs if log.exists()}

    def logged(self, *words: str, since: dict[Path, int]) -> list[str]:
        """Lines written behind those ends that have any of these words."""
        told = [(log.stem, log.read_bytes()[end:].decode(errors="replace")) for log, end in since.items()]
        lines = [f"{name}: {line}" for name, text in told for line in text.splitlines()]
        return [line for line in lines if any(word in line for word in words)]

    async def close(self) -> None:
        for process in self.processes:
            if process.program is not None and process.program.lives:
                process.program.kill()
                await process.program.wait()
        await self.writer.close()
        await self.reader.close()


@asynccontextmanager
async def running(world: World, folder: Path, *, each: int = 2) -> AsyncIterator[System]:
    """`each`: so many API processes and so many workers."""
    (folder / "data").mkdir(exist_ok=True)
    await upgrade(world.settings["DATABASE_URL"])
    system = System(world, folder, each=each)
    try:
        system.start()
        await system.until_ready()
        yield system
    finally:
        await system.close()
