"""Neo4j Community from its jars on Maven Central, with a password, bolt only."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

from evals.engines.servers import LOOPBACK, Server, Unavailable

VERSION = "5.26.25"
PASSWORD = "frontier-local"  # noqa: S105  # loopback only
OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
HANDSHAKE = bytes.fromhex("6060B017 00000005 00000000 00000000 00000000")
"""Bolt's magic number and the version asked for, 5.0; the server answers with the version."""
TIER_4 = {"Invocation": 50_000, "MinInvocation": 6_000, "Compile": 150_000, "BackEdge": 400_000}
"""How often Java runs something before its second compiler takes it: ten times the default. After a start that compiler
took most of what made the first queries slow (docs/reliability.md)."""
CONF = """\
server.default_listen_address={host}
server.bolt.listen_address={host}:{port}
server.http.enabled=false
server.https.enabled=false
server.memory.pagecache.size=256m
dbms.usage_report.enabled=false
"""


class Neo4j(Server):
    """Checkpoints come every 30 s: after kill -9 it replays that much, and rebuilds the indexes made since."""

    name, start_seconds = "neo4j", 120.0

    @property
    def url(self) -> str:
        return f"bolt://neo4j:{PASSWORD}@{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        conf = self.folder / "conf" / "neo4j.conf"
        conf.parent.mkdir(exist_ok=True)
        settings = {"db.checkpoint.interval.time": "30s"} | self.options
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        conf.write_text(CONF.format(host=LOOPBACK, port=self.port) + lines)
        if not (self.folder / "data" / "dbms" / "auth.ini").exists():
            self.set_password()

    def set_password(self) -> None:
        admin = java("org.neo4j.server.startup.Neo4jAdminCommand", "dbms", "set-initial-password", PASSWORD)
        places = {"NEO4J_HOME": str(self.folder), "NEO4J_CONF": str(self.folder / "conf")}
        done = subprocess.run(admin, env=os.environ | places, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unavailable(f"neo4j: setting its password failed: {done.stderr.strip()[-1000:]}")

    def command(self) -> list[str]:
        places = (f"--home-dir={self.folder}", f"--config-dir={self.folder / 'conf'}")
        return java("org.neo4j.server.CommunityEntryPoint", *places)

    def answers(self) -> bool:
        """The port opens before the database is there, and the driver would wait a minute for a paused server."""
        from neo4j import GraphDatabase
        from neo4j.exceptions import DriverError, Neo4jError

        if not self.shakes_hands():
            return False
        place = f"bolt://{LOOPBACK}:{self.port}"
        try:
            with GraphDatabase.driver(place, auth=("neo4j", PASSWORD)) as driver, driver.session() as session:
                return session.run("RETURN 1").single() is not None
        except (DriverError, Neo4jError):
            return False

    def shakes_hands(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=2) as connection:
                connection.sendall(HANDSHAKE)
                return connection.recv(4) == HANDSHAKE[4:8]
        except OSError:
            return False


def java(main: str, *arguments: str) -> list[str]:
    opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
    patient = [f"-XX:Tier4{what}Threshold={times}" for what, times in TIER_4.items()]
    return ["java", *opened, *patient, "-Xms256m", "-Xmx1g", "-cp", f"{jars()}/*", main, *arguments]


def jars() -> Path:
    """Raises Unavailable."""
    if not installed():
        raise Unavailable("neo4j: no java, or not its jars; `make engines` fetches them, or set TEST_GRAPH_URL.")
    return jar_folder()


def installed() -> bool:
    return shutil.which("java") is not None and jar_folder().exists()


def jar_folder() -> Path:
    """For all checkouts of this user: 118 MB."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "frontier" / f"neo4j-{VERSION}"
