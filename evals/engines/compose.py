"""The engines of docker-compose.yml, where a Docker engine answers."""

import shutil
import subprocess
from pathlib import Path

from evals.engines.packages import run

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ["docker", "compose", "--project-directory", str(ROOT), "--profile", "engines"]
SERVICES = ["postgres", "redis", "neo4j"]
URLS = {
    "postgres": "postgresql+asyncpg://frontier:frontier@127.0.0.1:5432/frontier",
    "redis": "redis://127.0.0.1:6379/0",
    "neo4j": "bolt://neo4j:frontier-development@127.0.0.1:7687",
}


def usable() -> bool:
    """Whether a Docker engine answers and Compose is there, and not only Docker's client."""
    if shutil.which("docker") is None:
        return False
    asked = ["docker", "compose", "ls", "--quiet"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def up(names: list[str]) -> dict[str, str]:
    """The URL of each by its name. Raises Unavailable."""
    run([*COMPOSE, "up", "--detach", "--wait", *names])
    return {name: URLS[name] for name in names}


def down() -> None:
    """Their data stays. Raises Unavailable."""
    run([*COMPOSE, "stop", *SERVICES])
