"""Vectors of meaning."""

from collections.abc import Sequence
from typing import Protocol

type Vector = list[float]


class Embedder(Protocol):
    """Turns texts into unit vectors of `dimensions` floats."""

    name: str
    dimensions: int
    max_pieces: int
    """Word pieces of a text that it sees; a passage must not be longer."""

    def pieces(self, text: str) -> int:
        """How many word pieces the text has."""

    async def embed(self, texts: Sequence[str]) -> list[Vector]: ...
