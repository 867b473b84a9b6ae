"""What an operation sends over its socket: at once while the socket takes it, in order whatever happens."""

import asyncio
import json
from typing import Any

import pytest
from starlette.types import Message

from app.graphql.outlets import Outlet, Subscriber, Wire
from app.graphql.responses import encoded


class Line:
    """A socket that may be full."""

    def __init__(self) -> None:
        self.frames: list[Any] = []
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, message: Message) -> None:
        await self.open.wait()
        self.frames.append(json.loads(message["text"]))


def numbered(number: int) -> dict[str, Any]:
    return {"data": {"seq": number}}


async def test_an_answer_is_sent_on_the_spot() -> None:
    line = Line()
    assert Outlet("é", Wire(line.send)).deliver(numbered(0))
    assert line.frames == [{"id": "é", "type": "next", "payload": numbered(0)}]


async def test_a_full_socket_takes_one_more_and_no_other_overtakes_it() -> None:
    line = Line()
    outlet = Outlet("1", Wire(line.send))
    line.open.clear()
    assert [outlet.deliver(numbered(0)), outlet.deliver(numbered(1))] == [True, False]
    sending = asyncio.create_task(outlet.send(numbered(1)))
    await asyncio.sleep(0)
    line.open.set()
    await sending
    assert outlet.deliver(numbered(2))
    assert [frame["payload"]["data"]["seq"] for frame in line.frames] == [0, 1, 2]


async def test_a_socket_that_has_gone_ends_nothing_else() -> None:
    async def gone(_: Message) -> None:
        raise OSError

    assert Outlet("1", Wire(gone)).deliver(numbered(0))


async def test_a_subscriber_that_is_full_hears_the_newest_and_how_many_it_missed() -> None:
    line = Line()
    subscriber = Subscriber("1", Wire(line.send))
    subscriber.hear(b'{"seq":1}', 1)
    line.open.clear()
    for number in range(2, 6):
        subscriber.hear(b'{"seq":%d}' % number, number)
    line.open.set()
    await asyncio.sleep(0.01)
    assert [frame["payload"] for frame in line.frames] == [
        {"data": {"seq": 1}},
        {"data": {"seq": 2}},
        {"data": {"seq": 5}, "extensions": {"skipped": 2}},
    ]


@pytest.mark.parametrize("text", ["PETG", "\ud83d", "\U0001f5a8"])
def test_half_a_surrogate_pair_stops_no_answer(text: str) -> None:
    assert json.loads(encoded({"data": {"text": text}})) == {"data": {"text": text}}
