"""The engines that a system under faults runs on: servers of our own, with a slow wire or a full disk if wanted."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.embedded.falkordb import server_command
from evals.engines.neo4j import PASSWORD, Neo4j
from evals.engines.pgvector import PgVector
from evals.engines.postgres import DATABASE, USER
from evals.engines.redis import Redis
from evals.engines.servers import LOOPBACK, Server
from evals.faults.proxy import Proxy
from evals.system import NotMeasured

MIB = 1 << 20
ROOM = {"redis": 64, "falkordb": 96, "postgres": 640, "neo4j": 1024, "files": 160}
"""MiB of the disk that a fault fills up."""
FREE_MIB = 32
"""As FREE_MIB of .env.example, for a small disk."""


class FalkorDb(Redis):
    name = "falkordb"

    def prepare(self) -> None:
        """It comes with our packages."""

    def command(self) -> list[str]:
        return server_command(self.folder / "data", self.port)


@dataclass
class World:
    """`servers` and `proxies` by engine. `disks`: the folders that lie on a small disk."""

    settings: dict[str, str]
    servers: dict[str, Server]
    proxies: dict[str, Proxy]
    disks: dict[str, Path]

    @contextmanager
    def full(self, engine: str) -> Iterator[None]:
        """The engine's disk has no byte left inside."""
        filler = self.disks[engine] / "filler"
        try:
            fill(filler)
            yield
        finally:
            filler.unlink(missing_ok=True)


def fill(file: Path) -> None:
    """In ever smaller pieces, to the last; none is held back for later."""
    with file.open("wb", buffering=0) as filler:
        for size in (MIB, 4096, 1):
            piece = b"\0" * size
            try:
                while True:
                    filler.write(piece)
            except OSError:
                continue


@asynccontextmanager
async def world(column: str, folder: Path, *, slow: bool = False, small: str = "") -> AsyncIterator[World]:
    """`real`: Postgres with pgvector, Redis and Neo4j; `light`: FalkorDB instead of Neo4j and pgvector;
    `embedded`: SQLite and FalkorDB.

    `slow`: each behind a proxy; `small`: the engine that gets a disk of its own. Raises NotMeasured, Unavailable.
    """
    async with AsyncExitStack() as stack:
        kinds: dict[str, Callable[[Path], Server]] = {"falkordb": FalkorDb}
        if column != "embedded":
            kinds = {"postgres": PgVector, "redis": Redis, "neo4j" if column == "real" else "falkordb": FalkorDb}
        if column == "real":
            kinds["neo4j"] = Neo4j
        disks = {}
        if small:
            place = folder / ("data" if small == "files" else small)
            disks[small] = stack.enter_context(small_disk(place, ROOM[small]))
        servers: dict[str, Server] = {}
        for name, kind in kinds.items():
            place = folder / name
            place.mkdir(exist_ok=True)
            servers[name] = server = kind(place)
            stack.push_async_callback(asyncio.to_thread, ended, server)
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in servers.values()))
        proxies = {name: Proxy(server.port) for name, server in servers.items()} if slow else {}
        for proxy in proxies.values():
            await stack.enter_async_context(proxy)
        ports = {name: proxies[name].port if slow else server.port for name, server in servers.items()}
        yield World(settings_of(column, ports, folder), servers, proxies, disks)


def settings_of(column: str, ports: dict[str, int], folder: Path) -> dict[str, str]:
    place = {name: f"{LOOPBACK}:{port}" for name, port in ports.items()}
    settings = {"FREE_MIB": str(FREE_MIB)}
    if column == "embedded":
        settings["DATABASE_URL"] = f"sqlite+aiosqlite:///{folder / 'data' / 'frontier.db'}"
    else:
        settings["DATABASE_URL"] = f"postgresql+asyncpg://{USER}:unused@{place['postgres']}/{DATABASE}"
    settings["REDIS_URL"] = f"redis://{place['falkordb' if column == 'embedded' else 'redis']}/0"
    if column == "real":
        settings["GRAPH_URL"] = f"bolt://neo4j:{PASSWORD}@{place['neo4j']}"
        settings["MEMORY_URL"] = f"postgresql://{USER}:unused@{place['postgres']}/{DATABASE}"
    else:
        settings["GRAPH_URL"] = settings["MEMORY_URL"] = f"falkordb://{place['falkordb']}"
    return settings


def ended(server: Server) -> None:
    if server.running:
        server.kill()


@contextmanager
def small_disk(place: Path, mib: int) -> Iterator[Path]:
    """A file system of its own in memory. Raises NotMeasured where none may be mounted."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        raise NotMeasured("A full disk needs one to fill: run this as root, who may mount a small one.")
    place.mkdir(parents=True, exist_ok=True)
    asked = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0755", "frontier-faults", str(place)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotMeasured(f"A full disk needs one to fill, and none can be mounted: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
