"""Any server that speaks OpenAI's embeddings, through the official SDK."""

import asyncio
import math
from collections.abc import Callable, Sequence
from itertools import batched
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any

from adapters.embedding.cache import VectorCache
from domain.embeddings import Vector
from domain.errors import RetrievalFailed

if TYPE_CHECKING:
    from openai import AsyncOpenAI

BATCH, AT_ONCE = 256, 4
"""Texts of one request (the service takes 2,048, and 300,000 tokens), and requests under way."""
MOST_BYTES = 8_000
"""What is read of a text: no token is shorter than a byte, and the models read 8,191 tokens."""


class OpenAiEmbedder:
    """Unit vectors of `dimensions` floats by `model` at `base_url`; a batch takes at most `deadline` seconds.

    429 and 5xx are tried again within them. `count` counts tokens. Passages stay as short as for the local model, so
    that a change of the embedder changes no memory.
    """

    max_pieces = 200

    def __init__(
        self,
        api_key: str,
        base_url: str,
        model: str,
        dimensions: int,
        *,
        count: Callable[[str], int],
        deadline: float = 20.0,
        cached: int = 4_096,
    ) -> None:
        self.name, self.dimensions = model, dimensions
        self._settings: dict[str, Any] = {"api_key": api_key, "base_url": base_url, "timeout": deadline}
        self._count, self._deadline = count, deadline
        self._cache = VectorCache(cached)
        self._limit = asyncio.Semaphore(AT_ONCE)
        self._opening = asyncio.Lock()
        self._client: AsyncOpenAI | None = None

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()

    def pieces(self, text: str) -> int:
        return self._count(text)

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A unit vector for each text, in order, each a list of its own. Raises RetrievalFailed."""
        known = {text: vector for text in texts if (vector := self._cache.get(text))}
        unknown = [text for text in dict.fromkeys(texts) if text not in known]
        parts = [*batched(unknown, BATCH)]
        done = await asyncio.gather(*map(self._asked, parts), return_exceptions=True)
        for part, vectors in zip(parts, done, strict=True):
            if isinstance(vectors, BaseException):
                raise vectors
            for text, vector in zip(part, vectors, strict=True):
                self._cache.put(text, vector)
                known[text] = vector
        return [list(known[text]) for text in texts]

    async def _asked(self, texts: Sequence[str]) -> list[Vector]:
        client = await self._opened()
        try:
            async with self._limit, asyncio.timeout(self._deadline):
                answer = await client.embeddings.create(
                    model=self.name, input=[*map(read_part, texts)], dimensions=self.dimensions
                )
        except Exception as error:
            if (failed := failure_of(error, self._deadline)) is None:
                raise
            raise failed from error
        vectors = [each.embedding for each in sorted(answer.data, key=lambda each: each.index)]
        return self._checked(vectors, len(texts))

    def _checked(self, vectors: list[Vector], count: int) -> list[Vector]:
        """A vector of another size would spoil the indexes. Raises RetrievalFailed."""
        if [len(vector) for vector in vectors] != [self.dimensions] * count:
            raise refused(f"does not send {count} vectors of {self.dimensions} floats. Check OPENAI_EMBEDDING_MODEL.")
        lengths = [math.hypot(*vector) for vector in vectors]
        if not all(math.isfinite(length) and length > 0 for length in lengths):
            raise refused("sent a vector without a direction.")
        return [[value / length for value in vector] for vector, length in zip(vectors, lengths, strict=True)]

    async def _opened(self) -> "AsyncOpenAI":
        async with self._opening:
            if self._client is None:
                from openai import AsyncOpenAI  # 1.7 s

                self._client = AsyncOpenAI(**self._settings)
        return self._client


def read_part(text: str) -> str:
    """The service refuses a text that is empty or too long."""
    return text.encode("utf-8", "replace")[:MOST_BYTES].decode("utf-8", "ignore") or " "


def failure_of(error: Exception, deadline: float) -> RetrievalFailed | None:
    """None for what is not the service's failure: a fault of our own must show itself."""
    import httpx
    import openai

    match error:
        case TimeoutError() | openai.APITimeoutError() | httpx.TimeoutException():
            return RetrievalFailed(f"The embedding model did not finish within {deadline:g} s.")
        case openai.RateLimitError():
            return RetrievalFailed("The embedding model's rate limit or quota is used up.")
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return refused("refuses the key. Check OPENAI_API_KEY.")
        case openai.NotFoundError():
            return refused("is unknown at its base URL. Check OPENAI_EMBEDDING_MODEL and OPENAI_BASE_URL.")
        case openai.APIStatusError(status_code=status) if status < 500:
            return refused(f"refuses the request with status {status}.")
        case openai.APIStatusError(status_code=status):
            return RetrievalFailed(f"The embedding model's server fails with status {status}.")
        case openai.APIConnectionError() | httpx.HTTPError():
            return RetrievalFailed("The connection to the embedding model broke. Check OPENAI_BASE_URL.")
        case openai.APIError() | JSONDecodeError() | ValueError():
            return RetrievalFailed("The embedding model's server sent something unreadable.")
    return None


def refused(why: str) -> RetrievalFailed:
    """Asking again will not help."""
    failed = RetrievalFailed(f"The embedding model {why}")
    failed.retryable = False
    return failed
