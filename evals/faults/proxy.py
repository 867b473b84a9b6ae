"""A TCP proxy on loopback that hands on what it hears after a delay: a slow network, for tests."""

import asyncio
from contextlib import suppress
from typing import Self

from evals.engines.servers import LOOPBACK, free_port

CHUNK = 64 << 10


class Proxy:
    """In front of the server on `to`; `delay` in seconds, for what the server answers. `async with Proxy(6379):`."""

    def __init__(self, to: int) -> None:
        self.port = free_port()
        self.delay = 0.0
        self._to = to
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pumps.add(task)
        try:
            with suppress(OSError):
                await self._joined(reader, writer)
        finally:
            self._pumps.discard(task)
            writer.close()

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until either side hangs up."""
        answers, asks = await asyncio.open_connection(LOOPBACK, self._to)
        ways = [asyncio.create_task(pumped(reader, asks)), asyncio.create_task(self._delayed(answers, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            asks.close()

    async def _delayed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Each chunk so late as the delay was when it came: many may be under way at once."""
        clock = asyncio.get_running_loop().time
        coming: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def send() -> None:
            while True:
                due, chunk = await coming.get()
                await asyncio.sleep(max(0.0, due - clock()))
                writer.write(chunk)
                await writer.drain()

        sending = asyncio.create_task(send())
        try:
            while chunk := await reader.read(CHUNK):
                coming.put_nowait((clock() + self.delay, chunk))
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


async def pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
