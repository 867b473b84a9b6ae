"""Start and stop the real engines: Docker's where it runs, else this machine's own."""

import os
import sys
from pathlib import Path

import click

from evals.engines import compose, packages
from evals.engines.neo4j import Neo4j
from evals.engines.postgres import Postgres
from evals.engines.redis import Redis
from evals.engines.servers import NotStarted, Server, Unavailable, free_port, taken

VARIABLES = {"postgres": "TEST_DATABASE_URL", "redis": "TEST_REDIS_URL", "neo4j": "TEST_GRAPH_URL"}
KINDS: dict[type[Server], int] = {Postgres: 25432, Redis: 26379, Neo4j: 27687}
"""The port of each on the first start, when it is free."""


def home() -> Path:
    """Data and logs. As root not below its home, where Postgres' user may not enter."""
    if given := os.environ.get("ENGINES_HOME"):
        return Path(given).resolve()
    return Path("/var/lib/frontier-engines") if os.geteuid() == 0 else Path.home() / ".local/share/frontier-engines"


def server(kind: type[Server]) -> Server:
    folder = home() / kind.name
    first = free_port() if taken(KINDS[kind]) else KINDS[kind]
    return kind(folder, port=None if (folder / "port").exists() else first, tied=False)


@click.group()
def main() -> None:
    """Real Postgres, Redis and Neo4j on loopback. ENGINES_HOME is the folder of their data."""


@main.command()
def install() -> None:
    """Install what this machine lacks; nothing where Docker runs."""
    if not compose.usable():
        packages.install()


@main.command()
@click.option("--own", is_flag=True, help="This machine's binaries, also where Docker runs.")
def up(*, own: bool) -> None:
    """Start those whose TEST_ variable is not set, and print the variables: eval "$(make engines)"."""
    asked = [kind for kind in KINDS if not os.environ.get(VARIABLES[kind.name])]
    urls = {name: os.environ[variable] for name, variable in VARIABLES.items() if os.environ.get(variable)}
    urls |= started(asked) if own or not asked or not compose.usable() else compose.up([kind.name for kind in asked])
    for name, variable in VARIABLES.items():
        print(f"export {variable}={urls[name]}")
    print("# Stop them with: make engines-down. Forget the variables with: unset " + " ".join(VARIABLES.values()))


def started(kinds: list[type[Server]]) -> dict[str, str]:
    if kinds:
        packages.install()
    servers = [server(kind) for kind in kinds]
    for each in servers:
        each.start()
        packages.say(f"{each.name} answers on port {each.port}; its log is {each.log}")
    return {each.name: each.url for each in servers}


@main.command()
def down() -> None:
    """Stop those that `up` started; their data stays."""
    if compose.usable():
        compose.down()
    for kind in KINDS:
        server(kind).stop()


@main.command()
def status() -> None:
    """Which of this machine's own run."""
    for kind in KINDS:
        each = server(kind)
        print(f"{each.name}: {each.url if each.running else 'down'}")


if __name__ == "__main__":
    try:
        main(prog_name="python -m evals.engines")
    except (Unavailable, NotStarted) as error:
        sys.exit(f"engines: {error}")
