"""`make clients`: the suites for node against a `frontier up` of their own, in a temporary folder on a free port."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from evals.system import System

HERE = Path(__file__).parent
BIN = HERE / "node_modules" / ".bin"
GENERATED: tuple[list[str | Path], ...] = (
    [BIN / "graphql-codegen", "--config", "codegen.ts"],
    [BIN / "relay-compiler", "relay.config.json"],
)
"""What the suites import of the operations in snippets/."""
SUITES = ["node", "--test", "--test-concurrency=4", "--test-timeout=120000", "--test-reporter=spec"]
SOCKETS = 60
"""How many a member may have: few enough for a suite to reach it."""


def main(names: list[str]) -> int:
    """The exit code: 0 when all suites passed. `names` are files of the suites, all by default."""
    (HERE / "generated" / "relay").mkdir(parents=True, exist_ok=True)
    for command in GENERATED:
        quiet(command)
    with TemporaryDirectory(prefix="frontier-") as folder:
        Path(folder, ".env").write_text(f"SOCKETS_MEMBER={SOCKETS}\n")
        system = System(Path(folder))
        try:
            system.start()
            return run(system, names or sorted(path.name for path in HERE.glob("*.test.mjs")))
        finally:
            system.stop()


def run(system: System, suites: list[str]) -> int:
    """Node's exit code."""
    told = {
        "FRONTIER_URL": f"http://127.0.0.1:{system.port}",
        "FRONTIER_DATA": str(system.data),
        "FRONTIER_SOCKETS": str(SOCKETS),
    }
    return subprocess.run([*SUITES, *suites], cwd=HERE, env={**os.environ, **told}, check=False).returncode


def quiet(command: list[str | Path]) -> None:
    """Runs it; what it printed is shown when it fails."""
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
