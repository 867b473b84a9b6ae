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

    async def remove(self, key: str) -> None:
        """Removing what is not there is no error."""
