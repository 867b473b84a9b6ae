"""One query's reads: each asked once, proposals of votes together."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from domain.public import PublicProposal, PublicReads
from schema.loading import Loader
from schema.snapshot.context import SnapshotContext
from schema.snapshot.spaces import Space

WEEK = timedelta(days=7)


def snapshot_context(public: PublicReads, *, home: str, now: datetime) -> SnapshotContext:
    """A fresh one: one query's. `home` is the URL of this server, without a slash at its end."""

    async def proposals(ids: list[int]) -> list[PublicProposal | None]:
        found = await public.proposals_by_ids(ids)
        return [found.get(id) for id in ids]

    async def scores(shown: list[PublicProposal]) -> list[tuple[float, ...]]:
        found = await public.scores(shown)
        return [found[each.proposal.id] for each in shown]

    async def space() -> Space:
        return Space.of(await public.dao())

    return SnapshotContext(
        public=public,
        home=home,
        now=now,
        proposals=Loader(load_fn=proposals, max_batch_size=500).load,
        scores=Loader(load_fn=scores, cache_key_fn=lambda shown: shown.proposal.id).load,
        space=once(space),
        counts=once(lambda: public.counts(at=now)),
        founded_at=once(public.founded_at),
        votes_7d=once(lambda: public.votes_since(now - WEEK)),
    )


def once[T](ask: Callable[[], Coroutine[Any, Any, T]]) -> Callable[[], Awaitable[T]]:
    """Asks at the first call; every call awaits that answer, whoever else gives up waiting."""
    asked: list[asyncio.Task[T]] = []

    def answer() -> Awaitable[T]:
        if not asked:
            asked.append(asyncio.ensure_future(ask()))
        return asyncio.shield(asked[0])

    return answer
