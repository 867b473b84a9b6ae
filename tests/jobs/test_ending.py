"""A worker that was told to end does, though a thread of its own cannot be stopped."""

import signal
import subprocess
import sys

HELD = """
import asyncio, gc, time
from app import ending, worker

ending.end_within.__defaults__ = (0.5,)

async def main():
    stop = worker.stop_signal()
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 600)
    print("began", flush=True)
    await stop.wait()
    print("told", gc.get_freeze_count() > 1_000, flush=True)

asyncio.run(main())
"""


def test_a_thread_that_cannot_be_stopped_keeps_no_process() -> None:
    command = [sys.executable, "-c", HELD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"began\n"
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert (out, process.returncode) == (b"told True\n", 0)
    assert b"Leaving 0.5 s after the signal to end" in err
    assert b"in run" in err  # where the thread is
