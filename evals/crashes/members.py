"""A member's client that goes on through crashes: what got no answer is asked again under the same idempotency key."""

import asyncio
import json
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import httpx
from websockets.exceptions import WebSocketException

from app.demo.client import Client, Json

PATIENCE_SECONDS, ANSWER_SECONDS = 240.0, 30.0
AGAIN_SECONDS = 0.15
LOST = (httpx.TransportError, WebSocketException, OSError, TimeoutError)
"""What a client sees of an API that dies or is away."""
GIVES_UP = 0.1
"""How many of those who got no answer never ask again."""
TOKENS = "subscription ($id: ID!, $after: Int!) { chatTokens(replyId: $id, afterSeq: $after) { __typename seq \
... on ChatToken { text } ... on ChatDone { message { content complete } } } }"


class GaveUp(Exception):
    """No answer came, and the member does not ask again: it may have been done or not."""


class Unanswered(Exception):
    """What was asked patiently, and never answered."""


class Refused(Exception):
    """`code` is that of the refusal."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Member:
    """`handle`, with its client. Keys are unique among all seeds that a system sees."""

    def __init__(self, handle: str, client: Client, chance: random.Random, *, seed: int) -> None:
        self.handle = handle
        self.client = client
        self.chance = chance
        self._keys = (f"{seed}-{handle}-{number}" for number in range(1_000_000))

    async def pause(self, most: float) -> None:
        await asyncio.sleep(self.chance.random() * most)

    async def ask(self, query: str, **variables: Any) -> Json:  # noqa: ANN401  # any JSON
        """Patiently; only for reading."""
        return await self._answered(lambda: self.client.ask(query, **variables), gives_up=0.0, what=query)

    async def done(self, mutation: str, **fields: Any) -> Json:  # noqa: ANN401  # any JSON
        """The payload of `field(input: …) { … }` written as "field Type { … }". Raises Refused, GaveUp."""
        name, type_, selection = mutation.split(maxsplit=2)
        query = f"mutation ($in: {type_}!) {{ {name}(input: $in) {{ userErrors {{ code message }} {selection} }} }}"
        given = {**fields, "idempotencyKey": next(self._keys)}
        payload: Json = (await self._answered(lambda: self.client.ask(query, **{"in": given}), what=name))[name]
        for error in payload["userErrors"]:
            raise Refused(error["code"], error["message"])
        return payload

    async def upload(self, filename: str, content: bytes, *, visibility: str) -> str:
        """The document's id. Raises GaveUp."""
        key = next(self._keys)
        return await self._answered(
            lambda: self.client.upload(filename, content, visibility=visibility, key=key), what="upload"
        )

    async def _answered[T](self, ask: Callable[[], Awaitable[T]], *, gives_up: float = GIVES_UP, what: str = "") -> T:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await ask()
            except httpx.ConnectError:
                pass  # nothing was sent
            except (*LOST, json.JSONDecodeError) as error:
                if self.chance.random() < gives_up:
                    raise GaveUp from error
            await asyncio.sleep(AGAIN_SECONDS)
        raise Unanswered(f"{self.handle} had no answer for {PATIENCE_SECONDS:.0f} s: {what}")

    async def follow(self, reply: str) -> AsyncIterator[Json]:
        """Every event of a reply to its end, through any number of connections."""
        after, until = -1, time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                async with asyncio.timeout(ANSWER_SECONDS), aclosing(self._events(reply, after)) as events:
                    async for event in events:
                        yield event["chatTokens"]
                        after = event["chatTokens"]["seq"]
                        if event["chatTokens"]["__typename"] in ("ChatDone", "ChatFailed"):
                            return
            except LOST:
                await asyncio.sleep(AGAIN_SECONDS)
        raise Unanswered(f"{self.handle} heard nothing after event {after} of reply {reply}")

    def _events(self, reply: str, after: int) -> AsyncGenerator[Json]:
        return self.client.subscribe(TOKENS, id=reply, after=after)


def whole(events: list[Json]) -> str | None:
    """What is wrong with a reply's events; None when they are all there and say what was stored."""
    if [event["seq"] for event in events] != list(range(len(events))):
        return f"its events are {[event['seq'] for event in events]}"
    if not events or events[-1]["__typename"] != "ChatDone":
        return f"it ended with {events[-1] if events else 'nothing'}"
    message, said = events[-1]["message"], "".join(event.get("text", "") for event in events)
    if not message["complete"] or message["content"] != said:
        return f"its tokens say {said!r}, the message {message['content']!r}, complete {message['complete']}"
    return None
