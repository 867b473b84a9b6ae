"""Chats: sessions and messages, the repository inside a transaction, and reads."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Index, UniqueConstraint, delete, func, select, text
from sqlalchemy.orm import Mapped, Session
from sqlmodel import Field, col

from adapters.sql.naming import NEVER_AGAIN, Row
from adapters.sql.pages import Order, Parents, page_of, pages_of, rows_of
from adapters.sql.reader import Reader
from adapters.sql.types import time_field
from domain.chats import ChatMessage, ChatSession, Citation, Sender, SourceKind
from domain.errors import NotFound
from domain.members import Viewer
from domain.pages import Page, Slice


class ChatSessionRow(Row, table=True):
    __tablename__ = "chat_session"
    __table_args__ = NEVER_AGAIN

    id: int = Field(default=None, primary_key=True)
    member_id: int = Field(foreign_key="member.id", index=True)
    title: str
    started_at: datetime = time_field()
    transaction_id: str

    def to_domain(self) -> ChatSession:
        return ChatSession(self.id, self.member_id, self.title, self.started_at)


class ChatMessageRow(Row, table=True):
    """The product description's `chat_message (session_id, sender, ts, content)`, and what a reply needs."""

    __tablename__ = "chat_message"
    __table_args__ = (
        UniqueConstraint("session_id", "turn"),
        Index(
            "uq_chat_message_one_reply_at_a_time",
            "session_id",
            unique=True,
            sqlite_where=text("NOT complete"),
            postgresql_where=text("NOT complete"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    session_id: int = Field(foreign_key="chat_session.id")
    turn: int
    sender: str
    content: str
    created_at: datetime = time_field()
    complete: bool
    model: str | None = None
    degraded: bool = False
    citations: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    events: str | None = None
    transaction_id: str

    def to_domain(self) -> ChatMessage:
        return ChatMessage(
            id=self.id,
            session_id=self.session_id,
            turn=self.turn,
            sender=Sender(self.sender),
            content=self.content,
            created_at=self.created_at,
            complete=self.complete,
            transaction_id=self.transaction_id,
            citations=tuple(Citation(**{**one, "kind": SourceKind(one["kind"])}) for one in self.citations),
            model=self.model,
            degraded=self.degraded,
        )


class SqlChats:
    """Port `Chats`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._session = session
        self._transaction_id = transaction_id

    def start(self, member_id: int, title: str, *, at: datetime) -> ChatSession:
        row = ChatSessionRow(member_id=member_id, title=title, started_at=at, transaction_id=self._transaction_id)
        self._session.add(row)
        self._session.flush()
        return row.to_domain()

    def session(self, viewer: Viewer, session_id: int) -> ChatSession:
        mine = (col(ChatSessionRow.id) == session_id) & (col(ChatSessionRow.member_id) == viewer.member_id)
        row = self._session.scalar(select(ChatSessionRow).where(mine).with_for_update())
        if row is None:
            raise NotFound("There is no such chat of yours.", field=("sessionId",))
        return row.to_domain()

    def add(self, session_id: int, sender: Sender, content: str, *, complete: bool, at: datetime) -> ChatMessage:
        turns = select(func.count()).select_from(ChatMessageRow).where(col(ChatMessageRow.session_id) == session_id)
        row = ChatMessageRow(
            session_id=session_id,
            turn=int(self._session.scalar(turns) or 0),
            sender=sender.value,
            content=content,
            created_at=at,
            complete=complete,
            transaction_id=self._transaction_id,
        )
        self._session.add(row)
        self._session.flush()
        return row.to_domain()

    def unanswered(self, session_id: int) -> int | None:
        open_ = (col(ChatMessageRow.session_id) == session_id) & col(ChatMessageRow.complete).is_(False)
        return self._session.scalar(select(col(ChatMessageRow.id)).where(open_))

    def message(self, message_id: int) -> ChatMessage:
        row = self._session.scalar(select(ChatMessageRow).where(col(ChatMessageRow.id) == message_id).with_for_update())
        if row is None:
            raise unknown_message()
        return row.to_domain()

    def owned(self, viewer: Viewer, message_id: int) -> ChatMessage:
        message = self.message(message_id)
        if self._session.get_one(ChatSessionRow, message.session_id).member_id != viewer.member_id:
            raise unknown_message()
        return message

    def save(self, message: ChatMessage, *, events: str | None) -> None:
        row = self._session.get_one(ChatMessageRow, message.id)
        row.content = message.content
        row.complete = message.complete
        row.model = message.model
        row.degraded = message.degraded
        row.citations = [asdict(citation) for citation in message.citations]
        row.events = events

    def remove(self, session_id: int) -> None:
        self._session.execute(delete(ChatMessageRow).where(col(ChatMessageRow.session_id) == session_id))
        self._session.execute(delete(ChatSessionRow).where(col(ChatSessionRow.id) == session_id))


def unknown_message() -> NotFound:
    return NotFound("There is no such message of yours.", field=("replyId",))


class SqlChatReads:
    """Port `ChatReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def sessions(self, viewer: Viewer, ids: list[int]) -> dict[int, ChatSession]:
        mine = col(ChatSessionRow.member_id) == viewer.member_id
        rows = await rows_of(self._reader, select(ChatSessionRow).where(mine, col(ChatSessionRow.id).in_(ids)))
        return {row.id: row.to_domain() for row in rows}

    async def messages(self, viewer: Viewer, ids: list[int]) -> dict[int, ChatMessage]:
        mine = select(col(ChatSessionRow.id)).where(col(ChatSessionRow.member_id) == viewer.member_id)
        statement = select(ChatMessageRow).where(
            col(ChatMessageRow.session_id).in_(mine), col(ChatMessageRow.id).in_(ids)
        )
        return {row.id: row.to_domain() for row in await rows_of(self._reader, statement)}

    async def page(self, viewer: Viewer, wanted: Slice) -> Page[ChatSession]:
        statement = select(ChatSessionRow).where(col(ChatSessionRow.member_id) == viewer.member_id)
        newest_first = [Order(col(ChatSessionRow.id), descending=True)]
        return await page_of(self._reader, statement, newest_first, wanted, ChatSessionRow.to_domain)

    async def page_messages(self, viewer: Viewer, session_id: int, wanted: Slice) -> Page[ChatMessage]:
        return (await self.pages_of_messages(viewer, wanted, [session_id]))[session_id]

    async def pages_of_messages(
        self, viewer: Viewer, wanted: Slice, session_ids: list[int]
    ) -> dict[int, Page[ChatMessage]]:
        mine = select(col(ChatSessionRow.id)).where(col(ChatSessionRow.member_id) == viewer.member_id)
        statement = select(ChatMessageRow).where(col(ChatMessageRow.session_id).in_(mine))
        sessions = Parents(col(ChatMessageRow.session_id), session_ids)
        return await pages_of(
            self._reader, statement, sessions, [Order(col(ChatMessageRow.turn))], wanted, ChatMessageRow.to_domain
        )

    async def recent(self, session_id: int, *, before_turn: int, limit: int) -> list[ChatMessage]:
        statement = (
            select(ChatMessageRow)
            .where(col(ChatMessageRow.session_id) == session_id, col(ChatMessageRow.turn) < before_turn)
            .order_by(col(ChatMessageRow.turn).desc())
            .limit(limit)
        )
        rows = await rows_of(self._reader, statement)
        return [row.to_domain() for row in reversed(rows)]

    async def reply(self, message_id: int) -> tuple[ChatMessage, int]:
        statement = (
            select(ChatMessageRow, col(ChatSessionRow.member_id))
            .join(ChatSessionRow, col(ChatSessionRow.id) == col(ChatMessageRow.session_id))
            .where(col(ChatMessageRow.id) == message_id)
        )
        found = await self._reader(lambda session: session.execute(statement).one_or_none())
        if found is None:
            raise unknown_message()
        row, member_id = found
        return row.to_domain(), member_id

    async def any_sessions(self, ids: list[int]) -> dict[int, ChatSession]:
        rows = await rows_of(self._reader, select(ChatSessionRow).where(col(ChatSessionRow.id).in_(ids)))
        return {row.id: row.to_domain() for row in rows}

    async def newest(self, member_ids: list[int]) -> dict[int, ChatMessage]:
        whose = col(ChatSessionRow.member_id)
        return await self._newest(whose, whose.in_(member_ids))

    async def newest_of(self, session_ids: list[int]) -> dict[int, ChatMessage]:
        which = col(ChatSessionRow.id)
        return await self._newest(which, which.in_(session_ids))

    async def _newest(self, by: Mapped[int], where: ColumnElement[bool]) -> dict[int, ChatMessage]:
        spoken = (
            select(by.label("by"), func.max(col(ChatMessageRow.id)).label("newest"))
            .join(ChatSessionRow, col(ChatSessionRow.id) == col(ChatMessageRow.session_id))
            .where(where, col(ChatMessageRow.sender) == Sender.MEMBER.value)
            .group_by(by)
            .subquery()
        )
        statement = select(spoken.c.by, ChatMessageRow).join(spoken, col(ChatMessageRow.id) == spoken.c.newest)
        found = await self._reader(lambda session: session.execute(statement).all())
        return {key: row.to_domain() for key, row in found}

    async def ended_events(self, message_id: int) -> str | None:
        statement = select(col(ChatMessageRow.events)).where(col(ChatMessageRow.id) == message_id)
        return await self._reader(lambda session: session.scalar(statement))
