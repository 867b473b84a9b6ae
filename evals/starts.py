"""How long `frontier` takes to answer and to start."""

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from evals.figures import Figure, percentile
from evals.system import Start, System

HELP_SECONDS, WARM_SECONDS = 0.3, 8.0
"""The goals."""


def starts(*, helps: int) -> list[Figure]:
    """`--help`, then a data folder's first start with the demo, its second, and the first of one without the demo."""
    with TemporaryDirectory(prefix="frontier-") as folder:
        cold, warm = (started(Path(folder), seed=True) for _ in range(2))
    with TemporaryDirectory(prefix="frontier-") as folder:
        bare = started(Path(folder), seed=False)
    return [
        Figure(f"frontier --help, median of {helps}", help_seconds(helps), "s", HELP_SECONDS),
        Figure("cold start to /health/ready", cold.ready, "s"),
        Figure("cold start to the welcome line, demo read", cold.welcome, "s"),
        Figure("warm start to /health/ready", warm.ready, "s"),
        Figure("warm start to the welcome line", warm.welcome, "s", WARM_SECONDS),
        Figure("first start with --no-seed to the welcome line", bare.welcome, "s"),
    ]


def started(folder: Path, *, seed: bool) -> Start:
    system = System(folder)
    try:
        return system.start(seed=seed)
    finally:
        system.stop()


def help_seconds(count: int) -> float:
    """Of the installed command; a first call, which may compile, is not counted."""
    command = [str(Path(sys.executable).with_name("frontier")), "--help"]
    taken = []
    for _ in range(count + 1):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        taken.append(time.perf_counter() - began)
    return percentile(taken[1:], 50)
