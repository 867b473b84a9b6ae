"""What the contract tests of both indexes share: embedders and a server of a test's own."""

import hashlib
import math
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters.embedded.falkordb import server_command
from adapters.embedding.minilm import MiniLmEmbedder
from tests.conftest import wait_for_ping


class CountingEmbedder:
    """The real embedder, and how many texts it was given."""

    def __init__(self, embedder: MiniLmEmbedder) -> None:
        self.embedder, self.texts, self.calls = embedder, 0, 0
        self.name, self.dimensions, self.max_pieces = embedder.name, embedder.dimensions, embedder.max_pieces

    def pieces(self, text: str) -> int:
        return self.embedder.pieces(text)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.texts, self.calls = self.texts + len(texts), self.calls + 1
        return await self.embedder.embed(texts)


class Scattered:
    """Unit vectors drawn from the text's hash, so that thousands are there at once."""

    name, dimensions, max_pieces = "scattered", 384, 200

    def pieces(self, text: str) -> int:
        return len(text.split())

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> list[float]:
        noise = hashlib.shake_128(text.encode()).digest(self.dimensions)
        length = math.dist(noise, [127.5] * self.dimensions)
        return [(byte - 127.5) / length for byte in noise]


@contextmanager
def serving(folder: Path, port: int) -> Iterator[None]:
    """A server of the test's own, killed in the end."""
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(server_command(folder, port), stdout=log, stderr=log)
    try:
        wait_for_ping(port)
        yield
    finally:
        server.kill()
        server.wait()
