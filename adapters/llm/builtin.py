"""The built-in answerer: needs no key and no network, says only what stands in its evidence."""

import asyncio
import re
from collections.abc import AsyncIterator

from domain.answers import answer, read
from domain.embeddings import Embedder
from domain.models import Cited, Prompt


class BuiltInModel:
    """Answers by choosing sentences (domain/answers.py); only the embedder costs time."""

    name = "built-in"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Cited]:
        """Word by word, then the citations that the answer rests on."""
        reading = await asyncio.to_thread(read, prompt)
        texts = reading.texts()
        vectors = dict(zip(texts, await self._embedder.embed(texts), strict=True))
        said = await asyncio.to_thread(answer, reading, vectors)
        for piece in re.findall(r"\s*\S+", said.text):
            yield piece
            await asyncio.sleep(0)  # a reply that is being cancelled stops here
        yield Cited(said.citations)
