"""Stored bytes, named by their owner and SHA-256."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol


class Blobs(Protocol):
    async def put(self, key: str, content: AsyncIterator[bytes]) -> None:
        """Atomically: a reader sees all of it or nothing."""

    def local(self, key: str) -> AbstractAsyncContextManager[Path]:
        """The blob as a file, for as long as the context lasts. Raises FileNotFoundError."""

    async def version(self, key: str) -> str | None:
        """Tells this writing of the blob from the next; None when it is not there."""

    async def renew(self, key: str) -> bool:
        """Give the blob another version: who saw the last one cannot remove it any more. False when it is not there."""

    async def remove(self, key: str, *, version: str | None = None) -> None:
        """With `version`, only while it is that one. Removing what is not there is no error."""
