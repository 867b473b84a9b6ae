"""Blobs as files below one folder."""

import asyncio
import errno
import os
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from domain.blobs import HeldBlob
from domain.errors import BadInput, IngestionFailed

SEGMENT = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
KEY = re.compile(rf"{SEGMENT}(/{SEGMENT}){{0,3}}")
RESERVE = 256 * 1024 * 1024
"""Bytes that stay free for the database and the engines."""
ABANDONED = 3600
"""Seconds after which a draft that nobody finished is removed."""


class DiskBlobs:
    """A key `a/b` is the file `a/b` below `folder`. Drafts live in `.drafts` until they are whole."""

    def __init__(self, folder: Path, *, reserve: int = RESERVE) -> None:
        self._folder = folder
        self._drafts = folder / ".drafts"
        self._reserve = reserve
        self._drafts.mkdir(parents=True, exist_ok=True)
        self._sweep()

    async def put(self, key: str, content: AsyncIterator[bytes]) -> None:
        """Raises BadInput for a key that is none, IngestionFailed when the disk is nearly full."""
        target = self._path(key)
        await asyncio.to_thread(self._check_space)
        draft = self._drafts / secrets.token_hex(16)
        try:
            await self._write(draft, content)
            await asyncio.to_thread(_publish, draft, target)
        finally:
            draft.unlink(missing_ok=True)

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path]:
        path = self._path(key)
        if not await asyncio.to_thread(path.is_file):
            raise FileNotFoundError(key)
        yield path

    async def version(self, key: str) -> str | None:
        return await asyncio.to_thread(_version, self._path(key))

    async def renew(self, key: str) -> bool:
        return await asyncio.to_thread(_renew, self._path(key))

    async def remove(self, key: str, *, version: str | None = None) -> None:
        path = self._path(key)
        if version is None:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        else:
            await asyncio.to_thread(_remove, path, version, self._drafts / secrets.token_hex(16))

    async def held(self, after: str, *, limit: int) -> list[HeldBlob]:
        return await asyncio.to_thread(lambda: list(islice(self._walk(self._folder, after.split("/")), limit)))

    async def of_keys(self, keys: Sequence[str]) -> dict[str, HeldBlob]:
        found = await asyncio.to_thread(lambda: [self._listed(self._path(key)) for key in keys])
        return {blob.key: blob for blob in found if blob is not None}

    def _walk(self, folder: Path, after: Sequence[str]) -> Iterator[HeldBlob]:
        """Sorted by the keys' names, one folder's names at a time in memory."""
        first, *rest = after or ("",)
        for path in sorted(folder.iterdir()):
            if path.name < first or path == self._drafts:
                continue
            if path.is_dir():
                yield from self._walk(path, rest if path.name == first else ())
            elif path.name > first and (blob := self._listed(path)) is not None:
                yield blob

    def _listed(self, path: Path) -> HeldBlob | None:
        """None when it is not there, or no longer."""
        try:
            known = path.stat()
        except FileNotFoundError:
            return None
        written = datetime.fromtimestamp(known.st_mtime, UTC)
        return HeldBlob(path.relative_to(self._folder).as_posix(), known.st_size, written)

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise BadInput("A blob's key is one to four names of letters, digits, `_`, `-` and `.`, joined by `/`.")
        return self._folder / key

    async def _write(self, draft: Path, content: AsyncIterator[bytes]) -> None:
        with _room(), await asyncio.to_thread(open, draft, "xb") as file:
            async for chunk in content:
                await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(_sync, file)

    def _check_space(self) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < self._reserve:
            raise IngestionFailed(
                f"The disk is nearly full: {free >> 20} MiB free, {self._reserve >> 20} MiB are kept. "
                "Make room, then upload again."
            )

    def _sweep(self) -> None:
        """A writer that was killed leaves its draft behind."""
        for draft in self._drafts.iterdir():
            with suppress(FileNotFoundError):  # its writer has just finished
                if time.time() - draft.stat().st_mtime > ABANDONED:
                    draft.unlink()


def _version(path: Path) -> str | None:
    try:
        known = path.stat()
    except FileNotFoundError:
        return None
    return f"{known.st_ino}-{known.st_mtime_ns}"


def _renew(path: Path) -> bool:
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _remove(path: Path, version: str, aside: Path) -> None:
    """Looked at again once nobody else can reach it: it may have been written anew after the first look."""
    if _version(path) != version:
        return
    with suppress(FileNotFoundError):
        path.rename(aside)
        if _version(aside) != version:
            with suppress(FileExistsError):  # written anew once more
                path.hardlink_to(aside)
        aside.unlink()


@contextmanager
def _room() -> Iterator[None]:
    """Raises IngestionFailed when there is no more."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise IngestionFailed("The disk is full. Make room, then upload again.") from error
        raise


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _publish(draft: Path, target: Path) -> None:
    """Rename is atomic; the folder is synced so that a power cut does not undo it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
