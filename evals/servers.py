"""What is measured: our API and, beside it, the stock server, with their processor time. Linux only."""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from adapters.embedded.falkordb import free_port
from app.supervisor import tied_to
from evals.processes import below, kilobytes, name
from evals.stock import HANDLE
from evals.system import NotMeasured, System, environment, running

START_SECONDS = 20.0
MICRO = 1e6


@dataclass(frozen=True, slots=True)
class Server:
    """A process that serves GraphQL on a port of loopback, and a bearer's token for each member."""

    label: str
    port: int
    pid: int
    tokens: list[str]

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far, in user and kernel, of all its threads."""
        return time.clock_gettime(clock_of(self.pid))

    @property
    def rss(self) -> float:
        """Megabytes."""
        return kilobytes(self.pid, "status")["VmRSS"]


def clock_of(pid: int) -> int:
    """The kernel counts it in nanoseconds; /proc shows hundredths of a second. See clock_getcpuclockid(3)."""
    clock = ctypes.c_int()
    if error := ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock)):
        raise NotMeasured(f"The processor time of process {pid} cannot be read: {os.strerror(error)}")
    return clock.value


@contextmanager
def ours(*, members: int) -> Iterator[tuple[System, Server]]:
    """The API of a `frontier up` of our own; each of its members has logged in, and has a weight."""
    with running() as system:
        tokens = [system.token(HANDLE.format(number)) for number in range(members)]
        [pid] = [pid for pid in below(system.pid) if name(pid) == "api"]
        with httpx.Client(base_url=f"http://127.0.0.1:{system.port}", trust_env=False) as client:
            for token in tokens:
                headers = {"authorization": f"Bearer {token}"}
                client.post("/graphql", json={"query": "{ viewer { id } }"}, headers=headers).raise_for_status()
        yield system, Server("", system.port, pid, tokens)


@contextmanager
def stock(*, members: int) -> Iterator[Server]:
    """The server of evals.stock."""
    port = free_port()
    served = subprocess.Popen(
        [sys.executable, "-m", "evals.stock", str(port), str(members)],
        env=environment(),
        preexec_fn=tied_to(os.getpid()),  # noqa: PLW1509  # no threads run yet; nothing may outlive us
    )
    try:
        wait_until_answering(port)
        yield Server(", stock", port, served.pid, [HANDLE.format(number) for number in range(members)])
    finally:
        served.terminate()
        served.wait(10)


def wait_until_answering(port: int) -> None:
    """Raises NotMeasured."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise NotMeasured("The stock server did not start.")
