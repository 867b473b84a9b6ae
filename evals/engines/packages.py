"""What the engines need on a machine without Docker: Debian's packages, and Neo4j's jars through Maven."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from evals.engines import neo4j, postgres, redis
from evals.engines.servers import Unavailable

TRIES = 3
POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>neo4j</artifactId><version>1</version><dependencies>
<dependency><groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>{version}</version></dependency>
<dependency><groupId>org.neo4j.app</groupId><artifactId>neo4j-server</artifactId><version>{version}</version></dependency>
</dependencies></project>
"""
COPY = "org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies"


def install() -> None:
    """What is missing; nothing when all is there. Raises Unavailable."""
    if packages := missing():
        say(f"installing {', '.join(packages)}")
        install_debian(packages)
    if not neo4j.installed():
        say(f"fetching Neo4j {neo4j.VERSION}")
        fetch_jars(neo4j.jar_folder())


def missing() -> list[str]:
    """Debian's packages that are not there."""
    needed = {
        "postgresql": postgres.installed(),
        "redis-server": redis.installed(),
        "default-jre-headless": shutil.which("java") is not None,
        "maven": neo4j.installed() or shutil.which("mvn") is not None,
    }
    return [package for package, there in needed.items() if not there]


def install_debian(packages: Sequence[str]) -> None:
    """Files of its packages that somebody changed before stay as they are, unasked."""
    if shutil.which("apt-get") is None:
        raise Unavailable(f"Install {', '.join(packages)}, or Docker, and run this again: there is no apt-get here.")
    kept = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]
    as_root("apt-get", "update", "-qq")
    as_root("apt-get", "install", "-y", "-qq", "--no-install-recommends", *kept, *packages)


def as_root(*command: str) -> None:
    sudo = () if os.geteuid() == 0 else ("sudo", "-n", "DEBIAN_FRONTEND=noninteractive")
    run([*sudo, *command], env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})


def fetch_jars(folder: Path) -> None:
    """Into another folder first: one that is there is whole. The network may fail: three tries."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix="fetching-") as place:
        (Path(place) / "pom.xml").write_text(POM.format(version=neo4j.VERSION))
        fetch = ["mvn", "-q", "-B", COPY, "-DoutputDirectory=lib", "-DincludeScope=runtime"]
        for left in reversed(range(TRIES)):
            try:
                run(fetch, cwd=Path(place))
                break
            except Unavailable:
                if not left:
                    raise
        (Path(place) / "lib").rename(folder)


def run(command: Sequence[str], *, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Raises Unavailable with the end of what it printed."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"`{' '.join(command)}` failed:\n{(done.stdout + done.stderr).strip()[-2000:]}")


def say(text: str) -> None:
    print(f"engines: {text}", file=sys.stderr, flush=True)
