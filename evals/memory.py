"""The memory of everything that `frontier up` runs, at ready and after the tour: Linux only."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from evals.figures import Figure
from evals.processes import below, kilobytes, name, readable
from evals.system import NotMeasured, System, environment, running

GOAL_MB = 1200.0
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
    """Raises NotMeasured."""
    if not readable():
        raise NotMeasured("Memory is read from /proc: run this part on Linux.")
    with running(seed=True) as system:
        figures = of_group(group_of(system), "at ready")
        take_the_tour(system)
        return [*figures, *of_group(group_of(system), "after the tour", goal=GOAL_MB)]


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
    tour = subprocess.run(
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


def group_of(system: System) -> list[Process]:
    return [process(pid) for pid in below(system.pid)]


def process(pid: int) -> Process:
    shares = kilobytes(pid, "smaps_rollup")
    return Process(name(pid), shares["Rss"], shares["Pss"], kilobytes(pid, "status")["VmHWM"])
