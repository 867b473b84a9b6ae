"""Memories: rows, the repository inside a transaction, and reads."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, UniqueConstraint, delete, select
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.naming import NEVER_AGAIN, Row
from adapters.sql.pages import Order, page_of, rows_of
from adapters.sql.reader import Reader
from adapters.sql.types import time_field
from domain.errors import NotFound
from domain.members import Viewer
from domain.memories import ByteRange, Memory, MemoryDomain, MemoryFilter, MemoryKind, NewMemory
from domain.pages import Page, Slice


class MemoryRow(Row, table=True):
    __tablename__ = "memory"
    __table_args__ = (
        UniqueConstraint("document_id", "position"),
        UniqueConstraint("message_id", "position"),
        NEVER_AGAIN,
    )

    id: int = Field(default=None, primary_key=True)
    member_id: int = Field(foreign_key="member.id", index=True)
    group: str = Field(index=True)
    domain: str
    kind: str
    source: str
    text: str
    importance: float
    position: int
    document_id: int | None = Field(default=None, foreign_key="document.id")
    message_id: int | None = Field(default=None, foreign_key="chat_message.id")
    session_id: int | None = Field(default=None, foreign_key="chat_session.id", index=True)
    turn: int | None = None
    byte_start: int | None = None
    byte_end: int | None = None
    expires_at: datetime | None = time_field(default=None, nullable=True)
    created_at: datetime = time_field()
    transaction_id: str

    def to_domain(self) -> Memory:
        content = NewMemory(
            member_id=self.member_id,
            group=self.group,
            domain=MemoryDomain(self.domain),
            kind=MemoryKind(self.kind),
            source=self.source,
            text=self.text,
            importance=self.importance,
            position=self.position,
            document_id=self.document_id,
            message_id=self.message_id,
            session_id=self.session_id,
            turn=self.turn,
            byte_range=range_of(self.byte_start, self.byte_end),
            expires_at=self.expires_at,
        )
        return Memory(self.id, content, self.created_at, self.transaction_id)


def range_of(start: int | None, end: int | None) -> ByteRange | None:
    return None if start is None or end is None else ByteRange(start, end)


class SqlMemories:
    """Port `Memories`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._session = session
        self._transaction_id = transaction_id

    def add_batch(self, memories: Sequence[NewMemory], *, at: datetime) -> list[int]:
        found = self._known(memories)
        rows = [self._row(memory, at) for memory in memories if source_of(memory) not in found]
        self._session.add_all(rows)
        self._session.flush()
        found.update({source_of(row): row.id for row in rows})
        return [found[source_of(memory)] for memory in memories]

    def remove_of_document(self, document_id: int) -> list[int]:
        return self._remove(col(MemoryRow.document_id) == document_id)

    def remove_of_session(self, session_id: int) -> list[int]:
        return self._remove(col(MemoryRow.session_id) == session_id)

    def remove(self, viewer: Viewer, memory_id: int) -> Memory:
        own = (col(MemoryRow.id) == memory_id) & (col(MemoryRow.member_id) == viewer.member_id)
        row = self._session.scalar(select(MemoryRow).where(own).with_for_update())
        if row is None:
            raise NotFound("There is no such memory, or it is not yours.", field=("memoryId",))
        self._session.delete(row)
        return row.to_domain()

    def _known(self, memories: Sequence[NewMemory]) -> "dict[Source, int]":
        documents = {memory.document_id for memory in memories if memory.document_id is not None}
        messages = {memory.message_id for memory in memories if memory.message_id is not None}
        same = col(MemoryRow.document_id).in_(documents) | col(MemoryRow.message_id).in_(messages)
        return {source_of(row): row.id for row in self._session.scalars(select(MemoryRow).where(same))}

    def _row(self, memory: NewMemory, at: datetime) -> MemoryRow:
        return MemoryRow(
            member_id=memory.member_id,
            group=memory.group,
            domain=memory.domain.value,
            kind=memory.kind.value,
            source=memory.source,
            text=memory.text,
            importance=memory.importance,
            position=memory.position,
            document_id=memory.document_id,
            message_id=memory.message_id,
            session_id=memory.session_id,
            turn=memory.turn,
            byte_start=memory.byte_range.start if memory.byte_range else None,
            byte_end=memory.byte_range.end if memory.byte_range else None,
            expires_at=memory.expires_at,
            created_at=at,
            transaction_id=self._transaction_id,
        )

    def _remove(self, which: ColumnElement[bool]) -> list[int]:
        ids = list(self._session.scalars(select(col(MemoryRow.id)).where(which)))
        self._session.execute(delete(MemoryRow).where(which))
        return ids


type Source = tuple[int | None, int | None, int]


def source_of(memory: NewMemory | MemoryRow) -> Source:
    """What makes a memory the same one again."""
    return memory.document_id, memory.message_id, memory.position


class SqlMemoryReads:
    """Port `MemoryReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def by_ids(self, viewer: Viewer, ids: Iterable[int]) -> dict[int, Memory]:
        return await self._read(col(MemoryRow.group).in_(viewer.groups), col(MemoryRow.id).in_(list(ids)))

    async def all_by_ids(self, ids: Iterable[int]) -> dict[int, Memory]:
        return await self._read(col(MemoryRow.id).in_(list(ids)))

    async def of_source(self, *, document_id: int | None = None, message_id: int | None = None) -> list[Memory]:
        column, value = (
            (MemoryRow.message_id, message_id) if document_id is None else (MemoryRow.document_id, document_id)
        )
        found = await self._read(col(column) == value)
        return sorted(found.values(), key=lambda memory: memory.content.position)

    async def page(self, viewer: Viewer, wanted: Slice, where: MemoryFilter) -> Page[Memory]:
        own = select(MemoryRow).where(col(MemoryRow.member_id) == viewer.member_id, *conditions(where))
        newest_first = [Order(col(MemoryRow.id), descending=True)]
        return await page_of(self._reader, own, newest_first, wanted, MemoryRow.to_domain)

    async def _read(self, *where: ColumnElement[bool]) -> dict[int, Memory]:
        rows = await rows_of(self._reader, select(MemoryRow).where(*where))
        return {row.id: row.to_domain() for row in rows}


def conditions(where: MemoryFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.domains:
        found.append(col(MemoryRow.domain).in_([domain.value for domain in where.domains]))
    if where.kinds:
        found.append(col(MemoryRow.kind).in_([kind.value for kind in where.kinds]))
    if where.min_importance is not None:
        found.append(col(MemoryRow.importance) >= where.min_importance)
    if where.created_after is not None:
        found.append(col(MemoryRow.created_at) > where.created_after)
    return found
