"""`python -m evals.faults --engine redis --fault pause --seconds 20`: an engine fails under load; who notices?

Starts Postgres, Redis and Neo4j of its own, two API and two worker processes on them, and members who read, search,
upload, chat, propose, vote and listen. One engine at a time is paused, killed, restarted, made slow or its disk filled.
Exit code 1: something was answered wrongly, lost, doubled, late or left different (docs/reliability.md).
"""

import argparse
import asyncio
import signal
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from evals.engines.servers import NotStarted, Unavailable
from evals.faults.cases import Case, Result, reconciled, slowest, stopped, tried
from evals.faults.diary import Outcome
from evals.faults.system import running
from evals.faults.worlds import world
from evals.system import NotMeasured

ENGINES = {
    "real": ("redis", "postgres", "neo4j"),
    "light": ("redis", "postgres", "falkordb"),
    "embedded": ("falkordb",),
}
FAULTS = ("pause", "kill", "restart", "stop", "slow", "full")
"""stop: SIGTERM to API and workers while the engine is paused."""
APART = {"slow": "wire", "full": "disk"}
"""Faults that need engines of their own kind: behind a proxy, on a small disk."""
HEAD = ("case", "ok", "degraded", "refused", "slowest", "served", "well", "late", "kept", "differ", "SIGTERM", "wrong")


async def main(cases: list[Case], *, column: str, keep: Path | None) -> int:
    """How many cases went wrong."""
    if (task := asyncio.current_task()) is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # nothing stays behind
    results: list[Result] = []
    for number, (_, together) in enumerate(groupby(cases, key=apart)):
        with kept(keep / f"{number}") if keep else TemporaryDirectory(prefix="frontier-faults-") as folder:
            opened(Path(folder))
            results += await shared(list(together), column=column, folder=Path(folder), first=len(results))
    print(table(results))
    return sum(bool(result.wrong) for result in results)


def kept(folder: Path) -> AbstractContextManager[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    return nullcontext(folder)


def opened(folder: Path) -> None:
    """Postgres is run by another user where we are root."""
    folder.chmod(0o755)


def apart(case: Case) -> tuple[str, str]:
    """Cases with the same answer share a world."""
    kind = APART.get(case.fault, "")
    return kind, case.engine if kind == "disk" else ""


async def shared(cases: list[Case], *, column: str, folder: Path, first: int) -> list[Result]:
    kind, engine = apart(cases[0])
    results = []
    async with world(column, folder, slow=kind == "wire", small=engine) as engines, running(engines, folder) as system:
        for number, case in enumerate(cases, first):
            began = time.monotonic()
            result = await tried(system, case, number)
            await reconciled(system, result)
            await stopped(system, result)
            print(f"{case}: {time.monotonic() - began:.0f} s, {story(result)}", flush=True)
            for wrong in result.wrong[:30]:
                print(f"    {wrong}", flush=True)
            results.append(result)
            if case is not cases[-1]:
                system.start()
                await system.until_ready()
    return results


def story(result: Result) -> str:
    """Who was refused what, and what took longest to be well."""
    refused = ", ".join(f"{count} {what}" for what, count in result.diary.codes().most_common()) or "nobody"
    last = sorted(result.times.items(), key=lambda time: -time[1])[:4]
    return f"refused: {refused}; last well: {', '.join(f'{kind} {seconds:.1f} s' for kind, seconds in last)}"


def table(results: list[Result]) -> str:
    rows = [HEAD, *map(cells, results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def cells(result: Result) -> tuple[str, ...]:
    counts = result.diary.counts()
    return (
        str(result.case),
        *(str(counts[outcome]) for outcome in (Outcome.OK, Outcome.DEGRADED, Outcome.REFUSED)),
        f"{slowest(result):.1f} s",
        f"{result.served_after:.1f} s",
        "never" if result.recovered is None else f"{result.recovered:.1f} s",
        f"{result.late:.1f} s",
        str(result.acknowledged),
        "?" if result.differences is None else str(result.differences),
        "?" if result.stopped is None else f"{result.stopped:.1f} s",
        str(len(result.wrong)),
    )


def chosen(given: argparse.Namespace) -> list[Case]:
    engines = given.engine or list(ENGINES[given.column])
    return [Case(engine, fault, given.seconds) for fault in given.fault or FAULTS for engine in engines]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m evals.faults", description=__doc__)
    parser.add_argument("--engine", action="append", choices=["redis", "postgres", "neo4j", "falkordb", "files"])
    parser.add_argument("--fault", action="append", choices=FAULTS, help="all by default; may be given again")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long the fault lasts")
    parser.add_argument(
        "--column", choices=list(ENGINES), default="real", help="light: FalkorDB for Neo4j and pgvector"
    )
    parser.add_argument("--keep", type=Path, help="an empty folder for logs and data, which stay")
    given = parser.parse_args()
    try:
        sys.exit(bool(asyncio.run(main(chosen(given), column=given.column, keep=given.keep and given.keep.absolute()))))
    except (NotMeasured, Unavailable, NotStarted) as error:
        sys.exit(f"Error: {error}")
