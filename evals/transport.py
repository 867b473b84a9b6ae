"""What serving GraphQL costs, with a stock Strawberry server measured beside it in the same run.

`python -m evals.transport [PART…] [--quick]` starts a `frontier up` of its own for each part, in a temporary folder, on
loopback, with the built-in engines, and ends it. Measure on a machine that does nothing else. Linux only.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass

import click
import uvloop

from evals.bombs import bombs
from evals.connects import connects
from evals.fanout import fanout
from evals.figures import Figure, table
from evals.requests import requests
from evals.serving import machine
from evals.slow import slow
from evals.system import NotMeasured
from evals.tokens import tokens

PART_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    turns: int = 10
    sockets: int = 500
    ballots: int = 50
    replies: int = 500
    seconds: int = 10
    warm_up: int = 4_000
    cycles: int = 10_000
    healthy: int = 100
    paused: float = 3.0
    bombs: int = 10


QUICK = Sizes(
    2, sockets=50, ballots=10, replies=50, seconds=2, warm_up=100, cycles=200, healthy=10, paused=1.0, bombs=2
)


def parts_of(sizes: Sizes) -> dict[str, Callable[[], list[Figure]]]:
    """Each part by its name, in the order in which they run."""
    return {
        "requests": lambda: bounded(requests(turns=sizes.turns)),
        "fanout": lambda: bounded(fanout(sockets=sizes.sockets, ballots=sizes.ballots)),
        "tokens": lambda: bounded(tokens(replies=sizes.replies, seconds=sizes.seconds)),
        "connects": lambda: bounded(connects(warm_up=sizes.warm_up, cycles=sizes.cycles)),
        "slow": lambda: bounded(slow(healthy=sizes.healthy, seconds=sizes.paused)),
        "bombs": lambda: bounded(bombs(times=sizes.bombs)),
    }


def bounded(part: Coroutine[None, None, list[Figure]]) -> list[Figure]:
    """Raises TimeoutError."""

    async def run() -> list[Figure]:
        async with asyncio.timeout(PART_SECONDS):
            return await part

    return uvloop.run(run())


def measured(part: str, run: Callable[[], list[Figure]], *, quick: bool) -> bool:
    """Print the part's figures, or why there are none."""
    command = f"python -m evals.transport {part}{' --quick' if quick else ''}"
    try:
        click.echo(table(run(), command))
    except NotMeasured as reason:
        click.echo(f"{command}: not measured. {reason}", err=True)
    except TimeoutError:
        click.echo(f"{command}: not measured. It took longer than it may.", err=True)
    else:
        return True
    return False


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice(list(parts_of(QUICK))))
@click.option("--quick", is_flag=True, help="Small counts, to see that it works; no figures to keep.")
def main(parts: Sequence[str], quick: bool) -> None:
    runs = parts_of(QUICK if quick else Sizes())
    click.echo(machine())
    well = [measured(part, runs[part], quick=quick) for part in parts or runs]
    raise SystemExit(0 if all(well) else 1)


if __name__ == "__main__":
    main()
