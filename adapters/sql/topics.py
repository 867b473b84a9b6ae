"""Policy topics: rows, the repository inside a transaction, and reads."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql import documents, proposal_reads
from adapters.sql.documents import DocumentRow, DocumentTopicRow
from adapters.sql.naming import Row
from adapters.sql.pages import Order, page_of, rows_of
from adapters.sql.proposals import ProposalRow, ProposalTopicRow
from adapters.sql.reader import Reader
from domain.members import Viewer
from domain.pages import Page, Slice
from domain.topics import PolicyTopic, topic_key


class TopicRow(Row, table=True):
    __tablename__ = "policy_topic"

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    title: str
    delegable: bool = False
    transaction_id: str = ""

    def to_domain(self) -> PolicyTopic:
        return PolicyTopic(id=self.id, title=self.title, delegable=self.delegable)


class SqlTopics:
    """Port `Topics`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._session = session
        self._transaction_id = transaction_id

    def ensure(self, titles: Sequence[str]) -> tuple[int, ...]:
        wanted = {key: title for title in reversed(titles) if (key := topic_key(title))}
        found = self._session.scalars(select(TopicRow).where(col(TopicRow.key).in_(wanted)))
        rows = {row.key: row for row in found}
        for key in sorted(wanted.keys() - rows.keys()):  # in one order everywhere: two writers must not wait in a ring
            rows[key] = TopicRow(key=key, title=wanted[key], transaction_id=self._transaction_id)
            self._session.add(rows[key])
        self._session.flush()
        return tuple(dict.fromkeys(rows[key].id for title in titles if (key := topic_key(title))))

    def by_id(self, topic_id: int) -> PolicyTopic | None:
        row = self._session.get(TopicRow, topic_id)
        return row.to_domain() if row else None

    def save(self, topic: PolicyTopic) -> None:
        row = self._session.get_one(TopicRow, topic.id)
        row.delegable, row.transaction_id = topic.delegable, self._transaction_id
        self._session.flush()


class SqlTopicReads:
    """Port `TopicReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def by_ids(self, viewer: Viewer, ids: list[int]) -> dict[int, PolicyTopic]:
        return await self._read(readable_by(viewer), col(TopicRow.id).in_(ids))

    async def all_by_ids(self, ids: list[int]) -> dict[int, PolicyTopic]:
        return await self._read(col(TopicRow.id).in_(ids))

    async def page(self, viewer: Viewer, wanted: Slice) -> Page[PolicyTopic]:
        order = [Order(col(TopicRow.title)), Order(col(TopicRow.id))]
        visible = select(TopicRow).where(readable_by(viewer))
        return await page_of(self._reader, visible, order, wanted, TopicRow.to_domain)

    async def _read(self, *where: ColumnElement[bool]) -> dict[int, PolicyTopic]:
        rows = await rows_of(self._reader, select(TopicRow).where(*where))
        return {row.id: row.to_domain() for row in rows}


def readable_by(viewer: Viewer) -> ColumnElement[bool]:
    """A topic to delegate in, or of a document or proposal that the viewer may read."""
    of_documents = (
        select(col(DocumentTopicRow.topic_id))
        .join(DocumentRow, col(DocumentRow.id) == col(DocumentTopicRow.document_id))
        .where(documents.readable_by(viewer))
    )
    of_proposals = (
        select(col(ProposalTopicRow.topic_id))
        .join(ProposalRow, col(ProposalRow.id) == col(ProposalTopicRow.proposal_id))
        .where(proposal_reads.visible_to(viewer))
    )
    return or_(col(TopicRow.delegable), col(TopicRow.id).in_(of_documents), col(TopicRow.id).in_(of_proposals))
