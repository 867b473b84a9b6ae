"""Hints between processes: something changed, read it again. Never the record."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Listener(Protocol):
    async def wait(self, seconds: float) -> bool:
        """True once a hint came since the last call, False after `seconds`. Hints in between are one."""


class Bus(Protocol):
    async def publish(self, topics: list[str]) -> None: ...

    def listen(self, topic: str) -> AbstractAsyncContextManager[Listener]:
        """Joined when entered: whatever is published after that is heard."""
