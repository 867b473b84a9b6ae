"""Conversations: turns in order, one reply at a time, nobody else's."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from adapters.sql.chats import SqlChatReads
from domain.chats import ChatMessage, ChatSession, Citation, Sender, SourceKind
from domain.errors import NotFound
from domain.members import Role, Viewer
from domain.pages import Slice
from domain.transactions import Work
from evals.hall import Hall, hall
from tests.contracts.sql.times import T0, Clock


async def started(database: Hall, viewer: Viewer, title: str = "Talk") -> ChatSession:
    return await database.transact(lambda work: work.chats.start(viewer.member_id, title, at=work.now()))


async def said(database: Hall, session_id: int, sender: Sender, text: str, *, complete: bool = True) -> ChatMessage:
    return await database.transact(
        lambda work: work.chats.add(session_id, sender, text, complete=complete, at=work.now())
    )


async def session_of(database: Hall, viewer: Viewer, session_id: int) -> ChatSession:
    return await database.transact(lambda work: work.chats.session(viewer, session_id))


async def owned(database: Hall, viewer: Viewer, message_id: int) -> ChatMessage:
    return await database.transact(lambda work: work.chats.owned(viewer, message_id))


async def test_turns_count_from_zero_and_are_kept_whole(database: Hall) -> None:
    (ada,) = await database.seat([1])
    session = await started(database, ada)
    question = await said(database, session.id, Sender.MEMBER, "Why?")
    reply = await said(database, session.id, Sender.TWIN, "", complete=False)
    assert [(one.turn, one.created_at, one.complete) for one in (question, reply)] == [(0, T0, True), (1, T0, False)]
    citation = Citation(SourceKind.MEMORY, "7", "Because.", 0.5)
    ended = replace(reply, content="Because.", complete=True, citations=(citation,), model="m", degraded=True)
    await database.transact(lambda work: work.chats.save(ended, events="[]"))
    reads = SqlChatReads(database.reader)
    assert await reads.messages(ada, [question.id, reply.id]) == {question.id: question, reply.id: ended}
    assert await reads.reply(reply.id) == (ended, ada.member_id)
    assert (await reads.ended_events(reply.id), await reads.ended_events(question.id)) == ("[]", None)
    assert (await reads.page_messages(ada, session.id, Slice())).rows == [question, ended]


async def test_one_reply_at_a_time_is_unanswered(database: Hall) -> None:
    (ada,) = await database.seat([1])
    session = await started(database, ada)
    assert await database.transact(lambda work: work.chats.unanswered(session.id)) is None
    reply = await said(database, session.id, Sender.TWIN, "", complete=False)
    assert await database.transact(lambda work: work.chats.unanswered(session.id)) == reply.id
    with pytest.raises(IntegrityError):
        await said(database, session.id, Sender.TWIN, "", complete=False)
    await database.transact(lambda work: work.chats.save(replace(reply, complete=True), events="[]"))
    assert await database.transact(lambda work: work.chats.unanswered(session.id)) is None


async def test_turns_leave_no_gap_when_both_say_much_at_once(database: Hall, url: str, clock: Clock) -> None:
    (ada,) = await database.seat([1])
    session = await started(database, ada)

    async def say(where: Hall, number: int) -> ChatMessage:
        def command(work: Work) -> ChatMessage:
            work.chats.session(ada, session.id)
            return work.chats.add(session.id, Sender.MEMBER, str(number), complete=True, at=work.now())

        return await where.transact(command)

    async with hall(url, clock=clock) as other:
        messages = await asyncio.gather(*(say((database, other)[number % 2], number) for number in range(20)))
    assert sorted(message.turn for message in messages) == list(range(20))


async def test_another_member_s_chats_are_not_there_whatever_the_role(database: Hall) -> None:
    ada, ben = await database.seat([1, 1])
    session = await started(database, ada)
    message = await said(database, session.id, Sender.MEMBER, "Secret")
    reads = SqlChatReads(database.reader)
    assert await reads.sessions(ada, [session.id]) == {session.id: session}
    for viewer in (ben, Viewer(ben.member_id, Role.ADMIN)):
        assert await reads.sessions(viewer, [session.id]) == {}
        assert await reads.messages(viewer, [message.id]) == {}
        for page in (await reads.page(viewer, Slice()), await reads.page_messages(viewer, session.id, Slice())):
            assert (page.rows, await page.count()) == ([], 0)
        with pytest.raises(NotFound, match=r"^There is no such chat of yours.$"):
            await session_of(database, viewer, session.id)
        with pytest.raises(NotFound, match=r"^There is no such message of yours.$"):
            await owned(database, viewer, message.id)
    assert await session_of(database, ada, session.id) == session
    assert await owned(database, ada, message.id) == message


async def test_the_last_turns_before_one_come_oldest_first(database: Hall) -> None:
    (ada,) = await database.seat([1])
    session, other = await started(database, ada), await started(database, ada, "Other")
    for number in range(5):
        await said(database, session.id, Sender.MEMBER, str(number))
        await said(database, other.id, Sender.MEMBER, "other")
    recent = await SqlChatReads(database.reader).recent(session.id, before_turn=4, limit=3)
    assert [message.content for message in recent] == ["1", "2", "3"]


async def test_a_removed_conversation_is_gone_with_its_messages(database: Hall) -> None:
    (ada,) = await database.seat([1])
    session = await started(database, ada)
    message = await said(database, session.id, Sender.MEMBER, "Hello")
    await database.transact(lambda work: work.chats.remove(session.id))
    reads = SqlChatReads(database.reader)
    assert (await reads.sessions(ada, [session.id]), await reads.messages(ada, [message.id])) == ({}, {})
    with pytest.raises(NotFound):
        await reads.reply(message.id)
    with pytest.raises(NotFound):
        await database.transact(lambda work: work.chats.message(message.id))
