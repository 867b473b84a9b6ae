"""The text of PDF files, read by pdfminer in a child process that cannot harm: little memory, CPU time, no network."""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from adapters.text.pdf_child import Outcome
from domain.errors import IngestionFailed, Unreadable

CHILD = Path(__file__).with_name("pdf_child.py")

TOO_MUCH = (
    "The PDF is expanding or looping: reading it takes more memory, time or text than is allowed. "
    "Print it to a new PDF or split it, and upload that."
)

REASONS = {
    Outcome.ENCRYPTED: "The PDF is encrypted: remove its password and upload it again.",
    Outcome.DAMAGED: "The PDF is damaged: open it in a viewer, save it again and upload that.",
    Outcome.NO_TEXT: "The PDF has no text, it may be a scan: run OCR over it and upload the result.",
    Outcome.TOO_MUCH: TOO_MUCH,
}


@dataclass(frozen=True, slots=True)
class PdfLimits:
    """What one file may cost: bytes of address space, seconds of CPU and on the clock, bytes of text, pages."""

    address_space: int = 512 * 1024 * 1024
    cpu_seconds: int = 10
    wall_seconds: float = 20.0
    text_bytes: int = 50 * 1024 * 1024
    pages: int = 20_000


async def pdf_text(path: Path, limits: PdfLimits) -> str:
    """The text, pages separated by a blank line.

    Raises Unreadable: encrypted, damaged, without text, expanding or looping. Raises IngestionFailed when the child
    itself failed.
    """
    child = await started(path, limits)
    try:
        async with asyncio.timeout(limits.wall_seconds):
            text = await all_of(child, limits.text_bytes)
            code = await child.wait()
    except TimeoutError:
        raise Unreadable(TOO_MUCH) from None
    finally:
        await ended(child)
    check(code)
    return text.decode()


async def started(path: Path, limits: PdfLimits) -> asyncio.subprocess.Process:
    """`-I` and the empty environment keep the child from our settings, secrets and folders."""
    numbers = (limits.address_space, limits.cpu_seconds, limits.text_bytes, limits.pages)
    descriptor = await asyncio.to_thread(os.open, path, os.O_RDONLY)
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(CHILD),
            *map(str, numbers),
            stdin=descriptor,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


async def all_of(child: asyncio.subprocess.Process, most_bytes: int) -> bytes:
    """What the child writes. It is not trusted to keep to its cap. Raises Unreadable past it."""
    if child.stdout is None:
        raise IngestionFailed("The PDF reader has no output.")
    parts = bytearray()
    while part := await child.stdout.read(1 << 16):
        parts += part
        if len(parts) > most_bytes:
            raise Unreadable(TOO_MUCH)
    return bytes(parts)


async def ended(child: asyncio.subprocess.Process) -> None:
    """The child and whatever it started are gone; also after a timeout or when the caller was cancelled."""
    if child.returncode is None:
        os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


def check(code: int) -> None:
    """Killed by a signal (CPU limit, no memory for the stack): the same as too much."""
    if code < 0:
        raise Unreadable(TOO_MUCH)
    if code in REASONS:
        raise Unreadable(REASONS[Outcome(code)])
    if code != Outcome.READ:
        raise IngestionFailed(f"The PDF reader could not start (exit code {code}).")
