"""Policy topics: rows, the repository inside a transaction, and reads."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.naming import Row
from adapters.sql.pages import Order, page_of, rows_of
from domain.pages import Page, Slice
from domain.topics import PolicyTopic, topic_key


class TopicRow(Row, table=True):
    __tablename__ = "policy_topic"

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    title: str

    def to_domain(self) -> PolicyTopic:
        return PolicyTopic(id=self.id, title=self.title)


class SqlTopics:
    """Port `Topics`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ensure(self, titles: Sequence[str]) -> tuple[int, ...]:
        wanted = {key: title for title in reversed(titles) if (key := topic_key(title))}
        found = self._session.scalars(select(TopicRow).where(col(TopicRow.key).in_(wanted)))
        rows = {row.key: row for row in found}
        for key in wanted.keys() - rows.keys():
            rows[key] = TopicRow(key=key, title=wanted[key])
            self._session.add(rows[key])
        self._session.flush()
        return tuple(dict.fromkeys(rows[key].id for title in titles if (key := topic_key(title))))


class SqlTopicReads:
    """Port `TopicReads`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def by_ids(self, ids: list[int]) -> dict[int, PolicyTopic]:
        rows = await rows_of(self._engine, select(TopicRow).where(col(TopicRow.id).in_(ids)))
        return {row.id: row.to_domain() for row in rows}

    async def page(self, wanted: Slice) -> Page[PolicyTopic]:
        order = [Order(col(TopicRow.title)), Order(col(TopicRow.id))]
        return await page_of(self._engine, select(TopicRow), order, wanted, TopicRow.to_domain)
