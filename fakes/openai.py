"""A server that speaks OpenAI's protocol: chat completions (streamed or not), embeddings, models.

`python -m fakes.openai --port 8101` answers from the sources in the last message: "I read: ... [1]". What goes wrong is
scripted: `--script 429,ok,cut` or POST /fake/script {"steps": ["500", "hang"]}; each chat or embedding request takes
one step, then all is ok. POST /fake/fail {"model": "fake-chat", "step": "500"} fails each request of one model, or of
`*`, until it is "ok" again.

ok         answer                       401 | 429 | 500   that status with OpenAI's error body
hang       accept and never answer      cut               some tokens, then the connection breaks
short      some tokens, then a clean end without finish_reason
malformed  a token, then an event that is no JSON
error      a token, then an error object inside the stream
stall      a token, then silence        empty             a clean end without any token
garbage    200, but HTML                slow              a second before the answer
"""

import argparse
import asyncio
import base64
import hashlib
import json
import re
import struct
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from fakes.meaning import meanings

MODEL, EMBEDDING_MODEL, DIMENSIONS = "fake-chat", "fake-embedding", 64
OPENAI_DIMENSIONS, MOST_TEXTS = 1_536, 2_048
GOOD_KEY_PREFIX = "sk-"
SOURCE = re.compile(r"^\[(\d+)\] (?:\([^)]*\) )?(.+)$", re.MULTILINE)
HANG_SECONDS = 3600.0
SLOW_SECONDS = 1.0

type Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class CutShort(Exception):  # it is what happens, to the client and on purpose
    """Raised inside a response body: the server drops the connection."""


class FakeOpenAi:
    """Requests seen, and the steps that the next ones will take."""

    def __init__(self, steps: list[str] | None = None) -> None:
        self.steps: deque[str] = deque(steps or [])
        self.fails: dict[str, str] = {}
        """By model: the step that all its requests take."""
        self.requests: list[dict[str, Any]] = []
        self.open_streams = 0

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._guarded(self.chat), methods=["POST"]),
                Route("/v1/embeddings", self._guarded(self.embeddings), methods=["POST"]),
                Route("/v1/models", self.models),
                Route("/fake/script", self.script, methods=["POST"]),
                Route("/fake/fail", self.fail, methods=["POST"]),
                Route("/fake/requests", self.seen),
            ]
        )

    def _guarded(self, handler: Handler) -> Handler:
        """Key, then the failures that need no answer."""

        async def guarded(request: Request) -> Response:
            if not request.headers.get("authorization", "").startswith(f"Bearer {GOOD_KEY_PREFIX}"):
                return failure(401)
            step = self.steps.popleft() if self.steps else await self._lasting(request)
            if step.isdigit():
                return failure(int(step))
            if step == "hang":
                await asyncio.sleep(HANG_SECONDS)
            if step == "slow":
                await asyncio.sleep(SLOW_SECONDS)
            if step == "garbage":
                return Response("<html>We will be back soon.</html>", media_type="text/html")
            request.state.step = "ok" if step == "slow" else step
            return await handler(request)

        return guarded

    async def _lasting(self, request: Request) -> str:
        model = (await request.json()).get("model")
        return self.fails.get(model) or self.fails.get("*", "ok")

    async def chat(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        text = answer_to(body["messages"][-1]["content"])
        if not body.get("stream"):
            return JSONResponse(completion(body["model"], text))
        return StreamingResponse(self._events(body["model"], text, request.state.step), media_type="text/event-stream")

    async def _events(self, model: str, text: str, step: str) -> AsyncIterator[bytes]:
        """Word by word; a failing step shows after the first word."""
        self.open_streams += 1
        try:
            if step == "empty":
                text = ""
            for number, word in enumerate(re.findall(r"\s*\S+", text)):
                yield event(chunk(model, {"content": word}))
                if number == 0 and step != "ok":
                    async for raw in failing(step):
                        yield raw
                    return
                await asyncio.sleep(0)
            yield event(chunk(model, {}, finish="stop"))
            yield b"data: [DONE]\n\n"
        finally:
            self.open_streams -= 1

    async def embeddings(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        if not 1 <= len(texts) <= MOST_TEXTS or not all(texts):
            return failure(400)
        packed = body.get("encoding_format") == "base64"
        vectors = vectors_of(texts, body["model"], body.get("dimensions"))
        if request.state.step == "short":
            vectors = vectors[:-1]
        data = [
            {"object": "embedding", "index": index, "embedding": encoded(values, packed=packed)}
            for index, values in enumerate(vectors)
        ]
        return JSONResponse({"object": "list", "data": data, "model": body["model"], "usage": usage(len(texts))})

    async def models(self, request: Request) -> Response:
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "fake"} for name in (MODEL, EMBEDDING_MODEL)]
        return JSONResponse({"object": "list", "data": data})

    async def script(self, request: Request) -> Response:
        self.steps = deque((await request.json())["steps"])
        return JSONResponse({"steps": list(self.steps)})

    async def fail(self, request: Request) -> Response:
        body = await request.json()
        self.fails[body.get("model", "*")] = body["step"]
        return JSONResponse(self.fails)

    async def seen(self, request: Request) -> Response:
        return JSONResponse(self.requests)


async def failing(step: str) -> AsyncIterator[bytes]:
    match step:
        case "cut":
            raise CutShort
        case "malformed":
            yield b"data: {this is no json\n\n"
        case "error":
            yield event({"error": {"message": "The server had an error.", "type": "server_error", "code": None}})
        case "stall":
            await asyncio.sleep(HANG_SECONDS)


def answer_to(content: str) -> str:
    """From the first source; a real model would read them all."""
    found = SOURCE.search(content)
    return f"I read: {found[2]} [{found[1]}]" if found else "I don't know."


def event(body: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(body)}\n\n".encode()


def chunk(model: str, delta: dict[str, str], *, finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 0, "model": model, "choices": [choice]}


def completion(model: str, text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    words = len(text.split())
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [choice],
        "usage": usage(words),
    }


def usage(tokens: int) -> dict[str, int]:
    return {"prompt_tokens": tokens, "completion_tokens": tokens, "total_tokens": 2 * tokens}


def failure(status: int) -> Response:
    kind = {401: "invalid_request_error", 429: "rate_limit_exceeded"}.get(status, "server_error")
    body = {"error": {"message": f"A scripted {status}.", "type": kind, "param": None, "code": kind}}
    return JSONResponse(body, status, headers={"retry-after-ms": "10"} if status == 429 else None)


def vectors_of(texts: list[str], model: str, dimensions: int | None) -> list[list[float]]:
    """Unit vectors: of meaning by a model named as OpenAI's are, of words by the fake's own."""
    if not model.startswith("text-embedding"):
        return [vector(text, dimensions or DIMENSIONS) for text in texts]
    size = dimensions or OPENAI_DIMENSIONS
    return [unit([*map(float, values[:size])] + [0.0] * (size - len(values))) for values in meanings(texts)]


def unit(values: list[float]) -> list[float]:
    norm = sum(value * value for value in values) ** 0.5
    return [value / norm for value in values]


def vector(text: str, dimensions: int) -> list[float]:
    """A unit vector of hashed words: texts that share words are near."""
    values = [0.0] * dimensions
    for word in re.findall(r"\w+", text.casefold()) or [""]:
        digest = hashlib.sha256(word.encode()).digest()
        values[digest[0] % dimensions] += 1.0 if digest[1] % 2 else -1.0
    norm = sum(value * value for value in values) ** 0.5
    return [value / norm for value in values] if norm else [1.0, *values[1:]]


def encoded(values: list[float], *, packed: bool) -> list[float] | str:
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode() if packed else values


def main() -> None:
    parser = argparse.ArgumentParser(description="A fake OpenAI server.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8101)
    parser.add_argument("--script", default="", help="steps for the first requests, such as 429,ok,cut")
    given = parser.parse_args()
    fake = FakeOpenAi([step for step in given.script.split(",") if step])
    uvicorn.run(fake.app(), host=given.host, port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
