"""Documents, their topics and the entities they mention: rows, the repository inside a transaction, and reads."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import batched
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, ColumnElement, Select, delete, insert, or_, select
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.members import hold_member
from adapters.sql.naming import NEVER_AGAIN, Row
from adapters.sql.pages import Order, Parents, count_of, page_of, pages_of, rows_of
from adapters.sql.reader import Reader
from adapters.sql.types import time_field
from domain.documents import Document, IngestionError, IngestionStatus, Upload, Visibility
from domain.entities import Mention
from domain.errors import Forbidden, NotFound
from domain.members import Viewer
from domain.memories import ByteRange
from domain.pages import Page, Slice

MOST_MENTIONS = 200
SPANS_AT_ONCE = 50
"""Conditions of one statement: SQLite takes no expression deeper than a thousand."""


class DocumentRow(Row, table=True):
    __tablename__ = "document"
    __table_args__ = (CheckConstraint("progress BETWEEN 0 AND 1", name="progress_bounds"), NEVER_AGAIN)

    id: int = Field(default=None, primary_key=True)
    seq: int
    member_id: int = Field(foreign_key="member.id", index=True)
    filename: str
    media_type: str
    bytes: int
    sha256: str = Field(index=True)
    visibility: str
    uploaded_at: datetime = time_field()
    status: str = Field(index=True)
    progress: float
    chunk_count: int
    duplicate_of: int | None = Field(default=None, foreign_key="document.id", index=True)
    error: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    transaction_id: str

    def to_domain(self, topic_ids: tuple[int, ...] = ()) -> Document:
        return Document(
            id=self.id,
            seq=self.seq,
            member_id=self.member_id,
            upload=Upload(self.filename, self.media_type, self.bytes, self.sha256, Visibility(self.visibility)),
            uploaded_at=self.uploaded_at,
            status=IngestionStatus(self.status),
            progress=self.progress,
            transaction_id=self.transaction_id,
            chunk_count=self.chunk_count,
            topic_ids=topic_ids,
            duplicate_of=self.duplicate_of,
            error=IngestionError(**self.error) if self.error else None,
        )


class DocumentTopicRow(Row, table=True):
    __tablename__ = "document_topic"

    document_id: int = Field(primary_key=True, foreign_key="document.id")
    topic_id: int = Field(primary_key=True, foreign_key="policy_topic.id", index=True)
    position: int
    transaction_id: str = ""


class MentionRow(Row, table=True):
    """A named entity in a document; offsets are UTF-8 bytes of its stored text."""

    __tablename__ = "entity_mention"

    document_id: int = Field(primary_key=True, foreign_key="document.id")
    position: int = Field(primary_key=True)
    text: str
    type: str
    start: int
    end: int
    extractor: str
    transaction_id: str = ""

    def to_domain(self) -> Mention:
        return Mention(self.text, self.type, self.start, self.end, self.extractor)


class SqlDocuments:
    """Port `Documents`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._session = session
        self._transaction_id = transaction_id

    def add(self, member_id: int, upload: Upload, *, duplicate_of: int | None, at: datetime) -> Document:
        done = duplicate_of is not None
        row = DocumentRow(
            seq=0,
            member_id=member_id,
            **asdict(upload),
            uploaded_at=at,
            status=(IngestionStatus.DONE if done else IngestionStatus.QUEUED).value,
            progress=1.0 if done else 0.0,
            chunk_count=0,
            duplicate_of=duplicate_of,
            transaction_id=self._transaction_id,
        )
        self._session.add(row)
        self._session.flush()
        return row.to_domain()

    def same(self, member_id: int, sha256: str, visibility: Visibility) -> Document | None:
        hold_member(self._session, member_id)  # two of the same bytes at once must not both be the first
        row = self._session.scalar(
            select(DocumentRow)
            .where(
                col(DocumentRow.member_id) == member_id,
                col(DocumentRow.sha256) == sha256,
                col(DocumentRow.visibility) == visibility.value,
                col(DocumentRow.duplicate_of).is_(None),
                col(DocumentRow.status) != IngestionStatus.FAILED.value,
            )
            .limit(1)
            .with_for_update()
        )
        return row.to_domain() if row else None

    def copies(self, document_id: int) -> list[Document]:
        copies = select(DocumentRow).where(col(DocumentRow.duplicate_of) == document_id)
        rows = self._session.scalars(copies.order_by(col(DocumentRow.id)).with_for_update())
        return [row.to_domain() for row in rows]

    def locked(self, document_id: int) -> Document:
        row = self._session.scalar(select(DocumentRow).where(col(DocumentRow.id) == document_id).with_for_update())
        if row is None:
            raise unknown_document()
        return row.to_domain(self._topics(document_id))

    def owned(self, viewer: Viewer, document_id: int) -> Document:
        document = self.locked(document_id)
        if document.member_id != viewer.member_id:
            if document.group in viewer.groups:
                raise Forbidden("Only the member who uploaded a document may do this.", field=("documentId",))
            raise unknown_document()
        return document

    def save(self, document: Document) -> None:
        row = self._session.get_one(DocumentRow, document.id)
        row.seq = document.seq
        row.status = document.status.value
        row.progress = document.progress
        row.chunk_count = document.chunk_count
        row.error = asdict(document.error) if document.error else None
        if document.topic_ids != self._topics(document.id):
            self._save_topics(document)

    def save_mentions(self, document_id: int, mentions: Sequence[Mention]) -> None:
        self._session.execute(delete(MentionRow).where(col(MentionRow.document_id) == document_id))
        rows = [
            {
                "document_id": document_id,
                "position": position,
                **asdict(mention),
                "transaction_id": self._transaction_id,
            }
            for position, mention in enumerate(mentions)
        ]
        if rows:
            self._session.execute(insert(MentionRow), rows)

    def blob_used(self, key: str) -> bool:
        member_id, _, sha256 = key.partition("/")
        same = (col(DocumentRow.member_id) == int(member_id), col(DocumentRow.sha256) == sha256)
        return any(row.to_domain().needs_bytes for row in self._session.scalars(select(DocumentRow).where(*same)))

    def remove(self, document_id: int) -> list[int]:
        with_duplicates = or_(col(DocumentRow.id) == document_id, col(DocumentRow.duplicate_of) == document_id)
        ids = list(self._session.scalars(select(col(DocumentRow.id)).where(with_duplicates)))
        self._session.execute(delete(MentionRow).where(col(MentionRow.document_id).in_(ids)))
        self._session.execute(delete(DocumentTopicRow).where(col(DocumentTopicRow.document_id).in_(ids)))
        self._session.execute(delete(DocumentRow).where(col(DocumentRow.duplicate_of) == document_id))
        self._session.execute(delete(DocumentRow).where(col(DocumentRow.id) == document_id))
        return ids

    def _topics(self, document_id: int) -> tuple[int, ...]:
        return tuple(
            self._session.scalars(
                select(col(DocumentTopicRow.topic_id))
                .where(col(DocumentTopicRow.document_id) == document_id)
                .order_by(col(DocumentTopicRow.position))
            )
        )

    def _save_topics(self, document: Document) -> None:
        self._session.execute(delete(DocumentTopicRow).where(col(DocumentTopicRow.document_id) == document.id))
        rows = [
            {
                "document_id": document.id,
                "topic_id": topic_id,
                "position": position,
                "transaction_id": self._transaction_id,
            }
            for position, topic_id in enumerate(document.topic_ids)
        ]
        if rows:
            self._session.execute(insert(DocumentTopicRow), rows)


def unknown_document() -> NotFound:
    return NotFound("There is no such document, or you may not see it.", field=("documentId",))


NEWEST_FIRST = [Order(col(DocumentRow.id), descending=True)]


class SqlDocumentReads:
    """Port `DocumentReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def by_ids(self, viewer: Viewer, ids: list[int]) -> dict[int, Document]:
        return await self._read(select(DocumentRow).where(readable_by(viewer), col(DocumentRow.id).in_(ids)))

    async def any_by_id(self, document_id: int) -> Document | None:
        return (await self._read(select(DocumentRow).where(col(DocumentRow.id) == document_id))).get(document_id)

    async def any_by_ids(self, ids: list[int]) -> dict[int, Document]:
        return await self._read(select(DocumentRow).where(col(DocumentRow.id).in_(ids)))

    async def mentions_between(self, spans: dict[int, ByteRange]) -> dict[int, list[Mention]]:
        found: dict[int, list[Mention]] = {}
        for part in batched(spans.items(), SPANS_AT_ONCE):
            within = [
                (col(MentionRow.document_id) == id) & col(MentionRow.start).between(span.start, span.end)
                for id, span in part
            ]
            statement = select(MentionRow).where(or_(*within)).order_by(col(MentionRow.start))
            for row in await rows_of(self._reader, statement):
                found.setdefault(row.document_id, []).append(row.to_domain())
        return found

    async def unread(self) -> int:
        ended = [IngestionStatus.DONE.value, IngestionStatus.FAILED.value]
        return await count_of(self._reader, select(DocumentRow).where(col(DocumentRow.status).not_in(ended)))

    async def mentions(self, document_ids: list[int]) -> dict[int, list[Mention]]:
        first = col(MentionRow.position) < MOST_MENTIONS
        statement = select(MentionRow).where(first, col(MentionRow.document_id).in_(document_ids))
        found: dict[int, list[Mention]] = {}
        for row in await rows_of(self._reader, statement.order_by(col(MentionRow.position))):
            found.setdefault(row.document_id, []).append(row.to_domain())
        return found

    async def page(self, viewer: Viewer, wanted: Slice) -> Page[Document]:
        statement = select(DocumentRow).where(readable_by(viewer))
        page = await page_of(self._reader, statement, NEWEST_FIRST, wanted, lambda row: row)
        [told] = await self._told([page])
        return told

    async def pages_of_topics(self, viewer: Viewer, wanted: Slice, topic_ids: list[int]) -> dict[int, Page[Document]]:
        tagged = col(DocumentTopicRow.document_id) == col(DocumentRow.id)
        statement = select(DocumentRow).join(DocumentTopicRow, tagged).where(readable_by(viewer))
        topics = Parents(col(DocumentTopicRow.topic_id), topic_ids)
        pages = await pages_of(self._reader, statement, topics, NEWEST_FIRST, wanted, lambda row: row)
        return dict(zip(pages, await self._told(list(pages.values())), strict=True))

    async def _told(self, pages: Sequence[Page[DocumentRow]]) -> list[Page[Document]]:
        topics = await self._topics([row.id for page in pages for row in page.rows])
        return [
            Page(
                [DocumentRow.to_domain(row, topics.get(row.id, ())) for row in page.rows],
                page.keys,
                page.has_next,
                page.has_previous,
                page.count,
            )
            for page in pages
        ]

    async def _read(self, statement: Select[DocumentRow]) -> dict[int, Document]:
        rows = await rows_of(self._reader, statement)
        topics = await self._topics([row.id for row in rows])
        return {row.id: row.to_domain(topics.get(row.id, ())) for row in rows}

    async def _topics(self, document_ids: list[int]) -> dict[int, tuple[int, ...]]:
        if not document_ids:
            return {}
        statement = (
            select(DocumentTopicRow)
            .where(col(DocumentTopicRow.document_id).in_(document_ids))
            .order_by(col(DocumentTopicRow.position))
        )
        found: dict[int, tuple[int, ...]] = {}
        for row in await rows_of(self._reader, statement):
            found[row.document_id] = (*found.get(row.document_id, ()), row.topic_id)
        return found


def readable_by(viewer: Viewer) -> ColumnElement[bool]:
    """The viewer's own and the DAO's."""
    return or_(col(DocumentRow.member_id) == viewer.member_id, col(DocumentRow.visibility) == Visibility.DAO.value)
