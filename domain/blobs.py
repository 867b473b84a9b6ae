"""Stored bytes, named by their owner and SHA-256."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HeldBlob:
    """A blob as the store lists it."""

    key: str
    bytes: int
    written_at: datetime


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

    async def held(self, after: str, *, limit: int) -> list[HeldBlob]:
        """At most `limit` blobs that come after the key `after`, sorted by their keys' names; no unfinished ones."""

    async def of_keys(self, keys: Sequence[str]) -> dict[str, HeldBlob]:
        """Those of these keys that are there."""
