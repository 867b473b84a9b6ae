"""Named entities that a text mentions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mention:
    """A named entity in a text; `type` is OntoNotes' (PERSON, ORG, ...); UTF-8 byte offsets, half-open."""

    text: str
    type: str
    start: int
    end: int
    extractor: str


class Entities(Protocol):
    """Finds named entities."""

    name: str

    async def extract(self, texts: Sequence[str]) -> list[list[Mention]]:
        """For each text its mentions in order, with offsets within that text. Raises EntitiesFailed."""
