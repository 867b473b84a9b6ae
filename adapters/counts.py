"""How many rows lists have, for totalCount: read for all of them when it is first asked of one."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping


class Counts[K: Hashable]:
    """`read` tells of every list that has any."""

    def __init__(self, read: Callable[[], Awaitable[Mapping[K, int]]]) -> None:
        self._read = read
        self._reading = asyncio.Lock()
        self._found: Mapping[K, int] | None = None

    async def of(self, owner: K) -> int:
        async with self._reading:
            if self._found is None:
                self._found = await self._read()
        return self._found.get(owner, 0)
