"""Redis from the machine's own binary, append-only."""

import shutil
import socket

from evals.engines.servers import LOOPBACK, Server, Unavailable


class Redis(Server):
    name, start_seconds = "redis", 20.0

    @property
    def url(self) -> str:
        return f"redis://{LOOPBACK}:{self.port}/0"

    def prepare(self) -> None:
        if not installed():
            raise Unavailable("redis: no redis-server; `make engines` installs Debian's, or set TEST_REDIS_URL.")

    def command(self) -> list[str]:
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
        } | self.options
        return ["redis-server", *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def answers(self) -> bool:
        """While it loads its data it answers -LOADING."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=2) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16) == b"+PONG\r\n"
        except OSError:
            return False


def installed() -> bool:
    return shutil.which("redis-server") is not None
