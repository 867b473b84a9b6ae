"""A `frontier up` of our own for measuring: a temporary folder, a free loopback port, the built-in engines."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from adapters.auth.local import LocalTokens
from adapters.embedded.falkordb import free_port
from app.demo.client import Client
from app.settings import Settings
from app.supervisor import tied_to
from domain.members import Role
from evals.processes import settle

START_SECONDS, STOP_SECONDS = 300.0, 30.0
LOOK_SECONDS = 0.02
WELCOME = "Ctrl-C ends everything."
"""The last line that `frontier up` prints when all is there."""


class NotMeasured(Exception):
    """Why there is no figure."""


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from the command to /health/ready, and to the welcome line."""

    ready: float
    welcome: float


class System:
    def __init__(self, folder: Path, **settings: str) -> None:
        self.data = folder / "data"
        self.port = free_port()
        self._folder = folder
        self._settings = settings
        self._log = folder / "up.log"
        self._up: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._up is None:
            raise NotMeasured("The system is not running.")
        return self._up.pid

    def start(self, *, seed: bool = False) -> Start:
        """Raises NotMeasured with the last lines that it printed."""
        up = ["up", "--data-dir", str(self.data), "--port", str(self.port)]
        began = time.perf_counter()
        with self._log.open("wb") as log:
            self._up = subprocess.Popen(
                frontier(*up if seed else (*up, "--no-seed")),
                cwd=self._folder,  # whatever .env lies where this was called
                env={**environment(), **self._settings},
                stdout=log,
                stderr=log,
                preexec_fn=tied_to(os.getpid()),  # noqa: PLW1509  # no threads run yet; nothing may outlive us
            )
        return self._started(began)

    def _started(self, began: float) -> Start:
        ready = 0.0
        with httpx.Client(trust_env=False) as client:
            while (lived := time.perf_counter() - began) < START_SECONDS and self._lives():
                ready = ready or (lived if self._is_ready(client) else 0.0)
                if ready and WELCOME in self._log.read_text(errors="replace"):
                    return Start(ready, time.perf_counter() - began)
                time.sleep(LOOK_SECONDS)
        raise NotMeasured(f"`frontier up` did not start:\n{self._log.read_text(errors='replace')[-2000:]}")

    def _lives(self) -> bool:
        return self._up is not None and self._up.poll() is None

    def _is_ready(self, client: httpx.Client) -> bool:
        try:
            return client.get(f"http://127.0.0.1:{self.port}/health/ready").is_success
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """SIGTERM, as SIGINT is kept from it; after a while SIGKILL, which its children do not outlive either."""
        if self._up is None:
            return
        self._up.send_signal(signal.SIGTERM)
        try:
            self._up.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._up.kill()
            self._up.wait()

    def client(self, handle: str) -> Client:
        return Client(f"http://127.0.0.1:{self.port}", self.token(handle))

    def token(self, handle: str) -> str:
        return LocalTokens(self.data / "token.key").issue(handle, role=Role.MEMBER)


@contextmanager
def running(*, seed: bool = False, **settings: str) -> Iterator[System]:
    """Started in a temporary folder and idle; ended, and its folder removed, whatever happens. `settings` are those of
    .env.example."""
    with TemporaryDirectory(prefix="frontier-") as folder:
        system = System(Path(folder), **settings)
        try:
            system.start(seed=seed)
            settle(system.pid)
            yield system
        finally:
            system.stop()


def frontier(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "app.cli", *arguments]


def environment() -> dict[str, str]:
    """Ours without the program's settings."""
    return {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}


async def done(client: Client, mutation: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON
    """The payload of `field(input: …) { … }` written as "field Type { … }". Raises NotMeasured for a refusal."""
    field, type_, selection = mutation.split(maxsplit=2)
    query = f"mutation ($in: {type_}!) {{ {field}(input: $in) {{ userErrors {{ message }} {selection} }} }}"
    payload: dict[str, Any] = (await client.ask(query, **{"in": fields}))[field]
    if payload["userErrors"]:
        raise NotMeasured(f"{field}: {payload['userErrors'][0]['message']}")
    return payload
