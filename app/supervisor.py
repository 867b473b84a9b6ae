"""A child process that is started again when it dies, and that never outlives its parent."""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from adapters.steady import SteadyClock

FIRST_DELAY = 0.2
LONGEST_DELAY = 10.0
HEALTHY_AFTER = 30.0
"""Seconds of life after which a child counts as well again."""
PATIENCE = 10.0
"""Seconds between asking a child to end and making it."""
PR_SET_PDEATHSIG = 1
CLOCK = "FRONTIER_CLOCK"
"""Tells a child the time: the machine's clock may have been set since its supervisor began, and votes go on by the time
before (adapters/steady.py)."""
clock = SteadyClock()
FRUGAL = {"MALLOC_ARENA_MAX": "2"}
"""glibc keeps an arena a thread otherwise: a worker's many threads would hold memory that nobody uses."""


@dataclass
class Backoff:
    """Delays that double from death to death: 0.2 s, 0.4 s ... 10 s, from the start again after 30 s of life."""

    deaths: int = 0

    def after(self, lived: float) -> float:
        """Seconds to wait before the next start of a child that lived so long."""
        self.deaths = 0 if lived >= HEALTHY_AFTER else self.deaths
        delay = min(FIRST_DELAY * 2.0 ** min(self.deaths, 10), LONGEST_DELAY)
        self.deaths += 1
        return delay


@dataclass(frozen=True)
class Program:
    """What to run, under which name; `log` takes its output instead of the terminal."""

    name: str
    command: Sequence[str]
    log: Path | None = None


@dataclass
class Child:
    """Keeps one program running until `stop`."""

    program: Program
    say: Callable[[str], None]
    backoff: Backoff = field(default_factory=Backoff)
    process: asyncio.subprocess.Process | None = None
    exit_code: int | None = None
    deaths: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Start it, and start it again whenever it dies. Returns after `stop`."""
        while not self.stopping.is_set():
            started = time.monotonic()
            self.process = await start(self.program, again=self.deaths > 0)
            self.exit_code = await self.process.wait()
            if self.stopping.is_set():
                return
            self.deaths += 1
            delay = self.backoff.after(time.monotonic() - started)
            self.say(f"{self.program.name} ended ({ending(self.exit_code)}); starting it again in {delay:.1f} s")
            await asyncio.sleep(delay)

    async def stop(self, *, patience: float = PATIENCE) -> None:
        """Ask it to end; make it after `patience` seconds."""
        self.stopping.set()
        process = self.process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), patience)
        except TimeoutError:
            self.say(f"{self.program.name} did not end within {patience:.0f} s; killing it")
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def start(program: Program, *, again: bool = False) -> asyncio.subprocess.Process:
    """One process of our group. Ctrl-C reaches only the supervisor, which then ends the children in order.

    `again`: it died before. A crash that CRASH_AT wanted has been had then, and is not wanted of the next one.
    """
    environment = {**os.environ, **FRUGAL, CLOCK: clock.said()}
    if again:
        environment.pop("CRASH_AT", None)
    output = program.log.open("ab") if program.log else None
    try:
        return await asyncio.create_subprocess_exec(
            *program.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            preexec_fn=tied_to(os.getpid()),
        )
    finally:
        if output:
            output.close()


def tied_to(parent: int) -> Callable[[], None]:
    """What a child does between fork and exec: ignore Ctrl-C and, on Linux, die with `parent` even after kill -9.

    SIGKILL is kind enough: everything here survives it by design, and nothing lingers.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # it died before the line above
                os._exit(1)

    return prepare


def ending(exit_code: int) -> str:
    """`exit code 1`, or `SIGKILL` for a negative one."""
    return signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"
