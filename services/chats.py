"""Conversations of a member with its own twin."""

from collections.abc import AsyncGenerator, Sequence

from domain.chats import ChatMessage, ChatReads, ChatSession, Sender, checked_chat_title, checked_text
from domain.crashes import passing
from domain.errors import Conflict, Forbidden, NotFound
from domain.events import ChatRemoved, MessageSent
from domain.members import Viewer
from domain.memories import MemoryDomain, MemoryKind, NewMemory
from domain.preferences import preference_of
from domain.replies import Replies, Sequenced, Tap
from domain.sentences import sentences
from domain.transactions import Ids, Once, Transact, Work

CHAT_IMPORTANCE, PREFERENCE_IMPORTANCE = 0.4, 0.7


class Chats:
    def __init__(self, transact: Transact, reads: ChatReads, replies: Replies) -> None:
        self._transact = transact
        self._reads = reads
        self._replies = replies

    async def start(self, viewer: Viewer, twin_id: int, title: str | None, *, once: Once | None = None) -> Ids:
        """Raises Forbidden for another's twin, NotFound, BadInput."""

        def command(work: Work) -> Ids:
            if twin_id != viewer.member_id:
                known_twin(work, twin_id)
                raise Forbidden("Only its own member may chat with a twin.", field=("twinId",))
            session = work.chats.start(viewer.member_id, checked_chat_title(title), at=work.now())
            return {"session": session.id}

        return await self._transact.once(once, command)

    async def send(self, viewer: Viewer, session_id: int, text: str, *, once: Once | None = None) -> Ids:
        """The member's turn, what it says as memories, and the twin's message, still empty.

        Raises NotFound, Conflict while a reply is being written, BadInput.
        """

        def command(work: Work) -> Ids:
            session = work.chats.session(viewer, session_id)
            if work.chats.unanswered(session_id) is not None:
                raise Conflict(
                    "Your twin is still answering: wait for ChatDone, or call cancelReply.", field=("sessionId",)
                )
            message = said(work, viewer, session, checked_text(text))
            reply = work.chats.add(session_id, Sender.TWIN, "", complete=False, at=work.now())
            work.enqueue("reply", reply.id)
            return {"message": message.id, "reply": reply.id}

        ids = await self._transact.once(once, command)
        passing("chat.committed")
        return ids

    async def delete(self, viewer: Viewer, session_id: int, *, once: Once | None = None) -> Ids:
        """With its messages and what was remembered of them. Raises NotFound."""

        def command(work: Work) -> Ids:
            session = work.chats.session(viewer, session_id)
            memories = work.memories.remove_of_session(session.id)
            work.chats.remove(session.id)
            work.emit(ChatRemoved(session.id, viewer.group, tuple(memories)))
            return {"session": session.id}

        return await self._transact.once(once, command)

    async def follow(
        self, viewer: Viewer, reply_id: int, *, after_seq: int, tap: Tap | None = None
    ) -> AsyncGenerator[Sequenced]:
        """A reply's events with a higher seq, to the last, as a stream to be closed; `tap` as `Replies` has it. Raises
        NotFound when it is not the viewer's."""
        message = (await self._reads.messages(viewer, [reply_id])).get(reply_id)
        if message is None or message.sender is not Sender.TWIN:
            raise NotFound("There is no such reply of your twin.", field=("replyId",))
        return self._replies.follow(reply_id, after_seq=after_seq, tap=tap)


def known_twin(work: Work, twin_id: int) -> None:
    """Raises NotFound, naming the input's field."""
    try:
        work.members.by_id(twin_id)
    except NotFound:
        raise NotFound("There is no such twin.", field=("twinId",)) from None


def said(work: Work, viewer: Viewer, session: ChatSession, text: str) -> ChatMessage:
    """Add a member's turn, and remember what it states."""
    message = work.chats.add(session.id, Sender.MEMBER, text, complete=True, at=work.now())
    work.memories.add_batch(memories_of_turn(viewer, message), at=message.created_at)
    work.emit(MessageSent(message.id, viewer.group))
    return message


def memories_of_turn(viewer: Viewer, message: ChatMessage) -> Sequence[NewMemory]:
    return [
        NewMemory(
            member_id=viewer.member_id,
            group=viewer.group,
            domain=MemoryDomain.CHAT,
            kind=MemoryKind.PREFERENCE if preferred else MemoryKind.EPISODE,
            source="chat",
            text=statement,
            importance=PREFERENCE_IMPORTANCE if preferred else CHAT_IMPORTANCE,
            position=position,
            message_id=message.id,
            session_id=message.session_id,
            turn=message.turn,
        )
        for position, statement in enumerate(stated_in(message.content))
        for preferred in [preference_of(statement) is not None]
    ]


def stated_in(text: str) -> list[str]:
    """Each statement of a member's turn, a memory each; a question states nothing."""
    spoken = [text[start:end].strip() for start, end in sentences(text)]
    return [sentence for sentence in spoken if sentence and not sentence.endswith("?")]
