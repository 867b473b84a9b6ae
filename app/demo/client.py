"""A small GraphQL client over HTTP and graphql-transport-ws: what the tour and the benchmarks speak with."""

import json
from collections.abc import AsyncGenerator
from typing import Any, Self

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

type Json = dict[str, Any]


class RequestRefused(Exception):
    """The server answered with errors."""


class Client:
    """One member's connection; `async with Client(url, token) as client:`."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._authorization = f"Bearer {token}"
        self._http = httpx.AsyncClient(
            base_url=self._url, headers={"Authorization": self._authorization}, timeout=30, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ask(self, query: str, **variables: Any) -> Json:  # noqa: ANN401  # any JSON
        """A query's or mutation's data. Raises RequestRefused."""
        answer = await self._http.post("/graphql", json={"query": query, "variables": variables})
        return data_of(answer.json())

    async def upload(
        self, filename: str, content: bytes, *, visibility: str = "PRIVATE", key: str | None = None
    ) -> str:
        """The new document's id; once for an idempotency `key`. Raises RequestRefused."""
        headers = {} if key is None else {"Idempotency-Key": key}
        form = {"visibility": visibility}
        answer = await self._http.post("/upload", files={"file": (filename, content)}, data=form, headers=headers)
        if answer.status_code != httpx.codes.ACCEPTED:
            raise RequestRefused(answer.text)
        return str(answer.json()["id"])

    async def subscribe(self, query: str, **variables: Any) -> AsyncGenerator[Json]:  # noqa: ANN401  # any JSON
        """Each event's data, on a socket of its own. Raises RequestRefused."""
        address = f"ws{self._url.removeprefix('http')}/graphql"
        async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as socket:
            await socket.send(
                json.dumps({"type": "connection_init", "payload": {"authorization": self._authorization}})
            )
            await socket.recv()
            operation = {"query": query, "variables": variables}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": operation}))
            async for frame in socket:
                message = json.loads(frame)
                match message["type"]:
                    case "next":
                        yield data_of(message["payload"])
                    case "ping":
                        await socket.send(json.dumps({"type": "pong"}))
                    case "error":
                        raise RequestRefused(json.dumps(message["payload"]))
                    case "complete":
                        return


def data_of(body: Json) -> Json:
    if body.get("errors"):
        raise RequestRefused(json.dumps(body["errors"]))
    data: Json = body["data"]
    return data
