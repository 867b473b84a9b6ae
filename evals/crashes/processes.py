"""Processes that start quickly: forked from one that has imported what costs seconds; then the command line."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from app.supervisor import FRUGAL, tied_to
from evals.system import environment

SERVER = get_context("forkserver")
SERVER.set_forkserver_preload(["evals.crashes.preload"])


class Program:
    """`frontier` with these arguments and settings, in `folder`, its output behind what `log` holds."""

    def __init__(self, arguments: Sequence[str], settings: Mapping[str, str], *, folder: Path, log: Path) -> None:
        given = {**environment(), **settings, **FRUGAL}
        self._process: ForkServerProcess = SERVER.Process(target=run, args=(list(arguments), given, folder, log))
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


def run(arguments: Sequence[str], settings: Mapping[str, str], folder: Path, log: Path) -> None:
    tied_to(os.getppid())()
    os.environ.clear()
    os.environ.update(settings)
    os.chdir(folder)  # whatever .env lies where this was called
    with log.open("ab") as output:
        os.dup2(output.fileno(), sys.stdout.fileno())
        os.dup2(output.fileno(), sys.stderr.fileno())
    from app.cli import main

    sys.argv = ["frontier", *arguments]
    main()
