"""`frontier up`: everything in one supervised foreground process group."""

import asyncio
import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from adapters.embedded.falkordb import (
    LOG_FILE,
    answers,
    end_left_over,
    free_port,
    left_over,
    missing_libraries,
    server_command,
)
from adapters.sql.revision import at_newest
from app.addresses import bracketed
from app.settings import BadSettings, Settings
from app.supervisor import Child, Program, clock, ending, start

NEWCOMER = "ana"
FIRST_OPERATION = "{ viewer { displayName twin { id } } proposals { nodes { number title status } } }"
PATIENT_DEATHS = 5
"""A server that ends so often before it is ready will not get well by itself."""
ENGINE_SECONDS = 60.0
"""How long the embedded server may take to load its data."""
HINT_SECONDS = 30.0
CORRECTED_SECONDS = 60.0
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StartFailed(Exception):
    """Why `up` gave up, in words for its user."""


class Up:
    """One run: engines, migrations, API and worker, demo; then watching over them."""

    def __init__(self, settings: Settings, *, seed: bool, fake_cloud: bool = False) -> None:
        if fake_cloud and settings.memory_url:
            raise BadSettings("MEMORY_URL is set: clear it, or start without --fake-cloud.")
        self._settings = settings
        self._seed = seed
        self._fake_cloud = fake_cloud
        self._began = time.monotonic()
        self._engines: list[Child] = []
        self._servers: list[Child] = []

    async def run(self) -> None:
        """Returns after Ctrl-C or SIGTERM. Raises BadSettings or StartFailed for what the user can mend."""
        self._settings.data_dir.mkdir(parents=True, exist_ok=True)
        with only_one(self._settings.data_dir):
            for left in (self._settings.address_file, self._settings.fake_cloud_file):  # by a run that was killed
                left.unlink(missing_ok=True)
            check_port(self._settings.host, self._settings.port)
            work = asyncio.create_task(self._serve())
            for number in STOPS:
                asyncio.get_running_loop().add_signal_handler(number, work.cancel)
            try:
                await work
            except asyncio.CancelledError:
                self.say("stopping")
            except ExceptionGroup as failed:
                raise failed.exceptions[0] from None
            finally:
                await self._end()

    def say(self, line: str) -> None:
        click.echo(f"[{time.monotonic() - self._began:5.1f} s] {line}")

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            migration = tasks.create_task(self._migrate())
            if self._settings.needs_embedded_server:
                await self._start_engine(tasks)
            if self._fake_cloud:
                await self._start_fake_cloud(tasks)
            await migration
            for name in ("worker", "api"):
                self._servers.append(self._keep(tasks, self._program(name)))
            tasks.create_task(follow_time())
            if self._seed and not self._settings.seeded_file.exists():
                await self._once("seed", "demo DAO is there")
            await self._until_ready()
            self._welcome()

    async def _migrate(self) -> None:
        if not at_newest(self._settings.database):
            await self._once("migrate", "database is at its newest version")

    async def _start_engine(self, tasks: asyncio.TaskGroup) -> None:
        """Redis with FalkorDB, on its last port if that is still free."""
        if lack := missing_libraries():
            raise StartFailed(lack)
        folder = self._settings.embedded_folder.absolute()
        if (pid := left_over(folder)) is not None:
            self.say(f"ending the Redis that an earlier run left behind (process {pid})")
            await asyncio.to_thread(end_left_over, pid, folder)
        port = reusable_port(self._settings.port_file)
        self._settings.port_file.write_text(f"{port}\n")
        engine = self._keep(tasks, Program("redis", server_command(folder, port), log=folder / LOG_FILE))
        self._engines.append(engine)
        patience = time.monotonic() + ENGINE_SECONDS
        while not await answers(port):
            if engine.deaths >= PATIENT_DEATHS or time.monotonic() > patience:
                raise StartFailed(f"The embedded Redis does not start: {last_line(folder / LOG_FILE)}")
            await asyncio.sleep(0.02)
        self.say(f"Redis and FalkorDB answer on port {port}")

    async def _start_fake_cloud(self, tasks: asyncio.TaskGroup) -> None:
        """A Mem0 Cloud for trying, its memories in the data folder; settings find it by its port."""
        folder, port = self._settings.data_dir, free_port()
        options = ["--port", str(port), "--file", str(folder / "mem0.jsonl")]
        program = Program("mem0", [sys.executable, "-P", "-m", "fakes.mem0", *options], log=folder / "mem0.log")
        engine = self._keep(tasks, program)
        self._engines.append(engine)
        patience = time.monotonic() + ENGINE_SECONDS
        while not await listens(port):
            if engine.deaths >= PATIENT_DEATHS or time.monotonic() > patience:
                raise StartFailed(f"The fake Mem0 Cloud does not start: {last_line(folder / 'mem0.log')}")
            await asyncio.sleep(0.05)
        self._settings.fake_cloud_file.write_text(f"{port}\n")
        self.say(f"a fake Mem0 Cloud answers on port {port}: memories go there, not to FalkorDB")

    def _keep(self, tasks: asyncio.TaskGroup, program: Program) -> Child:
        child = Child(program, self.say)
        tasks.create_task(child.run())
        return child

    def _program(self, name: str) -> Program:
        """One of our own commands, importing the installed packages and not what lies in the working directory."""
        command = [sys.executable, "-P", "-m", "app.cli", name, "--data-dir", str(self._settings.data_dir)]
        if name == "api":
            command += ["--host", self._settings.host, "--port", str(self._settings.port)]
        return Program(name, command)

    async def _once(self, name: str, done: str) -> None:
        process = await start(self._program(name))
        try:
            exit_code = await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        if exit_code:
            raise StartFailed(f"`frontier {name}` failed ({ending(exit_code)}): the lines above say why.")
        self.say(done)

    async def _until_ready(self) -> None:
        hint = time.monotonic() + HINT_SECONDS
        while not await healthy(self._settings.host, self._settings.port):
            for server in self._servers:
                if server.deaths >= PATIENT_DEATHS:
                    name = server.program.name
                    raise StartFailed(f"{name} does not start: the lines above and `frontier doctor` say why.")
            if time.monotonic() > hint:
                self.say("still waiting for API and worker; `frontier doctor` in another terminal looks at each engine")
                hint += HINT_SECONDS
            await asyncio.sleep(0.05)

    def _welcome(self) -> None:
        from adapters.auth.local import LocalTokens

        token = LocalTokens(self._settings.token_key).issue(NEWCOMER)
        address = f"http://{bracketed(self._settings.host)}:{self._settings.port}"
        self._settings.address_file.write_text(address)
        self.say("ready")
        explorer = f"\n  GraphiQL, signed in as {NEWCOMER}:\n    {address}/graphiql#token={token}\n"
        click.echo(
            f"{explorer if self._settings.introspection else ''}"
            f"\n  Her token, for other clients:\n    {token}\n"
            f"\n  One operation to try:\n    {FIRST_OPERATION}\n"
            "\n  Ctrl-C ends everything.\n"
        )

    async def _end(self) -> None:
        """The servers first, together; then what they talk to."""
        for children in (self._servers, self._engines):
            await asyncio.gather(*(child.stop() for child in children))
        for file in (self._settings.address_file, self._settings.fake_cloud_file):
            file.unlink(missing_ok=True)
        self.say("stopped")


async def follow_time() -> None:
    """Take over what a time service corrects bit by bit, for children that are started later."""
    while True:
        clock()
        await asyncio.sleep(CORRECTED_SECONDS)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder. The kernel gives it back however this process ends. Raises BadSettings."""
    with (folder / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise BadSettings(
                f"`frontier up` already runs on {folder} (process {lock.read().strip()}): "
                "stop it, or give this one another --data-dir and --port."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def check_port(host: str, port: int) -> None:
    """Raises BadSettings when somebody else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            raise BadSettings(
                f"Cannot serve on {host} port {port} ({error.strerror}): stop what uses it, "
                f"or choose another with --port {port % 65535 + 1}."
            ) from None


def reusable_port(port_file: Path) -> int:
    """The port of the last run while it is free, so that clients find it again; else a free one."""
    try:
        port = int(port_file.read_text())
        check_port("127.0.0.1", port)
    except (FileNotFoundError, ValueError, BadSettings):
        return free_port()
    return port


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def healthy(host: str, port: int) -> bool:
    """Whether GET /health/ready answers 200. Spoken by hand, so that no HTTP client stays in memory."""
    try:
        reader, writer = await asyncio.open_connection(host.strip("[]"), port)
    except OSError:
        return False
    try:
        writer.write(f"GET /health/ready HTTP/1.0\r\nHost: {bracketed(host)}\r\n\r\n".encode())
        status = await asyncio.wait_for(reader.readline(), 5)
        return status.split()[1:2] == [b"200"]
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()


def last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
