"""What an operator is told about the stores: `frontier reconcile --dry-run`, in a process of its own."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from domain.reconciliation import Counts, Store
from evals.crashes.processes import Command, Program

SECONDS = 120.0


async def answered(command: Command) -> tuple[int, list[str]]:
    """Exit code and output of `frontier …`."""
    before = command.log.read_bytes() if command.log.exists() else b""
    program = Program(command)
    async with asyncio.timeout(SECONDS):
        try:
            code = await program.wait()
        finally:
            program.kill()
    return code, command.log.read_bytes()[len(before) :].decode(errors="replace").splitlines()


def counted(code: int, lines: list[str]) -> dict[Store, Counts] | str:
    """Of each store; what was said instead when one was not compared."""
    found = {}
    for line in lines:
        name, _, told = line.partition(": ")
        if name in Store and told.endswith(" mended"):
            found[Store(name)] = Counts(*(int(part.split()[0]) for part in told.split(", ")))
    return (
        found if code in (0, 1) and len(found) == len(Store) else f"frontier reconcile ended with {code}: {lines[-3:]}"
    )


async def differences(settings: Mapping[str, str], data: Path, folder: Path, *, unclaimed: int = 0) -> list[str]:
    """Lines about what differs, which is mended then. `unclaimed`: so many files may be there that no document has."""
    asked = Command(["reconcile", "--data-dir", str(data)], settings, folder, folder / "reconcile.log")
    code, lines = await answered(replace(asked, arguments=[*asked.arguments, "--dry-run", "--verbose"]))
    counts = counted(code, lines)
    if isinstance(counts, str):
        return [counts]
    blobs = counts[Store.BLOBS]
    counts[Store.BLOBS] = replace(blobs, extra=max(0, blobs.extra - unclaimed))
    found = [f"frontier reconcile counts {each} in {store.value}" for store, each in counts.items() if each.left]
    if found:
        await answered(asked)
        found += [line for line in lines if " services." in line]
    return found
