"""Any server that speaks OpenAI's chat completions, through the official SDK."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any, Self, cast

from domain.errors import ModelFailed, ModelRefused
from domain.models import Cited, Prompt
from domain.prompts import marked, messages_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MAX_TOKENS = 800


class OpenAiModel:
    """Streams from `model` at `base_url`; a whole answer takes at most `deadline` seconds, its first words `patience`.

    429 and 5xx are retried, as often as `retries` says, before the first token and never after it.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str,
        model: str,
        *,
        deadline: float = 30.0,
        patience: float = 10.0,
        retries: int = 2,
    ) -> None:
        self.name = model
        self._settings = {"api_key": api_key, "base_url": base_url, "max_retries": retries, "timeout": deadline}
        self._deadline = deadline
        self._patience = min(patience, deadline)
        self._client: AsyncOpenAI | None = None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Cited]:
        """Pieces of text, then the sources whose [n] stands in it. Raises ModelFailed."""
        said: list[str] = []
        async with aclosing(self._pieces(prompt)) as pieces:
            async for piece in pieces:
                said.append(piece)
                yield piece
        if not said:
            raise ModelFailed("The language model said nothing. Ask again, in other words.")
        yield Cited(marked("".join(said), prompt.evidence))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    async def _pieces(self, prompt: Prompt) -> AsyncGenerator[str]:
        """Text as it comes. A deadline is watched around each wait, never while the consumer has the turn."""
        began, finished = asyncio.get_running_loop().time(), False
        with _Failures(self._patience) as failures:
            async with asyncio.timeout_at(began + failures.limit):
                chunks = await self._opened(prompt)
            async with chunks:
                while True:
                    async with asyncio.timeout_at(began + failures.limit):
                        chunk = await anext(chunks, None)
                    if chunk is None:
                        break
                    for choice in chunk.choices[:1]:
                        finished = finished or choice.finish_reason is not None
                        if choice.delta.content:
                            failures.limit = self._deadline
                            yield choice.delta.content
        if not finished:
            raise ModelFailed("The language model's answer broke off before its end.")

    async def _opened(self, prompt: Prompt) -> Any:  # noqa: ANN401  # the SDK's AsyncStream, imported lazily
        if self._client is None:
            from openai import AsyncOpenAI  # 1.7 s

            self._client = AsyncOpenAI(**cast(Any, self._settings))
        messages = [{"role": each.role, "content": each.content} for each in messages_of(prompt)]
        return await self._client.chat.completions.create(
            model=self.name, messages=cast(Any, messages), stream=True, temperature=0, max_tokens=MAX_TOKENS
        )


class _Failures:
    """Turns what the SDK and its transport raise into ModelFailed, saying what to do; `limit` is the deadline."""

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, ModelFailed):
            failed = failure_of(error, self.limit)
            if failed is not None:
                raise failed from error


def failure_of(error: Exception, deadline: float) -> ModelFailed | None:
    """None for what is not the model's failure: a fault of our own must show itself."""
    import httpx2 as httpx  # the SDK's transport
    import openai

    match error:
        case TimeoutError() | openai.APITimeoutError() | httpx.TimeoutException():
            return ModelFailed(
                f"The language model did not finish within {deadline:g} s. Ask again, or a shorter question."
            )
        case openai.RateLimitError():
            return ModelFailed(
                "The language model's rate limit or quota is used up. Wait, or raise it with the provider."
            )
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return _final("The language model refuses the key. Check OPENAI_API_KEY.")
        case openai.NotFoundError():
            return _final("The language model is unknown at its base URL. Check the model's name and OPENAI_BASE_URL.")
        case openai.APIStatusError(status_code=status) if status < 500:
            return ModelRefused(f"The language model refuses the request with status {status}.")
        case openai.APIStatusError(status_code=status):
            return ModelFailed(f"The language model's server fails with status {status}. Ask again later.")
        case openai.APIConnectionError() | httpx.HTTPError():
            return ModelFailed(
                "The connection to the language model broke. Ask again; if it persists, check OPENAI_BASE_URL."
            )
        case openai.APIError() | JSONDecodeError():
            return ModelFailed("The language model's server sent something unreadable. Ask again.")
    return None


def _final(message: str) -> ModelFailed:
    """Asking again will not help."""
    failed = ModelFailed(message)
    failed.retryable = False
    return failed
