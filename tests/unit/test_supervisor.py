import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.embedded.falkordb import answers, end_left_over, free_port, left_over, server_command
from app.settings import BadSettings
from app.supervisor import Backoff, Child, Program, ending, start
from app.up import check_port, only_one, reusable_port

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")


@asynccontextmanager
async def running(child: Child) -> AsyncIterator[Child]:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(child.run())
        try:
            yield child
        finally:
            await child.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # processes and files set no event
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    """Not ended and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_delays_double_up_to_ten_seconds() -> None:
    backoff = Backoff()
    assert [backoff.after(0.1) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


def test_long_life_resets_the_delay() -> None:
    backoff = Backoff()
    assert [backoff.after(lived) for lived in (0.1, 0.1, 30.0, 0.1)] == [0.2, 0.4, 0.2, 0.4]


async def test_a_child_is_told_to_crash_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASH_AT", "job.ended:1")
    told = tmp_path / "told"
    code = f"import os; open({str(told)!r}, 'a').write(os.environ.get('CRASH_AT', 'nothing') + ';')"
    child = Child(Program("worker", (sys.executable, "-c", code)), lambda _line: None)
    async with running(child):
        await until(lambda: child.deaths >= 2)
    assert told.read_text().startswith("job.ended:1;nothing;")


async def test_dead_child_is_started_again_and_said_so() -> None:
    said: list[str] = []
    async with running(Child(Program("worker", SLEEPS), said.append)) as child:
        await until(lambda: child.process is not None)
        first = child.process
        assert first is not None
        first.kill()
        await until(lambda: child.process is not first)
    assert said == ["worker ended (SIGKILL); starting it again in 0.2 s"]


async def test_stopped_child_is_not_started_again() -> None:
    said: list[str] = []
    async with running(Child(Program("worker", SLEEPS), said.append)) as child:
        await until(lambda: child.process is not None)
        await child.stop()
    assert child.process is not None
    assert child.process.returncode == -signal.SIGTERM
    assert said == []


async def test_child_that_will_not_end_is_killed(tmp_path: Path) -> None:
    said: list[str] = []
    code = "import signal, sys, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    log = tmp_path / "log"
    async with running(Child(Program("api", (sys.executable, "-c", code), log), said.append)) as child:
        await until(lambda: log.exists() and log.read_text() == "deaf\n")
        await child.stop(patience=0.2)
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL
    assert said == ["api did not end within 0 s; killing it"]


async def test_ctrl_c_in_the_group_leaves_children_to_the_supervisor(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = "import os, time; print('up', flush=True); time.sleep(0.3); print(os.getpgrp())"
    process = await start(Program("api", (sys.executable, "-c", code), log))
    await until(lambda: log.read_text() == "up\n")
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 0
    assert log.read_text() == f"up\n{os.getpgrp()}\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
async def test_children_die_with_a_killed_supervisor() -> None:
    code = (
        "import asyncio, sys\nfrom app.supervisor import Program, start\n"
        "async def main():\n"
        f"    child = await start(Program('api', {SLEEPS!r}))\n"
        "    print(child.pid, flush=True)\n    await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert supervisor.stdout is not None
    child = int(await supervisor.stdout.readline())
    assert alive(child)
    supervisor.kill()
    await supervisor.wait()
    await until(lambda: not alive(child))


def test_second_run_on_a_folder_is_refused(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(BadSettings) as refused, only_one(tmp_path):
        pass
    assert str(refused.value) == (
        f"`frontier up` already runs on {tmp_path} (process {os.getpid()}): "
        "stop it, or give this one another --data-dir and --port."
    )


def test_folder_is_free_again_after_a_run(tmp_path: Path) -> None:
    with only_one(tmp_path):
        pass
    with only_one(tmp_path):
        assert (tmp_path / "up.lock").read_text() == str(os.getpid())


async def test_port_in_use_is_refused_with_the_way_out(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    (tmp_path / "redis.port").write_text(str(port))
    with pytest.raises(BadSettings, match=rf"Cannot serve on 127\.0\.0\.1 port {port} .* --port {port + 1}"):
        check_port("127.0.0.1", port)
    assert reusable_port(tmp_path / "redis.port") != port
    server.close()
    await server.wait_closed()
    assert reusable_port(tmp_path / "redis.port") == port


async def test_engine_of_a_crashed_run_is_found_and_ended(tmp_path: Path) -> None:
    port = free_port()
    engine = await start(Program("redis", server_command(tmp_path, port), tmp_path / "log"))
    async with asyncio.timeout(20):
        while not await answers(port):  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.02)
    assert left_over(tmp_path) == engine.pid
    ended = asyncio.create_task(engine.wait())
    await asyncio.to_thread(end_left_over, engine.pid, tmp_path)
    await ended
    assert left_over(tmp_path) is None


async def test_stranger_with_the_recorded_number_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "server.pid").write_text(str(os.getpid()))
    assert left_over(tmp_path) is None


@pytest.mark.parametrize(("code", "words"), [(1, "exit code 1"), (0, "exit code 0"), (-9, "SIGKILL")])
def test_ending_is_named(code: int, words: str) -> None:
    assert ending(code) == words
