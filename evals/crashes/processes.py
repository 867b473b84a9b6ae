"""Processes that start quickly: forked from one that has imported what costs seconds; then the command line."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from app.supervisor import FRUGAL, tied_to
from evals.system import environment

SERVER = get_context("forkserver")
SERVER.set_forkserver_preload(["evals.crashes.preload"])


def frontier() -> None:
    from app.cli import main

    main()


@dataclass(frozen=True, slots=True)
class Command:
    """`main` with these arguments and settings, in `folder`, its output behind what `log` holds."""

    arguments: Sequence[str]
    settings: Mapping[str, str]
    folder: Path
    log: Path
    main: Callable[[], None] = frontier


class Program:
    """A command that runs."""

    def __init__(self, command: Command) -> None:
        self._process: ForkServerProcess = SERVER.Process(target=run, args=(command, environment()))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.exitcode is None

    def kill(self) -> None:
        self._process.kill()

    async def wait(self) -> int:
        """Its exit code; -9 when it was killed."""
        await asyncio.to_thread(self._process.join)
        code = self._process.exitcode
        assert code is not None
        return code


def run(command: Command, environment: Mapping[str, str]) -> None:
    tied_to(os.getppid())()
    os.environ.clear()
    os.environ.update({**environment, **FRUGAL, **command.settings})
    os.chdir(command.folder)  # whatever .env lies where this was called
    with command.log.open("ab") as output:
        os.dup2(output.fileno(), sys.stdout.fileno())
        os.dup2(output.fileno(), sys.stderr.fileno())
    sys.argv = [command.main.__name__, *command.arguments]
    command.main()
