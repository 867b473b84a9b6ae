"""Entities of a first engine, of another where that one fails: Gemini, then spaCy."""

import logging
from collections.abc import Sequence

from domain.entities import Entities, Mention
from domain.errors import EntitiesFailed
from domain.meters import Meters

log = logging.getLogger(__name__)


class EntitiesLadder:
    """Port `Entities`. Each mention says which engine found it; each fall is logged and counted."""

    def __init__(self, first: Entities, fallback: Entities, meters: Meters) -> None:
        self.name = f"{first.name}, else {fallback.name}"
        self._first = first
        self._fallback = fallback
        self._meters = meters

    async def extract(self, texts: Sequence[str]) -> list[list[Mention]]:
        """Raises EntitiesFailed when both fail."""
        try:
            return await self._first.extract(texts)
        except EntitiesFailed as failure:
            log.warning("%s finds the entities instead: %s", self._fallback.name, failure)
            self._meters.count("fallbacks", port="entities")
            return await self._fallback.extract(texts)
