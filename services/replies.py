"""A twin's reply: written in the worker, streamed as it is made, stored with its citations."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Protocol

from domain import replies
from domain.bus import Bus, Listener
from domain.chats import ChatMessage, ChatReads, Citation, Sender
from domain.crashes import passing
from domain.errors import BadInput, Conflict, DomainError, NotFound, StoreFailed
from domain.events import ReplyEnded
from domain.members import MemberReads, Role, Viewer
from domain.meters import Meters, Unmetered
from domain.models import Answering, Cited
from domain.recall import Question
from domain.replies import (
    ReplyContext,
    ReplyDone,
    ReplyEvent,
    ReplyFailed,
    ReplyFenced,
    ReplyToken,
    ReplyWriter,
    Sequenced,
)
from domain.transactions import Ids, Once, Transact, Work

CANCEL_SECONDS = 3.0
STORE_AGAIN_SECONDS = (0.25, 0.5, 1.0, 2.0)
"""Pauses in which a finished reply waits for the database: thought of anew, it might contradict what was sent."""


class Twin(Protocol):
    """Answers questions: `agents.twin.TwinAgent`."""

    def reply(self, question: Question) -> AsyncIterator[ReplyContext | ReplyToken | Cited | Answering]: ...


@dataclass(slots=True)
class Draft:
    """A reply while it is made."""

    message: ChatMessage
    writer: ReplyWriter
    earlier: str
    """Text that an attempt before a crash had sent; this one sends only what follows it."""
    resumed: bool
    model: str
    """Who answers, as far as is known."""
    text: str = ""
    degraded: bool = False
    citations: tuple[Citation, ...] = ()

    def take(self, part: ReplyContext | ReplyToken | Cited | Answering) -> None:
        match part:
            case ReplyContext(_, degraded):
                self.degraded = degraded
                if not self.resumed:
                    self.writer.put(part)
            case ReplyToken(text):
                self._say(text)
            case Cited(citations):
                self.citations = citations
            case Answering(model):
                self.model = model

    def _say(self, text: str) -> None:
        """Send what no earlier attempt sent. Raises Diverged when this answer begins otherwise."""
        before, self.text = len(self.text), self.text + text
        if not (self.text.startswith(self.earlier) or self.earlier.startswith(self.text)):
            raise Diverged
        if fresh := self.text[max(before, len(self.earlier)) :]:
            self.writer.put(ReplyToken(fresh))


class Diverged(Exception):
    """A second attempt would answer in other words than those already sent."""


DELETED = ReplyFailed("NOT_FOUND", "The conversation was deleted.", retryable=False)
INTERRUPTED = ReplyFailed("LLM_ERROR", "The reply was interrupted: send your message again.", retryable=True)


class Replies:
    def __init__(
        self,
        transact: Transact,
        chats: ChatReads,
        members: MemberReads,
        *,
        streams: replies.Replies,
        bus: Bus,
        twin: Twin,
        model: str,
        meters: Meters | None = None,
    ) -> None:
        self._transact = transact
        self._reads = chats
        self._members = members
        self._replies = streams
        self._bus = bus
        self._twin = twin
        self._model = model
        self._meters = meters or Unmetered()

    async def run(self, reply_id: int) -> None:
        """Write the reply to its end; harmless when it has ended.

        Raises ReplyFenced when another attempt writes too; tried again, the one that is left goes on.
        """
        try:
            message, member_id = await self._reads.reply(reply_id)
        except NotFound:
            writer, sent = await self._replies.writer(reply_id)
            return await told_deleted(writer, sent)
        if not message.complete:
            draft = await self._draft(message)
            passing("reply.begun")
            await self._finish(draft, await self._write_unless_stopped(draft, member_id))
        return None

    async def fail(self, reply_id: int, error: DomainError) -> None:
        """End a reply that could not be written: what was sent stays, and the next message is accepted."""
        with suppress(NotFound, ReplyFenced):
            message, _ = await self._reads.reply(reply_id)
            if not message.complete:
                await self._finish(await self._draft(message), failed(error))

    async def _draft(self, message: ChatMessage) -> Draft:
        writer, sent = await self._replies.writer(message.id)
        if sent and replies.ends(sent[-1].event):  # it was given up once, and is driven again
            await self._replies.restart(message.id)
            writer, sent = await self._replies.writer(message.id)
        return Draft(message, writer, earlier=text_of(sent), resumed=bool(sent), model=self._model)

    async def cancel(self, viewer: Viewer, reply_id: int, *, once: Once | None = None) -> Ids:
        """The text so far stays. Raises NotFound, BadInput."""

        def command(work: Work) -> Ids:
            if work.chats.owned(viewer, reply_id).sender is not Sender.TWIN:
                raise BadInput("This is not a reply of a twin.", field=("replyId",))
            return {"message": reply_id}

        ids = await self._transact.once(once, command)
        await self._replies.stop(reply_id)
        await self._ended(viewer, reply_id)
        return ids

    async def _ended(self, viewer: Viewer, reply_id: int) -> None:
        """Wait until the worker has stored what it had, for so long that a client sees it complete, or deleted."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CANCEL_SECONDS), self._bus.listen(f"message:{reply_id}") as listener:
                while found := (await self._reads.messages(viewer, [reply_id])).get(reply_id):
                    if found.complete:
                        return
                    await listener.wait(CANCEL_SECONDS)

    async def _write_unless_stopped(self, draft: Draft, member_id: int) -> ReplyEvent:
        async with self._replies.stopped(draft.message.id) as stop:
            writing = asyncio.create_task(self._write(draft, member_id))
            stopping = asyncio.create_task(waited(stop))
            try:
                await asyncio.wait({writing, stopping}, return_when=asyncio.FIRST_COMPLETED)
                return writing.result() if writing.done() else ReplyDone()
            finally:
                for task in (writing, stopping):
                    task.cancel()
                await asyncio.gather(writing, stopping, return_exceptions=True)

    async def _write(self, draft: Draft, member_id: int) -> ReplyEvent:
        try:
            question = await self._question(draft.message, member_id)
            async with aclosing(self._twin.reply(question)) as parts:  # type: ignore[type-var]  # generators in fact
                async for part in parts:
                    draft.take(part)
        except Diverged:
            return INTERRUPTED
        except StoreFailed:  # the database is away: the job is tried again, and goes on behind what was sent
            raise
        except DomainError as failure:
            return failed(failure)
        return ReplyDone()

    async def _question(self, reply: ChatMessage, member_id: int) -> Question:
        [asked] = await self._reads.recent(reply.session_id, before_turn=reply.turn, limit=1)
        member = (await self._members.by_ids([member_id]))[member_id]
        return Question(
            viewer=Viewer(member_id, Role.MEMBER),
            name=member.display_name,
            session_id=reply.session_id,
            turn=asked.turn,
            text=asked.content,
            asked_at=asked.created_at,
        )

    async def _finish(self, draft: Draft, end: ReplyEvent) -> None:
        """Store the message with all its events, then send the last one."""
        sent = await draft.writer.flushed()
        passing("reply.flushed")
        events = replies.dump([*sent, Sequenced(len(sent), end)])
        whole = draft.text if draft.text.startswith(draft.earlier) else draft.earlier

        def command(work: Work) -> None:
            message = work.chats.message(draft.message.id)
            if message.complete:
                return
            ended = replace(
                message,
                content=whole,
                complete=True,
                citations=draft.citations,
                model=draft.model,
                degraded=draft.degraded,
            )
            work.chats.save(ended, events=events)
            work.emit(ReplyEnded(message.id))

        try:
            await self._stored(command)
        except NotFound:
            return await told_deleted(draft.writer, sent)
        passing("reply.stored")
        outcome, degraded = "done" if isinstance(end, ReplyDone) else "failed", "yes" if draft.degraded else "no"
        self._meters.count("replies", outcome=outcome, degraded=degraded)
        draft.writer.put(end)
        await draft.writer.flushed()
        passing("reply.ended")
        return None

    async def _stored(self, command: Callable[[Work], None]) -> None:
        """Raises NotFound, StoreFailed."""
        for seconds in STORE_AGAIN_SECONDS:
            with suppress(StoreFailed):
                return await self._transact(command)
            await asyncio.sleep(seconds)
        return await self._transact(command)


def revive_reply(work: Work, reply_id: int) -> None:
    """A reply that was given up is written anew, from its beginning. Raises NotFound, Conflict."""
    message = work.chats.message(reply_id)
    if not message.complete:
        return
    if work.chats.unanswered(message.session_id) is not None:
        raise Conflict("Another reply is being written in this chat: drive this one when that has ended.")
    blank = replace(message, content="", complete=False, citations=(), model=None, degraded=False)
    work.chats.save(blank, events=None)


async def told_deleted(writer: ReplyWriter, sent: Sequence[Sequenced]) -> None:
    """The chat was deleted meanwhile: whoever follows the reply must not wait for ever."""
    if not (sent and replies.ends(sent[-1].event)):
        writer.put(DELETED)
        await writer.flushed()


def failed(error: DomainError) -> ReplyFailed:
    return ReplyFailed(error.code, error.message, error.retryable)


async def waited(stop: Listener) -> None:
    while not await stop.wait(60):
        pass


def text_of(sent: list[Sequenced]) -> str:
    return "".join(each.event.text for each in sent if isinstance(each.event, ReplyToken))
