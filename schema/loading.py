"""How things are read many at a time: one read for all that wait in a step of an operation."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable

from strawberry.dataloader import DataLoader

from domain.pages import Page, Slice

MOST_AT_ONCE = 500
"""Keys of one read; SQLite takes at most 32,766 parameters."""


class Loader[K, T](DataLoader[K, T]):
    """Who waits for a key may leave and the others still get it: graphql-core ends the neighbours of a field that
    failed, and the framework's own loader then ends everybody who waits for the same."""

    def load(self, key: K) -> Awaitable[T]:
        return asyncio.shield(super().load(key))


type Pages[T] = Loader[tuple[Slice, int], Page[T]]
"""By the slice that is wanted of each list, and whose list it is."""


def pages[T](read: Callable[[Slice, list[int]], Awaitable[dict[int, Page[T]]]]) -> Pages[T]:
    """Lists below many nouns of one operation: a read for all of them that are sliced alike."""

    async def load(keys: list[tuple[Slice, int]]) -> list[Page[T] | BaseException]:
        owners: dict[Slice, list[int]] = {}
        for wanted, owner in keys:
            owners.setdefault(wanted, []).append(owner)
        found = {wanted: await read(wanted, ids) for wanted, ids in owners.items()}
        return [found[wanted][owner] for wanted, owner in keys]

    return Loader(load, max_batch_size=MOST_AT_ONCE)


def same[T](value: T) -> T:
    return value


def by_key[K: Hashable, D, T](
    read: Callable[[list[K]], Awaitable[dict[K, D]]],
    from_domain: Callable[[D], T] = same,  # type: ignore[assignment]  # T is D where it is left out
) -> Loader[K, T | None]:
    async def load(keys: list[K]) -> list[T | BaseException | None]:
        found = await read(keys)
        return [from_domain(found[key]) if key in found else None for key in keys]

    return Loader(load, max_batch_size=MOST_AT_ONCE)


def lists_by_key[K: Hashable, D, T](
    read: Callable[[list[K]], Awaitable[dict[K, list[D]]]],
    from_domain: Callable[[D], T] = same,  # type: ignore[assignment]  # T is D where it is left out
) -> Loader[K, list[T]]:
    async def load(keys: list[K]) -> list[list[T] | BaseException]:
        found = await read(keys)
        return [[from_domain(each) for each in found.get(key, [])] for key in keys]

    return Loader(load, max_batch_size=MOST_AT_ONCE)
