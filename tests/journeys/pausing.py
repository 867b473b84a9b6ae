"""A worker that stops itself, as a laptop that sleeps. Its arguments: DATA_DIR LEASE POINT:N, the last may be empty.

At a point as CRASH_AT knows them it sends itself SIGSTOP; who sends SIGCONT wakes it in the middle of what it did.
"""

import asyncio
import fcntl
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from adapters.sql.engine import sqlite_path
from app.container import Container
from app.settings import load_settings
from app.telemetry import configure_logs
from app.worker import parts_of, stop_signal, work
from domain.crashes import arm, planned_in


def fall_asleep(database: str) -> None:
    """Between two write transactions of SQLite: nobody else can write while one that sleeps has the file."""
    path = sqlite_path(database)
    with path.with_name(path.name + ".lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
    os.kill(os.getpid(), signal.SIGSTOP)


async def main(data_dir: Path, lease_seconds: float, points: str) -> None:
    settings = load_settings(data_dir=data_dir)
    configure_logs(settings, "worker")
    arm(planned_in(points), lambda: fall_asleep(settings.database))
    async with Container(settings) as container:
        await work(replace(parts_of(container), lease_seconds=lease_seconds), stop=stop_signal())


def pausing() -> None:
    data_dir, lease_seconds, points = sys.argv[1:]
    asyncio.run(main(Path(data_dir), float(lease_seconds), points))
