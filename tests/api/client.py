"""A client that knows only the contract: HTTP with httpx, WebSocket with graphql-transport-ws by hand."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from adapters.auth.local import LocalTokens
from domain.members import Role

Answer = dict[str, Any]
WAIT = 10.0
PROTOCOL = Subprotocol("graphql-transport-ws")


class Socket:
    """One connection that has said connection_init."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, **message: object) -> None:
        self.connection.send(json.dumps(message))

    def receive(self, timeout: float = WAIT) -> Answer:
        answer: Answer = json.loads(self.connection.recv(timeout))
        return answer

    def subscribe(self, query: str, *, id: str = "1", **variables: object) -> None:
        self.send(id=id, type="subscribe", payload={"query": query, "variables": variables})

    def next(self) -> Answer:
        """The payload of the next event."""
        message = self.receive()
        assert message["type"] == "next", message
        payload: Answer = message["payload"]
        return payload


class Api:
    """The served API at `address`, with tokens of its own issuer."""

    def __init__(self, address: str, tokens: LocalTokens) -> None:
        self.address = address
        self.tokens = tokens
        self.http = httpx.Client(base_url=f"http://{address}", timeout=WAIT)

    def token(self, handle: str, *, admin: bool = False, lifetime: timedelta = timedelta(hours=1)) -> str:
        return self.tokens.issue(handle, role=Role.ADMIN if admin else Role.MEMBER, lifetime=lifetime)

    def post(self, query: str, *, token: str | None = None, **variables: object) -> httpx.Response:
        return self.http.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": bearer(token)} if token else {},
        )

    def ask(self, query: str, *, token: str | None = None, **variables: object) -> Answer:
        """Data and errors of one operation."""
        response = self.post(query, token=token, **variables)
        assert response.status_code == 200, response.text
        answer: Answer = response.json()
        return answer

    def data(self, query: str, *, token: str | None = None, **variables: object) -> Answer:
        """What a query or mutation without errors answers."""
        answer = self.ask(query, token=token, **variables)
        assert "errors" not in answer, answer
        data: Answer = answer["data"]
        return data

    @contextmanager
    def socket(self, token: str | None = None) -> Iterator[Socket]:
        with connect(f"ws://{self.address}/graphql", subprotocols=[PROTOCOL]) as connection:
            socket = Socket(connection)
            socket.send(type="connection_init", payload={"authorization": bearer(token)} if token else {})
            assert socket.receive() == {"type": "connection_ack"}
            yield socket


def bearer(token: str) -> str:
    return f"Bearer {token}"


def code_of(answer: Answer) -> str:
    """The code of the only error."""
    [error] = answer["errors"]
    code: str = error["extensions"]["code"]
    return code
