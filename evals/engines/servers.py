"""A server as a child of ours, or beside us: started, killed, frozen, and started again on the same port and data."""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import psutil

from app.supervisor import tied_to

LOOPBACK = "127.0.0.1"
QUIET_PORTS = range(20_000, 32_768)
"""Below the ports of outgoing connections: none takes the place of a server that is down, nor connects to itself."""
LOOK_SECONDS = 0.05
STOP_SECONDS = 30.0
SPAWNER = ThreadPoolExecutor(1, thread_name_prefix="engines")
"""A child that is tied to us dies with the thread that started it: this one lives as long as the process."""


class Unavailable(Exception):
    """What this machine lacks for the engine, with the remedy."""


class NotStarted(Exception):
    """The end of the server's log."""


class Server(ABC):
    """One server on `port` of loopback with all its files in `folder`. Its methods block: it has answered, or is gone.

    Without a `port` it is the folder's last one, or a free one. `tied` ends it with this process, whatever happens.
    `options` are the engine's own settings.
    """

    name: ClassVar[str]
    start_seconds: ClassVar[float]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(
        self, folder: Path, *, port: int | None = None, tied: bool = True, options: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self.options = folder, dict(options or {})
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port or remembered(folder / "port") or free_port()
        self._tied = tied
        self._process: psutil.Process | psutil.Popen | None = left_over(folder)

    @property
    @abstractmethod
    def url(self) -> str:
        """As the setting and the TEST_ variable take it."""

    @abstractmethod
    def prepare(self) -> None:
        """Make what the first start needs. Raises Unavailable."""

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def answers(self) -> bool:
        """Whether it serves, and not only listens."""

    def account(self) -> dict[str, Any]:
        """What Popen is told of the user that the server runs as."""
        return {}

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def running(self) -> bool:
        return self._process is not None and not ended(self._process)

    @property
    def pid(self) -> int:
        return self._living().pid

    def start(self) -> None:
        """Nothing when it runs already. Raises Unavailable, NotStarted."""
        if self.running:
            return
        if taken(self.port):
            remedy = f"end what listens there, or remove {self.folder / 'port'} for another"
            raise Unavailable(f"{self.name}: port {self.port} is taken; {remedy}.")
        self.prepare()
        self._process = SPAWNER.submit(self._spawn).result()
        (self.folder / "port").write_text(str(self.port))
        (self.folder / "pid").write_text(f"{self._process.pid} {self._process.create_time()}")
        self.wait()

    def _spawn(self) -> psutil.Popen:
        with self.log.open("ab") as log:
            return psutil.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=not self._tied,
                preexec_fn=tied_to(os.getpid()) if self._tied else None,
                **self.account(),
            )

    def wait(self) -> None:
        """Until it answers. Raises NotStarted."""
        deadline = time.monotonic() + self.start_seconds
        while self.running and time.monotonic() < deadline:
            if self.answers():
                return
            time.sleep(LOOK_SECONDS)
        last = self.log.read_text(errors="replace")[-2000:]
        raise NotStarted(f"{self.name} did not answer within {self.start_seconds:.0f} s:\n{last}")

    def stop(self) -> None:
        """Ask it to end cleanly; make it after 30 s."""
        if not self.running:
            return
        self.resume()
        process = self._living()
        process.send_signal(self.stop_signal)
        try:
            wait_for(lambda: ended(process), STOP_SECONDS)
        except TimeoutError:
            self.kill()

    def kill(self) -> None:
        """kill -9 of all its processes at once, as when the power fails."""
        processes = self._frozen()
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        wait_for(lambda: all(ended(process) for process in processes), STOP_SECONDS)

    def pause(self) -> None:
        """SIGSTOP of all its processes: connections stay open and nothing answers."""
        self._frozen()

    def _frozen(self) -> list[psutil.Process]:
        """The parent stops first, so that it has no further children."""
        parent = self._living()
        parent.suspend()
        children = parent.children(recursive=True)
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.suspend()
        return [parent, *children]

    def resume(self) -> None:
        parent = self._living()
        for process in (*parent.children(recursive=True), parent):
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def restart(self) -> None:
        """Start it on the same port and data; what still runs is killed first."""
        if self.running:
            self.kill()
        self.start()

    def revive(self) -> None:
        """Whatever a test did to it, it answers again."""
        if self.running:
            self.resume()
            self.wait()
        else:
            self.start()

    def _living(self) -> psutil.Process:
        if self._process is None or not self.running:
            raise NotStarted(f"{self.name} does not run.")
        return self._process


@contextmanager
def private[S: Server](kind: type[S], **options: str) -> Iterator[S]:
    """A running server of one's own on a free port, its data gone at the end.

    Not in pytest's folders: only their user may enter them, and Postgres runs as another.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"frontier-{kind.name}-"))
    folder.chmod(0o755)
    server = kind(folder, options=options)
    try:
        server.start()
        yield server
    finally:
        if server.running:
            server.kill()
        shutil.rmtree(folder)


def free_port() -> int:
    """A loopback port that was free a moment ago, and that no outgoing connection takes."""
    for port in random.sample(QUIET_PORTS, 100):
        if not taken(port):
            return port
    raise Unavailable(f"No port between {QUIET_PORTS.start} and {QUIET_PORTS.stop} is free.")


def taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def remembered(file: Path) -> int | None:
    return int(file.read_text()) if file.exists() else None


def left_over(folder: Path) -> psutil.Process | None:
    """The server that an earlier process started in `folder`, if it still lives: no stranger of the same number."""
    try:
        pid, born = (folder / "pid").read_text().split()
        process = psutil.Process(int(pid))
        return process if process.create_time() == float(born) else None
    except (FileNotFoundError, ValueError, psutil.Error):
        return None


def ended(process: psutil.Process) -> bool:
    """Gone, or a zombie: where nothing reaps orphans, those stay. A child of ours is reaped."""
    try:
        if process.status() != psutil.STATUS_ZOMBIE:
            return False
    except psutil.NoSuchProcess:
        return True
    if isinstance(process, psutil.Popen):
        process.wait()
    return True


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {seconds:.0f} s.")
        time.sleep(LOOK_SECONDS)
