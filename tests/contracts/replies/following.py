"""Replies as several processes see them, and the record that they end in."""

import asyncio
import random
from itertools import count

from adapters.replies.redis import RedisReplies
from domain.replies import ReplyDone, ReplyToken, Sequenced, dump

SOON = 20.0
IDLE = 0.3

new_id = count(1_000_000 + random.randrange(10**9)).__next__  # noqa: S311  # runs share no stream


class Record:
    """The column in SQL that holds the event list of an ended reply."""

    def __init__(self) -> None:
        self.lists: dict[int, str] = {}

    async def ended(self, reply_id: int) -> str | None:
        return self.lists.get(reply_id)

    def keep(self, reply_id: int, events: list[Sequenced]) -> None:
        self.lists[reply_id] = dump([*events, Sequenced(len(events), ReplyDone())])


async def followed(replies: RedisReplies, reply_id: int, after_seq: int = -1) -> list[Sequenced]:
    async with asyncio.timeout(SOON):
        return [each async for each in replies.follow(reply_id, after_seq=after_seq)]


async def write(replies: RedisReplies, reply_id: int, *texts: str, end: bool = True) -> list[Sequenced]:
    """Each text flushed by itself, so that it has a seq of its own."""
    writer, _ = await replies.writer(reply_id)
    for text in texts:
        writer.put(ReplyToken(text))
        await writer.flushed()
    if end:
        writer.put(ReplyDone())
    return await writer.flushed()


def tokens(*texts: str) -> list[Sequenced]:
    return [Sequenced(seq, ReplyToken(text)) for seq, text in enumerate(texts)]


def text_of(events: list[Sequenced]) -> str:
    return "".join(each.event.text for each in events if isinstance(each.event, ReplyToken))
