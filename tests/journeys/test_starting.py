"""A process that cannot begin says in one line which setting is to blame and what to do, and ends."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from adapters.embedded.falkordb import free_port
from app.http.frontier import Frontier
from app.settings import BadSettings


def ended(command: str, folder: Path, **settings: str) -> tuple[int, str]:
    """Exit code and what was said on stderr."""
    environment = os.environ | {"REDIS_URL": "redis://127.0.0.1:1", "PORT": str(free_port())} | settings
    done = subprocess.run(
        [sys.executable, "-P", "-m", "app.cli", *command.split()],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", ["api", "migrate", "worker"])
def test_database_that_is_away_is_told_in_a_line(tmp_path: Path, command: str) -> None:
    (tmp_path / "redis.port").write_text("1")
    nobody = f"postgresql+asyncpg://ana:secret@127.0.0.1:{free_port()}/x"
    exit_code, said = ended(command, tmp_path, DATA_DIR=str(tmp_path), DATABASE_URL=nobody)
    assert (exit_code, "Traceback" in said, "secret" in said) == (2, False, False)
    assert said.splitlines()[-1] == (
        "Error: DATABASE_URL: The database does not answer. Look at that server, or correct the URL."
    )


def test_folder_that_cannot_be_made_is_told_in_a_line(tmp_path: Path) -> None:
    exit_code, said = ended(
        "worker", tmp_path, DATA_DIR="/proc/frontier", GRAPH_URL="falkordb://h", MEMORY_URL="mem0://k@h"
    )
    assert exit_code == 2
    assert said.splitlines()[-1].startswith("Error: DATA_DIR: /proc/frontier cannot be made (")


async def test_what_the_application_itself_finds_is_told_without_a_traceback() -> None:
    @asynccontextmanager
    async def lifespan(_app: Frontier) -> AsyncIterator[None]:
        await refused()
        yield

    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        sent.append(message)

    app = Frontier(nobody, origins=(), lifespan=lifespan)
    with pytest.raises(BadSettings):
        await app({"type": "lifespan", "state": {}}, receive, send)
    assert sent == [{"type": "lifespan.startup.failed", "message": "dao.key is missing: put it back."}]


async def refused() -> None:
    raise BadSettings("dao.key is missing: put it back.")


async def nobody(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Serves nothing."""
