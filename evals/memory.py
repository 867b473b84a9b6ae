"""The memory of everything that `frontier up` runs, at ready and after the tour. Reads /proc: Linux only."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evals.figures import Figure
from evals.system import NotMeasured, System, environment, running

GOAL_MB = 1200.0
MB = 1e6
REPOSITORY = Path(__file__).parent.parent
TOUR_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Process:
    """Megabytes: resident, resident with shared pages divided among their users, and the most there ever was."""

    name: str
    rss: float
    pss: float
    peak: float


def memory() -> list[Figure]:
    with running(seed=True) as system:
        figures = of_group(processes(system.pid), "at ready")
        take_the_tour(system)
        return [*figures, *of_group(processes(system.pid), "after the tour", goal=GOAL_MB)]


def of_group(group: list[Process], when: str, *, goal: float | None = None) -> list[Figure]:
    figures = [Figure(f"RSS of {each.name} {when} (PSS {each.pss:.0f} MB)", each.rss, "MB") for each in group]
    return [
        *figures,
        Figure(f"RSS of all {when}", sum(each.rss for each in group), "MB", goal),
        Figure(f"PSS of all {when}", sum(each.pss for each in group), "MB"),
        Figure(f"sum of peak RSS {when}", sum(each.peak for each in group), "MB"),
    ]


def take_the_tour(system: System) -> None:
    """Raises NotMeasured with what it printed when it failed."""
    tour = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-m", "app.demo.tour", "--data-dir", str(system.data)],
        cwd=REPOSITORY,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TOUR_SECONDS,
        check=False,
    )
    if tour.returncode:
        raise NotMeasured(f"The tour failed:\n{tour.stdout[-1000:]}\n{tour.stderr[-1000:]}")


def processes(root: int) -> list[Process]:
    """The process and all below it."""
    if not Path("/proc/self/smaps_rollup").exists():
        raise NotMeasured("Memory is read from /proc: run this part on Linux.")
    return [process(pid) for pid in below(root)]


def below(root: int) -> Iterator[int]:
    children = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
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


def process(pid: int) -> Process:
    shares = kilobytes(pid, "smaps_rollup")
    return Process(name(pid), shares["Rss"], shares["Pss"], kilobytes(pid, "status")["VmHWM"])


def kilobytes(pid: int, file: str) -> dict[str, float]:
    """The lines of /proc that are in kB (of 1,024 bytes), as megabytes."""
    lines = [line.split() for line in Path(f"/proc/{pid}/{file}").read_text().splitlines()]
    return {line[0].rstrip(":"): int(line[1]) * 1024 / MB for line in lines if line[-1] == "kB"}


def name(pid: int) -> str:
    """`worker` for `python -m app.cli worker …`, else the program's file."""
    words = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").split()
    return words[words.index("app.cli") + 1] if "app.cli" in words else words[0].rpartition("/")[2]
