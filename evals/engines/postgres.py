"""Postgres from the machine's own binaries, trusting whoever is on loopback."""

import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path
from signal import SIGINT
from typing import Any

from evals.engines.servers import LOOPBACK, Server, Unavailable

USER = DATABASE = "frontier"
PASSWORD = "frontier-local"  # noqa: S105  # loopback only, and not asked for: DATABASE_URL must have one
INITDB = ("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
DEBIAN = Path("/usr/lib/postgresql")


class Postgres(Server):
    name, start_seconds = "postgres", 60.0
    stop_signal = SIGINT  # it does not wait for its clients then

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://{USER}:{PASSWORD}@{LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def prepare(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        if owner := nobody():
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self.run(
            "initdb", "-D", str(self.data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"
        )
        self.run("postgres", "--single", "-D", str(self.data), "postgres", given=f"CREATE DATABASE {DATABASE}\n")

    def run(self, program: str, *arguments: str, given: str = "") -> None:
        """One of its programs, as the user that it runs as. Raises Unavailable with what it said."""
        asked = [self.binary(program), *arguments]
        done = subprocess.run(
            asked, input=given, capture_output=True, text=True, check=False, cwd="/", **self.account()
        )
        if done.returncode:
            raise Unavailable(f"{program} failed: {done.stderr.strip()[-1000:]}")

    def binary(self, program: str) -> str:
        """Its path. Raises Unavailable."""
        return binary(program)

    def account(self) -> dict[str, Any]:
        owner = nobody()
        return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": "",
            "wal_level": "logical",
            "max_connections": "200",
        } | self.options
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self.binary("postgres"), "-D", str(self.data), "-p", str(self.port), *flags]

    def answers(self) -> bool:
        asked = [self.binary("pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port), "-t", "2"]
        return subprocess.run(asked, check=False).returncode == 0


def nobody() -> pwd.struct_passwd | None:
    """Postgres refuses to run as root: who owns the data then."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def installed() -> bool:
    return bin_folder() is not None


def binary(program: str) -> str:
    folder = bin_folder()
    if folder is None:
        raise Unavailable("postgres: no server binaries; `make engines` installs Debian's, or set TEST_DATABASE_URL.")
    return str(folder / program)


def bin_folder() -> Path | None:
    """The newest of Debian's, which are not on the PATH, or else the PATH's."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(re.sub(r"\D", "", path.parts[-3]) or 0))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None
