"""Heads of requests that are too large, too slow, or neither."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.http import heads
from app.http.heads import MAX_HEAD, PIECE, Heads
from tests.api.serving import serving_on

FIRST = b"GET / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"


async def served(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    if scope["path"] == "/endless":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await receive()  # until the client is gone
        return
    names = [name for name, _ in scope["headers"]]
    await PlainTextResponse("changed" if b"x-trailer" in names else "served")(scope, receive, send)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Of a server that says "served", and waits a quarter of a second for a head."""
    monkeypatch.setattr(heads, "HEAD_SECONDS", 0.25)
    with serving_on(uvicorn.Config(served, http=Heads, log_config=None, lifespan="off")) as port:
        yield port


def said(connection: socket.socket, *pieces: bytes) -> bytes:
    """All that the server answers until it closes."""
    answer = b""
    try:
        for piece in pieces:
            connection.sendall(piece)
        while piece := connection.recv(65_536):
            answer += piece
    except ConnectionError:  # it closed while more was sent
        pass
    return answer


@pytest.fixture
def connection(port: int) -> Iterator[socket.socket]:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        yield connection


def test_a_large_head_is_served(connection: socket.socket) -> None:
    padding = b"X-Padding: " + b"a" * (MAX_HEAD // 2) + b"\r\n"
    assert said(connection, FIRST + padding, b"Connection: close\r\n\r\n").endswith(b"served")


def test_a_head_without_end_is_ended(connection: socket.socket) -> None:
    name = b"X-Padding: "
    answer = said(connection, FIRST + name + b"a" * (MAX_HEAD + 1 - len(FIRST) - len(name)))
    assert answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("begun", [b"", FIRST[:9], FIRST, FIRST + b"Connection: close\r\n\r\n" + FIRST])
def test_a_head_that_does_not_arrive_is_ended(connection: socket.socket, begun: bytes) -> None:
    whole = begun.count(b"\r\n\r\n")
    answer = said(connection, begun)
    assert answer.count(b"served") == whole
    assert answer.startswith(b"HTTP/1.1 200 " if whole else b"HTTP/1.1 408 ")


def test_a_further_head_that_does_not_arrive_is_ended(connection: socket.socket) -> None:
    connection.sendall(FIRST + b"\r\n")
    assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
    assert said(connection, FIRST).endswith(b"408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")


def test_a_body_may_take_longer_than_its_head(connection: socket.socket) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n"
    connection.sendall(head + b"a" * 100_000)
    time.sleep(2 * heads.HEAD_SECONDS)
    assert said(connection, b"a" * 100_000).endswith(b"served")


def test_no_answer_is_put_into_another(connection: socket.socket) -> None:
    answer = said(connection, FIRST.replace(b"/", b"/endless", 1) + b"\r\n" + FIRST)
    assert answer.endswith(b"\r\n\r\n5\r\nbegun\r\n")


def test_trailers_change_nothing(connection: socket.socket) -> None:
    chunks = b"3\r\nabc\r\n", b"0\r\n", b"X-Trailer: a\r\n", b"X-Trailer: b\r\n\r\n"
    assert said(connection, CHUNKED, *chunks).endswith(b"served")


def test_a_chunked_body_may_be_large(connection: socket.socket) -> None:
    chunk = b"20000\r\n" + b"a" * 0x20000 + b"\r\n"
    assert said(connection, CHUNKED, *[chunk] * 8, b"0\r\n\r\n").endswith(b"served")


def test_trailers_without_end_are_ended(connection: socket.socket) -> None:
    begun, name = CHUNKED + b"0\r\n", b"X-Trailer: "
    answer = said(connection, begun + name, b"a" * (PIECE + MAX_HEAD + 1 - len(begun) - len(name)))
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_trailers_that_do_not_arrive_are_ended(connection: socket.socket) -> None:
    assert said(connection, CHUNKED + b"0\r\nX-Trailer: a").startswith(b"HTTP/1.1 408 ")
