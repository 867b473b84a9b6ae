"""What the running system takes: start times, memory, ballots, resolutions, ingestion, chat.

`python -m evals.serving [PART…] [--quick] [--long]` starts a `frontier up` of its own for each part, in a temporary
folder, on loopback, with the built-in engines, and ends it. Measure on a machine that does nothing else.
"""

import asyncio
import os
import platform
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from evals.ballots import ballots
from evals.chats import QUESTIONS, chats
from evals.figures import Figure, table
from evals.ingestion import ingestion
from evals.memory import memory
from evals.resolutions import deadlines, resolutions
from evals.starts import starts
from evals.system import NotMeasured

PART_SECONDS = 900.0
LONG = ("deadlines",)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured. `prose` and `note` are bytes; `rounds` are those of each proposal and way."""

    helps: int = 10
    casters: int = 50
    proposals: int = 4
    rounds: int = 10
    decisions: int = 40
    prose: int = 1_000_000
    note: int = 20_000
    questions: int = len(QUESTIONS)
    deadlines: int = 3


QUICK = Sizes(2, casters=8, proposals=1, rounds=2, decisions=3, prose=40_000, note=5_000, questions=3, deadlines=1)


def parts_of(sizes: Sizes, database: str = "") -> dict[str, Callable[[], list[Figure]]]:
    """Each part by its name, in the order in which they run; `database` is that of ballots."""
    return {
        "starts": lambda: starts(helps=sizes.helps),
        "memory": memory,
        "ballots": lambda: bounded(
            ballots(casters=sizes.casters, proposals=sizes.proposals, rounds=sizes.rounds, database=database)
        ),
        "resolutions": lambda: bounded(resolutions(decisions=sizes.decisions)),
        "ingestion": lambda: bounded(ingestion(prose=sizes.prose, note=sizes.note)),
        "chat": lambda: bounded(chats(questions=sizes.questions)),
        "deadlines": lambda: bounded(deadlines(proposals=sizes.deadlines)),
    }


def bounded(part: Coroutine[None, None, list[Figure]]) -> list[Figure]:
    """Raises TimeoutError."""

    async def run() -> list[Figure]:
        async with asyncio.timeout(PART_SECONDS):
            return await part

    return asyncio.run(run())


def machine() -> str:
    """One line for people."""
    cpu = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in cpu.read_text().splitlines() if line.startswith("model name")]
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores ({names[0] if names else platform.machine()}), "
        f"{memory_gib:.0f} GiB, {platform.system()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
        f"{', nothing compiled is kept (PYTHONDONTWRITEBYTECODE)' if sys.dont_write_bytecode else ''}"
    )


def measured(part: str, run: Callable[[], list[Figure]], *, quick: bool) -> bool:
    """Print the part's figures, or why there are none."""
    command = f"python -m evals.serving {part}{' --quick' if quick else ''}"
    try:
        click.echo(table(run(), command))
    except NotMeasured as reason:
        click.echo(f"{command}: not measured. {reason}", err=True)
    except TimeoutError:
        click.echo(
            f"{command}: not measured. It took longer than it may: the machine is busy, or a part hangs.", err=True
        )
    else:
        return True
    return False


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice(list(parts_of(QUICK))))
@click.option("--quick", is_flag=True, help="Small counts, to see that it works; no figures to keep.")
@click.option("--long", is_flag=True, help="Measure deadlines too: six minutes more.")
@click.option("--database", default="", help="URL of an empty Postgres database for ballots. [default: SQLite]")
def main(parts: Sequence[str], quick: bool, long: bool, database: str) -> None:
    runs = parts_of(QUICK if quick else Sizes(), database)
    chosen = parts or [part for part in runs if long or part not in LONG]
    click.echo(machine())
    well = [measured(part, runs[part], quick=quick) for part in chosen]
    raise SystemExit(0 if all(well) else 1)


if __name__ == "__main__":
    main()
