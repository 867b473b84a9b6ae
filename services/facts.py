"""Facts of the temporal graph, found by meaning within a stretch of time."""

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.asked import asked_first, asked_relations
from domain.errors import BadInput
from domain.facts import Fact, Graph
from domain.members import Viewer
from domain.pages import Page, Slice
from domain.periods import Window, period_in
from services.memories import checked_limit, checked_query

MAX_DAYS = 36_500
LOOKED_AT = 50


class Facts:
    def __init__(self, graph: Graph, *, now: Callable[[], datetime]) -> None:
        self._graph = graph
        self._now = now

    async def search(self, viewer: Viewer, query: str, *, limit: int = 5, days: int | None = 90) -> list[Fact]:
        """The viewer's own and the DAO's; a period that the query names replaces `days`.

        Raises BadInput, RetrievalFailed.
        """
        words, count, now = checked_query(query), checked_limit(limit), self._now()
        window = period_in(words, now) or last_days(days, now)
        return [fact for fact, _ in await self._found(viewer, words, window, at=now, limit=count)]

    async def within(self, viewer: Viewer, query: str, *, window: Window, limit: int) -> list[tuple[Fact, float]]:
        """Facts of one stretch of time with their scores, 0..1. Raises RetrievalFailed."""
        return await self._found(viewer, query, window, at=self._now(), limit=limit)

    async def _found(
        self, viewer: Viewer, query: str, window: Window | None, *, at: datetime, limit: int
    ) -> list[tuple[Fact, float]]:
        """Of a query that asks for votes or decisions more is looked at, so that these stand first."""
        most = max(limit, LOOKED_AT) if asked_relations(query) else limit
        found = await self._graph.search(viewer.groups, query, window=window, at=at, limit=most)
        return asked_first(found, query, window=window, at=at, limit=limit)

    async def by_ids(self, viewer: Viewer, ids: list[str]) -> dict[str, Fact]:
        return await self._graph.by_ids(viewer.groups, ids)

    async def about_topics(self, viewer: Viewer, topic_ids: list[int], wanted: Slice) -> dict[int, Page[Fact]]:
        """The same slice for each topic, newest first. Raises BadInput, RetrievalFailed."""
        keys = {f"topic:{topic_id}": topic_id for topic_id in topic_ids}
        found = await self._graph.about(viewer.groups, list(keys), wanted)
        return {keys[key]: page for key, page in found.items()}


def last_days(days: int | None, now: datetime) -> Window | None:
    """Raises BadInput."""
    if days is None:
        return None
    if not 1 <= days <= MAX_DAYS:
        raise BadInput(f"days must be between 1 and {MAX_DAYS}, or null for all time.", field=("days",))
    return Window(now - timedelta(days=days), None)
