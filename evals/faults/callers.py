"""A member's clients, one at each API process: every answer goes into the diary with its kind and its time."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from itertools import count
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from app.demo.client import Json, data_of
from evals.crashes.members import TOKENS, Refused
from evals.faults.diary import Diary, Outcome

HANG_SECONDS = 45.0
AGAIN_SECONDS = 0.25
DOCUMENTED = {"SYNC_ERROR", "RETRIEVAL_ERROR", "VOTE_ERROR", "INGESTION_ERROR", "LLM_ERROR", "NER_ERROR", "TIMEOUT"}
"""Codes of docs/api/errors.md that an engine's failure may have; each must say that it is worth trying again."""


class Failed(Exception):
    """Answered with a documented error, or wrongly: the diary has it."""


class Caller:
    """`async with Caller(...) as caller:`; questions go to its API processes in turn.

    `prefix` makes its idempotency keys unique among all cases of a system.
    """

    def __init__(self, handle: str, urls: list[str], token: str, diary: Diary, *, prefix: str) -> None:
        self.handle = handle
        self.diary = diary
        self._urls = urls
        self._authorization = f"Bearer {token}"
        headers = {"Authorization": self._authorization}
        self._apis = [
            httpx.AsyncClient(base_url=url, headers=headers, timeout=HANG_SECONDS * diary.slack, trust_env=False)
            for url in urls
        ]
        self._turn = count()
        self._keys = (f"{prefix}-{handle}-{number}" for number in count())

    async def __aenter__(self) -> "Caller":
        return self

    async def __aexit__(self, *_: object) -> None:
        for api in self._apis:
            await api.aclose()

    async def ask(self, kind: str, query: str, **variables: Any) -> Json:  # noqa: ANN401  # any JSON
        """Once. Raises Failed."""
        body = {"query": query, "variables": variables}
        return await self._noted(kind, lambda api: api.post("/graphql", json=body), data_in)

    async def asked(self, kind: str, query: str, **variables: Any) -> Json:  # noqa: ANN401  # any JSON
        """Until it is answered."""
        return await self._patiently(lambda: self.ask(kind, query, **variables))

    async def done(self, kind: str, mutation: str, **fields: Any) -> Json:  # noqa: ANN401  # any JSON
        """The payload of `field(input: …) { … }` written as "field Type { … }", asked for under one key until it is
        acknowledged. Raises Refused."""
        name, type_, selection = mutation.split(maxsplit=2)
        query = f"mutation ($in: {type_}!) {{ {name}(input: $in) {{ userErrors {{ code message }} {selection} }} }}"
        given = {**fields, "idempotencyKey": next(self._keys)}
        payload: Json = (await self.asked(kind, query, **{"in": given}))[name]
        for error in payload["userErrors"]:
            raise Refused(error["code"], error["message"])
        return payload

    async def upload(self, filename: str, content: bytes) -> str:
        """The document's id, once it is acknowledged."""
        headers = {"Idempotency-Key": next(self._keys)}
        files, form = {"file": (filename, content)}, {"visibility": "PRIVATE"}

        async def send(api: httpx.AsyncClient) -> httpx.Response:
            return await api.post("/upload", files=files, data=form, headers=headers)

        return str((await self._patiently(lambda: self._noted("upload", send, accepted_in)))["id"])

    async def _patiently[T](self, ask: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await ask()
            except Failed:
                await asyncio.sleep(AGAIN_SECONDS)

    async def _noted(
        self,
        kind: str,
        send: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]],
        read: Callable[[httpx.Response], Json],
    ) -> Json:
        api, entry = self._apis[next(self._turn) % len(self._apis)], self.diary.begin(kind)
        try:
            answer = read(await send(api))
        except Documented as error:
            self.diary.end(entry, Outcome.REFUSED, str(error))
            raise Failed from error
        except (httpx.HTTPError, Undocumented) as error:
            self.diary.end(entry, Outcome.WRONG, f"{type(error).__name__}: {error}")
            raise Failed from error
        self.diary.end(entry, Outcome.OK)
        return answer

    async def listen(self, query: str, *, at: int, **variables: Any) -> AsyncGenerator[Json]:  # noqa: ANN401  # any JSON
        """A subscription's data, on a socket of its own at one API process.

        Raises Documented when it is told to try again, Undocumented when it ends otherwise.
        """
        address = f"ws{self._urls[at % len(self._urls)].removeprefix('http')}/graphql"
        protocol = Subprotocol("graphql-transport-ws")
        try:
            async with connect(address, subprotocols=[protocol], proxy=None, ping_timeout=None) as socket:
                greeting = {"type": "connection_init", "payload": {"authorization": self._authorization}}
                await socket.send(json.dumps(greeting))
                operation = {"query": query, "variables": variables}
                await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": operation}))
                async for frame in socket:
                    message = json.loads(frame)
                    match message["type"]:
                        case "next":
                            yield heard(message["payload"])
                        case "ping":
                            await socket.send(json.dumps({"type": "pong"}))
                        case "error":
                            heard({"errors": message["payload"]})
                        case "complete":
                            return
        except (WebSocketException, OSError) as error:
            raise Undocumented(f"the socket broke: {type(error).__name__}: {error}") from error

    async def follow(self, reply: str, *, at: int) -> AsyncIterator[Json]:
        """Every event of a reply to its end. Raises Documented, Undocumented."""
        async with aclosing(self.listen(TOKENS, at=at, id=reply, after=-1)) as events:
            async for event in events:
                yield event["chatTokens"]


class Documented(Exception):
    """An error that says to try again."""


class Undocumented(Exception):
    """No answer that docs/api knows for a failing engine."""


def data_in(answer: httpx.Response) -> Json:
    """Raises Documented, Undocumented. 503 is of an operation that could not begin."""
    if answer.status_code not in (httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE):
        raise told(answer)
    return heard(answer.json())


def heard(body: Json) -> Json:
    """Raises Documented, Undocumented."""
    if not body.get("errors"):
        return data_of(body)
    codes = {(error["extensions"]["code"], error["extensions"]["retryable"]) for error in body["errors"]}
    if all(code in DOCUMENTED and retryable for code, retryable in codes):
        raise Documented(" ".join(sorted(code for code, _ in codes)))
    raise Undocumented(json.dumps(body["errors"])[:500])


def accepted_in(answer: httpx.Response) -> Json:
    """Raises Documented, Undocumented."""
    if answer.status_code != httpx.codes.ACCEPTED:
        raise told(answer)
    body: Json = answer.json()
    return body


def told(answer: httpx.Response) -> Documented | Undocumented:
    """What an HTTP error says; a body without a code says nothing."""
    try:
        body = answer.json()
        if body["code"] in DOCUMENTED and body["retryable"]:
            return Documented(f"{answer.status_code} {body['code']}")
    except (json.JSONDecodeError, KeyError, TypeError):
        pass
    return Undocumented(f"HTTP {answer.status_code} {answer.text[:300]}")
