"""A worker that writes replies: `python -m tests.journeys.authors FOLDER REDIS_URL REPLY…`.

It runs the service of the real worker with a twin that counts to WORDS, and says the id of each reply that is
committed. With every second of them (replies have even ids) it goes no further then, so that it can be killed right
there: it never ends by itself.
"""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from app.container import Container
from app.settings import Settings
from domain.models import Cited
from domain.recall import Question
from domain.replies import ReplyContext, ReplyToken
from domain.transactions import Ids, Once, Work
from services.replies import Replies

WORDS = 30
TEXT = "".join(f"{number} " for number in range(WORDS))
PAUSE = 0.12
"""The longest between two words, in seconds."""


class Counting:
    """A twin that knows only numbers."""

    async def reply(self, _question: Question) -> AsyncIterator[ReplyContext | ReplyToken | Cited]:
        yield ReplyContext((), degraded=False)
        for number in range(WORDS):
            yield ReplyToken(f"{number} ")
            await asyncio.sleep(random.random() * PAUSE)  # noqa: S311  # dice
        yield Cited(())


class Halting:
    """Port `Transact`, for one reply; if it halts, nothing more happens after its commit."""

    def __init__(self, container: Container, reply_id: int, *, halts: bool) -> None:
        self._container = container
        self._reply_id = reply_id
        self._halts = halts

    async def __call__[T](self, command: Callable[[Work], T]) -> T:
        result = await self._container.database.transact(command)
        print(self._reply_id, flush=True)  # noqa: T201  # to who started it
        if self._halts:
            await asyncio.Event().wait()
        return result

    async def once(self, once: Once | None, command: Callable[[Work], Ids], *, together: str | None = None) -> Ids:
        return await self._container.database.transact.once(once, command, together=together)


async def main(folder: Path, redis_url: str, replies: list[int]) -> None:
    async with Container(settings(folder, redis_url)) as container:
        await asyncio.gather(*(write(container, reply_id) for reply_id in replies), asyncio.Event().wait())


async def write(container: Container, reply_id: int) -> None:
    reads = container.reads
    service = Replies(
        Halting(container, reply_id, halts=reply_id % 4 == 0),
        reads.chats,
        reads.members,
        streams=container.replies,
        bus=container.bus,
        twin=Counting(),
        model="counting",
    )
    await service.run(reply_id)


def settings(folder: Path, redis_url: str) -> Settings:
    graph_url = redis_url.replace("redis://", "falkordb://").removesuffix("/0")
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings takes it, its plugin does not know
        data_dir=folder,
        redis_url=redis_url,
        graph_url=graph_url,
        memory_url=graph_url,
    )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], [int(each) for each in sys.argv[3:]]))
