"""A worker that stops itself, as a laptop that sleeps. Its arguments: DATA_DIR LEASE POINT:N, the last may be empty.

At a point as CRASH_AT knows them it sends itself SIGSTOP; who sends SIGCONT wakes it in the middle of what it did.
"""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from adapters.sql.engine import sqlite_path
from app.container import Container
from app.settings import load_settings
from app.telemetry import configure_logs
from app.worker import parts_of, stop_signal, work
from domain.crashes import arm, planned_in

PUT_TO_SLEEP = """
import fcntl, os, signal, sys
with open(sys.argv[1], "rb") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.kill(int(sys.argv[2]), signal.SIGSTOP)
"""


def fall_asleep(database: str) -> None:
    """Between two write transactions of SQLite: nobody else can write while one that sleeps has the file.

    Somebody else holds their lock meanwhile: let go by ourselves, another thread of ours could have it when we stop.
    """
    path = sqlite_path(database)
    lock = path.with_name(path.name + ".lock")
    subprocess.run([sys.executable, "-c", PUT_TO_SLEEP, str(lock), str(os.getpid())], check=True)


async def main(data_dir: Path, lease_seconds: float, points: str) -> None:
    settings = load_settings(data_dir=data_dir)
    configure_logs(settings, "worker")
    arm(planned_in(points), lambda: fall_asleep(settings.database))
    async with Container(settings) as container:
        await work(replace(parts_of(container), lease_seconds=lease_seconds), stop=stop_signal())


def pausing() -> None:
    data_dir, lease_seconds, points = sys.argv[1:]
    asyncio.run(main(Path(data_dir), float(lease_seconds), points))
