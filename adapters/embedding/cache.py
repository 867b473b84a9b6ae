"""Vectors that were used a moment ago."""

from collections import OrderedDict

from domain.embeddings import Vector


class VectorCache:
    """The vectors last used, at most `size`: the same passage is embedded for memories and for the graph."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._vectors: OrderedDict[str, Vector] = OrderedDict()

    def get(self, text: str) -> Vector | None:
        if text in self._vectors:
            self._vectors.move_to_end(text)
        return self._vectors.get(text)

    def put(self, text: str, vector: Vector) -> None:
        self._vectors[text] = vector
        if len(self._vectors) > self._size:
            self._vectors.popitem(last=False)
