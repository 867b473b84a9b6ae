"""The whole system as its user starts it: `frontier up` in a folder of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from adapters.auth.local import LocalTokens
from adapters.embedded.falkordb import free_port
from app.demo.client import Client
from domain.members import Role

START_SECONDS = 90


class System:
    """One `frontier up`; `kill` ends a part of it, or all, as a crash would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port()}"
        self._up: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        port = self.url.rsplit(":", 1)[1]
        command = [sys.executable, "-m", "app.cli", "up", "--no-seed", "--data-dir", str(self.folder), "--port", port]
        with (self.folder.parent / "up.log").open("ab") as log:
            self._up = subprocess.Popen(command, stdout=log, stderr=log)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        for _ in range(START_SECONDS * 10):
            try:
                if httpx.get(f"{self.url}/health/ready", trust_env=False).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError((self.folder.parent / "up.log").read_text()[-4000:])

    def kill(self, part: str) -> None:
        """kill -9 of `worker` or `api`; the supervisor starts it again."""
        os.kill(self.child(part), signal.SIGKILL)

    def kill_everything(self) -> None:
        assert self._up is not None
        engine = self.child("redis-server")
        self._up.kill()
        self._up.wait()
        os.kill(engine, signal.SIGKILL)

    def stop(self) -> int:
        assert self._up is not None
        self._up.send_signal(signal.SIGINT)
        return self._up.wait(20)

    def child(self, part: str) -> int:
        """The process id of the child whose command has this word."""
        assert self._up is not None
        for _ in range(100):
            lines = subprocess.run(
                ["/bin/ps", "-ww", "-o", "pid=,args=", "--ppid", str(self._up.pid)],
                capture_output=True,
                text=True,
                check=False,
            ).stdout.splitlines()
            found = [int(line.split()[0]) for line in lines if part in line.split("--data-dir")[0]]
            if found:
                return found[0]
            time.sleep(0.1)
        raise AssertionError(f"`frontier up` has no child {part!r}.")

    def client(self, handle: str, *, role: Role = Role.MEMBER) -> Client:
        return Client(self.url, LocalTokens(self.folder / "token.key").issue(handle, role=role))


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("journey") / "data")
    system.start()
    yield system
    assert system.stop() == 0
