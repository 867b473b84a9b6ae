"""`python -m evals.crashes --seed 7 --seeds 20 --database sqlite`: kill a running system, and look at what is left.

A seed: members upload, chat, delegate, propose, vote and delete at once while API and worker are killed at random
moments and, started again, at a random crash point (docs/consistency.md). When all has come to rest, everything that
was acknowledged is asked for again, and the stores are held against SQL. Exit code 1: something was wrong.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from evals.crashes.record import Record
from evals.crashes.seeds import lost_since, tried
from evals.crashes.system import running
from evals.system import NotMeasured


async def main(first: int, seeds: int, *, database: str, workers: int, keep: Path | None) -> int:
    """How much was found wrong."""
    began, bad, deaths = time.monotonic(), [], Counter[str]()
    records: list[Record] = []
    if (task := asyncio.current_task()) is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # nothing stays behind
    async with running(database, workers=workers, keep=keep) as system:
        for number in range(first, first + seeds):
            seed = await tried(system, number)
            print(seed, flush=True)
            for each in seed.wrong[:20]:
                print(f"    {each}", flush=True)
            records.append(seed.record)
            deaths.update(death.partition(":")[0] for death in seed.deaths)
            if seed.wrong:
                bad.append(seed.number)
        lost = await lost_since(system, records)
    print("\n".join(["at the end, of all seeds:", *(f"    {each}" for each in lost or ["nothing is lost"])]))
    print(f"{database}: {seeds - len(bad)} of {seeds} seeds without a violation, {time.monotonic() - began:.0f} s")
    print("deaths: " + ", ".join(f"{point} {count}" for point, count in deaths.most_common()))
    if bad:
        print(f"wrong: {bad}")
    return len(bad) + len(lost)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m evals.crashes", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=20, help="how many of them")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--workers", type=int, default=1, help="worker processes")
    parser.add_argument("--keep", type=Path, help="an empty folder for logs and data, which stay")
    given = parser.parse_args()
    options = {"database": given.database, "workers": given.workers, "keep": given.keep and given.keep.absolute()}
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    try:
        sys.exit(bool(asyncio.run(main(given.seed, given.seeds, **options))))
    except NotMeasured as error:
        sys.exit(f"Error: {error}")
