"""A way to Redis on which publications get lost and overtake each other, each at its dice."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

LOST, HELD = 0.1, 0.3
"""How many of the publications never arrive, and how many arrive after the next one."""


@asynccontextmanager
async def lossy(url: str, chance: random.Random) -> AsyncIterator[str]:
    """The URL of a proxy before the Redis at `url`."""
    host, _, port = url.removeprefix("redis://").partition("/")[0].partition(":")
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        redis_reader, redis_writer = await asyncio.open_connection(host, int(port))
        ways = [copied(reader, redis_writer), told(redis_reader, writer, chance)]
        tasks = {asyncio.create_task(way) for way in ways}
        serving.update(tasks)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        serving.difference_update(tasks)
        for task in tasks:
            task.cancel()
        writer.close()
        redis_writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        for task in serving:
            task.cancel()


async def copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)


async def told(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, chance: random.Random) -> None:
    """Whatever is no publication comes through, each held one after the next of them."""
    held = b""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            reply = await reply_in(reader)
            if not reply.startswith(b"*3\r\n$7\r\nmessage\r\n"):
                writer.write(reply)
            elif chance.random() >= LOST:
                if not held and chance.random() < HELD:
                    held = reply
                else:
                    writer.write(reply + held)
                    held = b""


async def reply_in(reader: asyncio.StreamReader) -> bytes:
    """One whole reply of RESP 2."""
    line = await reader.readuntil(b"\r\n")
    if line[:1] == b"*":
        return line + b"".join([await reply_in(reader) for _ in range(int(line[1:]))])
    if line[:1] == b"$" and int(line[1:]) >= 0:
        return line + await reader.readexactly(int(line[1:]) + 2)
    return line
