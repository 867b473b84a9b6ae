"""A reply comes to its end, though the database goes away while it is written or when it is finished."""

from collections.abc import AsyncIterator, Callable

import pytest

from adapters.replies.redis import RedisReplies
from adapters.sql.chats import SqlChatReads
from adapters.sql.members import SqlMemberReads
from domain.chats import ChatMessage, Sender
from domain.errors import StoreFailed
from domain.members import Viewer
from domain.models import Cited
from domain.recall import Question
from domain.replies import ReplyContext, ReplyDone, ReplyEvent, ReplyToken
from domain.transactions import Ids, Once, Work
from evals.hall import Hall, Silence
from services import replies
from services.replies import Replies


class Away:
    """Port `Transact` over a database that refuses its next commands: so many of them."""

    def __init__(self, database: Hall, refused: int) -> None:
        self._database = database
        self.refused = refused

    async def __call__[T](self, command: Callable[[Work], T]) -> T:
        if self.refused:
            self.refused -= 1
            raise StoreFailed("The database is away.")
        return await self._database.transact(command)

    async def once(self, once: Once | None, command: Callable[[Work], Ids], *, together: str | None = None) -> Ids:
        return await self._database.transact.once(once, command, together=together)


class Forgetful:
    """A twin that cannot look up its sources the first time."""

    def __init__(self) -> None:
        self.asked = 0

    async def reply(self, _question: Question) -> AsyncIterator[ReplyContext | ReplyToken | Cited]:
        self.asked += 1
        yield ReplyContext((), degraded=False)
        yield ReplyToken("Because.")
        if self.asked == 1:
            raise StoreFailed("The database is away.")
        yield Cited(())


class Fickle:
    """A twin that would say something else the second time."""

    def __init__(self) -> None:
        self.asked = 0

    async def reply(self, _question: Question) -> AsyncIterator[ReplyContext | ReplyToken | Cited]:
        self.asked += 1
        yield ReplyContext((), degraded=False)
        yield ReplyToken(f"Answer {self.asked}.")
        yield Cited(())


async def asked(database: Hall, viewer: Viewer) -> ChatMessage:
    def command(work: Work) -> ChatMessage:
        session = work.chats.start(viewer.member_id, "Talk", at=work.now())
        work.chats.add(session.id, Sender.MEMBER, "Why?", complete=True, at=work.now())
        return work.chats.add(session.id, Sender.TWIN, "", complete=False, at=work.now())

    return await database.transact(command)


@pytest.mark.parametrize("refused", [0, 2])
async def test_a_finished_reply_waits_for_its_database(
    database: Hall, redis_url: str, monkeypatch: pytest.MonkeyPatch, refused: int
) -> None:
    monkeypatch.setattr(replies, "STORE_AGAIN_SECONDS", (0.01, 0.01))
    (ada,) = await database.seat([1])
    reply, twin, away = await asked(database, ada), Fickle(), Away(database, refused)
    chats = SqlChatReads(database.reader)
    async with RedisReplies(redis_url, chats.ended_events) as streams:
        members = SqlMemberReads(database.reader)
        service = Replies(away, chats, members, streams=streams, bus=Silence(), twin=twin, model="fickle")
        await service.run(reply.id)
        heard: list[ReplyEvent] = [each.event async for each in streams.follow(reply.id, after_seq=-1)]
    assert heard == [ReplyContext((), degraded=False), ReplyToken("Answer 1."), ReplyDone()]
    stored = (await chats.messages(ada, [reply.id]))[reply.id]
    assert (stored.content, stored.complete, twin.asked, away.refused) == ("Answer 1.", True, 1, 0)


async def test_a_database_that_goes_away_ends_no_reply(database: Hall, redis_url: str) -> None:
    (ada,) = await database.seat([1])
    reply, chats = await asked(database, ada), SqlChatReads(database.reader)
    async with RedisReplies(redis_url, chats.ended_events) as streams:
        members = SqlMemberReads(database.reader)
        service = Replies(
            database.transact, chats, members, streams=streams, bus=Silence(), twin=Forgetful(), model="forgetful"
        )
        with pytest.raises(StoreFailed):
            await service.run(reply.id)
        assert not (await chats.messages(ada, [reply.id]))[reply.id].complete
        await service.run(reply.id)
        heard: list[ReplyEvent] = [each.event async for each in streams.follow(reply.id, after_seq=-1)]
    assert heard == [ReplyContext((), degraded=False), ReplyToken("Because."), ReplyDone()]
