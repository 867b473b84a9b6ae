"""`frontier verify`: receipts held against themselves, the DAO's key and each other, without a network."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from app.settings import Settings
from domain.errors import BadInput
from domain.verifications import Verification, chained, verify

if TYPE_CHECKING:  # it takes a second, and files need no database
    from services.receipts import Receipts

MOST_BYTES = 64 << 20
"""Over two hundred thousand members; a hostile file of that size still takes no more than some GB to read."""
MOST_TOLD = 20
"""What is wrong with one file, in lines: a list out of order would fill the screen with what one line says."""


def contents(given: Sequence[str], settings: Settings) -> dict[str, bytes]:
    """Receipts by the name to print: files, those of a folder, or read from the database. Raises BadInput."""
    found: dict[str, bytes] = {}
    for name in given:
        if name and os.path.exists(name):  # Path("") is the working directory, and Path raises for a name too long
            found |= {str(file): content_of(file) for file in files_of(Path(name))}
        else:
            found[name] = asyncio.run(recorded(name, settings))
    return found


def files_of(path: Path) -> list[Path]:
    """The one named, or those of a folder; a pipe among them would be waited for without end. Raises BadInput."""
    found = sorted(file for file in path.glob("*.json") if not file.is_dir()) if path.is_dir() else [path]
    if not found:
        raise BadInput(f"{path} holds no *.json: give the folder of the receipts.")
    if path.is_dir() and (others := [file for file in found if not file.is_file()]):
        names = ", ".join(map(str, others[:MOST_TOLD]))
        raise BadInput(f"{names}: no regular file. Take it out of the folder, or name the receipts.")
    return found


def content_of(file: Path) -> bytes:
    """Raises BadInput. A device has no size and no end, so it is the reading that stops."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(
            f"{file} cannot be read ({error.strerror}): give a receipt.json, or a folder of them."
        ) from error
    if len(content) > MOST_BYTES:
        raise BadInput(f"{file} is larger than any receipt ({MOST_BYTES >> 20} MiB): give a receipt.json.")
    return content


async def recorded(given: str, settings: Settings) -> bytes:
    """receipt.json of a resolution, by its number or id, as the database of the settings holds it.

    Raises BadInput, BadSettings.
    """
    from adapters.auth.ed25519 import Ed25519Signer, Ed25519Verifier
    from adapters.sql.database import Database
    from app.migrated import check_migrated
    from app.receipts import check_key
    from services.receipts import Receipts

    if not (settings.database_url or (settings.data_dir / "frontier.db").exists()):
        raise BadInput(f"There is no file {given}, and no database in {settings.data_dir}: set --data-dir.")
    database = Database(settings.database)
    try:
        await check_migrated(database)
        await check_key(settings.receipt_key, database.receipts)
        receipts = Receipts(
            database.transact, database.receipts, Ed25519Signer(settings.receipt_key), Ed25519Verifier()
        )
        resolution_id = await named(receipts, given)
        content = await receipts.file(resolution_id) if resolution_id else None
    finally:
        await database.close()
    if content is None:
        raise BadInput(f"There is no file {given}, and no sealed receipt of a resolution {given}.")
    return content


async def named(receipts: "Receipts", given: str) -> int | None:
    """The resolution that `given` names; what names nothing was meant as a file. Raises BadInput."""
    from app.receipts import resolution_of

    try:
        return await resolution_of(receipts, given)
    except BadInput as error:
        raise BadInput(f"There is no file {given}, and it is no resolution's number or id.") from error


def verified(found: dict[str, bytes], *, key: str | None) -> dict[str, Verification]:
    """In the chain's order; several are held against each other."""
    from adapters.auth.ed25519 import Ed25519Verifier

    verifier = Ed25519Verifier()
    return chained({name: verify(content, verifier, key=key) for name, content in found.items()})


def lines(results: dict[str, Verification]) -> Iterator[str]:
    for name, result in results.items():
        yield f"{name}: {'valid' if result.valid else 'INVALID'}{told(result)}"
        yield from (f"  - {mismatch}" for mismatch in islice(result.mismatches, MOST_TOLD))
        if more := len(result.mismatches[MOST_TOLD:]):
            yield f"  - and {more} more."
        yield from (f"  note: {remark}" for remark in result.remarks)


def told(result: Verification) -> str:
    return "" if result.seq is None else f", resolution {result.seq}, hash {result.computed}"
