"""What the kernel tells of a process and of those below it. Reads /proc: Linux only."""

import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

MB = 1e6
PROC = Path("/proc")
IDLE_SHARE, IDLE_SECONDS, MOST_SECONDS = 0.05, 1.0, 90.0


def readable() -> bool:
    return (PROC / "self" / "smaps_rollup").exists()


def below(root: int) -> Iterator[int]:
    children = defaultdict(list)
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile
        children[parent].append(int(stat.parent.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop(0)
        yield pid
        waiting += sorted(children[pid])


def kilobytes(pid: int, file: str) -> dict[str, float]:
    """The lines of /proc that are in kB (of 1,024 bytes), as megabytes."""
    lines = [line.split() for line in (PROC / str(pid) / file).read_text().splitlines()]
    return {line[0].rstrip(":"): int(line[1]) * 1024 / MB for line in lines if line[-1] == "kB"}


def name(pid: int) -> str:
    """`worker` for `python -m app.cli worker …`, else the program's file."""
    words = (PROC / str(pid) / "cmdline").read_text().replace("\0", " ").split()
    return words[words.index("app.cli") + 1] if "app.cli" in words else words[0].rpartition("/")[2]


def cpu_seconds(root: int) -> float:
    """Of the process and all below it, in user and kernel."""
    stats = [(PROC / str(pid) / "stat").read_text().rpartition(")")[2].split() for pid in below(root)]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def settle(root: int) -> None:
    """Wait until all of them idle for a second, for the worker still loads what is heavy when the API is ready."""
    until = time.monotonic() + (MOST_SECONDS if readable() else 0)
    while time.monotonic() < until:
        before = cpu_seconds(root)
        time.sleep(IDLE_SECONDS)
        if cpu_seconds(root) - before < IDLE_SHARE * IDLE_SECONDS:
            return
