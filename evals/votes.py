"""How fast ballots are counted: `python -m evals.votes [--url URL] [--seconds 2] [--casters 1 --casters 50 ...]`.

Services are called directly, without HTTP and tokens. A caster casts again once its last ballot is committed, each
time for the next member: first ballots come before changes of mind. A cell is one run; times include waiting in line.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from adapters.sql.migrations import upgrade
from domain.members import Viewer
from domain.rules import EarlyClose, Rules
from domain.tally import Choice
from evals.hall import Hall, hall
from services.votes import Said

MEMBERS, SPREAD = 4_000, 50
CASTERS = (1, 10, 50, 200)

type Turn = tuple[tuple[Viewer, int], Choice]


@dataclass(frozen=True, slots=True)
class Figures:
    """Commit times of one cell in milliseconds, sorted, and its length in seconds."""

    times: list[float]
    elapsed: float

    @property
    def rate(self) -> float:
        return len(self.times) / self.elapsed

    def percentile(self, percent: int) -> float:
        return self.times[min(len(self.times) - 1, len(self.times) * percent // 100)]


async def cast_for(seconds: float, voting: Hall, turns: Iterator[Turn], *, casters: int) -> Figures:
    """So many casters at once, each taking the next turn when its last one is committed."""
    times: list[float] = []
    begun = time.perf_counter()

    async def cast() -> None:
        while (at := time.perf_counter()) - begun < seconds:
            (viewer, proposal_id), choice = next(turns)
            await voting.votes.cast(viewer, proposal_id, Said(choice))
            times.append(1_000 * (time.perf_counter() - at))

    await asyncio.gather(*(cast() for _ in range(casters)))
    return Figures(sorted(times), time.perf_counter() - begun)


async def measure(url: str, *, seconds: float, casters: Sequence[int]) -> None:
    await upgrade(url)
    async with hall(url) as voting:
        await voting.found(Rules(early_close=EarlyClose.NEVER))
        voters = await voting.seat([1] * MEMBERS, prefix=f"caster{time.time_ns()}-")
        authors = itertools.cycle(voters)
        print("casters proposals ballots/s    P50 ms    P95 ms    P99 ms")
        for spread, count in itertools.product((1, SPREAD), casters):
            proposals = [await voting.put_to_vote(next(authors), f"{count}-{spread}-{n}") for n in range(spread)]
            turns = zip(itertools.product(voters, proposals), itertools.cycle(Choice), strict=False)
            figures = await cast_for(seconds, voting, itertools.cycle(turns), casters=count)
            line = f"{count:7} {spread:9} {figures.rate:9.0f}"
            print(line, *(f"{figures.percentile(p):9.1f}" for p in (50, 95, 99)), flush=True)


@click.command(help=__doc__)
@click.option("--url", help="A database for measuring only. [default: a temporary SQLite]")
@click.option("--seconds", default=2.0, show_default=True, help="Length of a cell.")
@click.option("--casters", type=int, multiple=True, default=CASTERS, show_default=True, help="At once; repeatable.")
def main(url: str | None, seconds: float, casters: Sequence[int]) -> None:
    with TemporaryDirectory() as folder:
        temporary = f"sqlite+aiosqlite:///{Path(folder) / 'votes.db'}"
        asyncio.run(measure(url or temporary, seconds=seconds, casters=casters))


if __name__ == "__main__":
    main()
