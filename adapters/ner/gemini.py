"""Named entities by Gemini, over REST with google-generativeai."""

import asyncio
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import stamina

from adapters.graph.graphiti_import import IMPORTING
from adapters.ner.gemini_answers import ASKED, SCHEMA, names, spans
from adapters.ner.spans import Span, mentions, windows
from domain.entities import Mention
from domain.errors import EntitiesFailed

if TYPE_CHECKING:
    from google.generativeai.generative_models import GenerativeModel

AT_ONCE = 4
TRIES = 3
FINISHED = 1
"""FinishReason.STOP."""


class GeminiEntities:
    """OntoNotes' 18 types by `model` at `base_url`; one text takes at most `deadline` seconds from its turn on.

    Requests run on threads of their own, AT_ONCE at a time: the SDK's async way needs gRPC. Gemini names entities,
    their places are looked up here.
    """

    def __init__(self, api_key: str, base_url: str, model: str, *, deadline: float = 20.0) -> None:
        self.name = f"gemini {model}"
        self._key, self._url, self._model_name = api_key, base_url.rstrip("/"), model
        self._deadline = deadline
        self._executor = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="gemini")
        self._limit = asyncio.Semaphore(AT_ONCE)
        self._opening = asyncio.Lock()
        self._model: GenerativeModel | None = None

    async def extract(self, texts: Sequence[str]) -> list[list[Mention]]:
        """For each text its mentions in order, offsets in UTF-8 bytes of that text. Raises EntitiesFailed."""
        found = await asyncio.gather(*map(self._of_text, texts), return_exceptions=True)
        for each in found:
            if isinstance(each, BaseException):
                raise each
        return [each for each in found if not isinstance(each, BaseException)]

    async def _of_text(self, text: str) -> list[Mention]:
        found: list[Span] = []
        for start, end in windows(text):
            window = text[start:end]
            found += [
                (start + first, start + last, type) for first, last, type in spans(window, await self._named(window))
            ]
        return mentions(text, found, self.name)

    async def _named(self, window: str) -> list[tuple[str, str]]:
        model = await self._opened()
        try:
            async with self._limit, asyncio.timeout(self._deadline):
                async for attempt in stamina.retry_context(on=passing, attempts=TRIES, timeout=None, wait_initial=0.2):
                    with attempt:
                        return await self._asked(model, window)
        except Exception as error:
            if (failed := failure_of(error, self._deadline)) is None:
                raise
            raise failed from error
        raise AssertionError("Attempts end by an answer or an error.")

    async def _asked(self, model: "GenerativeModel", window: str) -> list[tuple[str, str]]:
        """`retry: None`, or the SDK would repeat a 503 for ten minutes."""

        def ask() -> list[tuple[str, str]]:
            sent = window.encode("utf-8", "replace").decode()
            once: Any = {"timeout": self._deadline, "retry": None}
            answer = model.generate_content(sent, request_options=once)
            return names(said(answer))

        return await asyncio.get_running_loop().run_in_executor(self._executor, ask)

    async def _opened(self) -> "GenerativeModel":
        async with self._opening:
            if self._model is None:
                self._model = await asyncio.get_running_loop().run_in_executor(self._executor, self._made)
        return self._model

    def _made(self) -> "GenerativeModel":
        """Two seconds. The SDK is past its end of life and warns so at its import."""
        with IMPORTING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import google.generativeai as genai

        genai.configure(api_key=self._key, transport="rest", client_options={"api_endpoint": self._url})  # type: ignore[attr-defined]  # it has no __all__
        asked: Any = {"response_mime_type": "application/json", "response_schema": SCHEMA, "temperature": 0.0}
        return genai.GenerativeModel(self._model_name, system_instruction=ASKED, generation_config=asked)  # type: ignore[attr-defined]  # as above


class Refused(Exception):
    """It will not read this text."""


class Cut(Exception):
    """The answer ended before its end."""


def said(answer: Any) -> str:  # noqa: ANN401  # the SDK's answer, imported lazily
    """Raises Refused or Cut."""
    if answer.prompt_feedback.block_reason:
        raise Refused
    if not answer.candidates:
        raise Cut
    candidate = answer.candidates[0]
    if candidate.finish_reason != FINISHED:
        raise Cut if candidate.finish_reason in (0, 2) else Refused
    return "".join(part.text for part in candidate.content.parts)


def passing(error: Exception) -> bool:
    """Whether asking again may help."""
    import requests
    from google.api_core import exceptions

    busy = exceptions.TooManyRequests | exceptions.ServerError
    return isinstance(error, busy | requests.ConnectionError) and not isinstance(error, requests.Timeout)


def failure_of(error: Exception, deadline: float) -> EntitiesFailed | None:
    """None for what is not the service's failure: a fault of our own must show itself."""
    import requests
    from google.api_core import exceptions
    from google.protobuf.json_format import ParseError  # type: ignore[import-untyped]  # ships no types

    match error:
        case TimeoutError() | requests.Timeout() | exceptions.GatewayTimeout():
            return EntitiesFailed(f"Gemini did not finish within {deadline:g} s.")
        case exceptions.Unauthorized() | exceptions.Forbidden():
            return final("Gemini refuses the key. Check GEMINI_API_KEY.")
        case exceptions.NotFound():
            return final("Gemini's model is unknown. Check GEMINI_MODEL and GEMINI_BASE_URL.")
        case exceptions.TooManyRequests():
            return EntitiesFailed("Gemini's rate limit or quota is used up.")
        case exceptions.ClientError():
            return final(f"Gemini refuses the request with status {error.code}: {error.message}")
        case exceptions.GoogleAPIError():
            return EntitiesFailed(f"Gemini fails: {error}")
        case requests.RequestException():
            return EntitiesFailed("The connection to Gemini broke. Check GEMINI_BASE_URL.")
        case Refused():
            return final("Gemini will not read this text.")
        case Cut():
            return EntitiesFailed("Gemini's answer broke off before its end.")
        case ParseError() | ValueError():
            return EntitiesFailed("Gemini sent something unreadable.")
    return None


def final(message: str) -> EntitiesFailed:
    """Asking again will not help."""
    failed = EntitiesFailed(message)
    failed.retryable = False
    return failed
