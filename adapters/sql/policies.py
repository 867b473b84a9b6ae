"""Policies: a row a version, the repository inside a transaction, and reads."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, insert, or_, select
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.naming import Row
from adapters.sql.pages import Order, page_of, rows_of
from adapters.sql.reader import Reader
from adapters.sql.types import time_field
from domain.pages import Page, Slice
from domain.policies import Policy


class PolicyRow(Row, table=True):
    __tablename__ = "policy"

    id: int = Field(default=None, primary_key=True)
    title: str
    body: str
    version: int
    in_force_from: datetime = time_field(index=True)
    in_force_to: datetime | None = time_field(default=None, nullable=True)
    enacted_by_id: int | None = Field(default=None, foreign_key="proposal.id")
    replaces_id: int | None = Field(default=None, foreign_key="policy.id", unique=True)
    transaction_id: str

    def to_domain(self, topic_ids: tuple[int, ...] = ()) -> Policy:
        return Policy(
            id=self.id,
            title=self.title,
            body=self.body,
            version=self.version,
            in_force_from=self.in_force_from,
            in_force_to=self.in_force_to,
            enacted_by_id=self.enacted_by_id,
            replaces_id=self.replaces_id,
            topic_ids=topic_ids,
            transaction_id=self.transaction_id,
        )


class PolicyTopicRow(Row, table=True):
    __tablename__ = "policy_subject"

    policy_id: int = Field(primary_key=True, foreign_key="policy.id")
    topic_id: int = Field(primary_key=True, foreign_key="policy_topic.id", index=True)
    position: int
    transaction_id: str = ""


class SqlPolicies:
    """Port `Policies`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._session = session
        self._transaction_id = transaction_id

    def locked(self, policy_id: int) -> Policy | None:
        row = self._session.get(PolicyRow, policy_id, with_for_update=True, populate_existing=True)
        return row.to_domain() if row else None

    def enact(self, policy: Policy) -> Policy:
        row = PolicyRow(
            title=policy.title,
            body=policy.body,
            version=policy.version,
            in_force_from=policy.in_force_from,
            enacted_by_id=policy.enacted_by_id,
            replaces_id=policy.replaces_id,
            transaction_id=self._transaction_id,
        )
        self._session.add(row)
        self._session.flush()
        topics = [
            {"policy_id": row.id, "topic_id": topic, "position": place, "transaction_id": self._transaction_id}
            for place, topic in enumerate(policy.topic_ids)
        ]
        if topics:
            self._session.execute(insert(PolicyTopicRow), topics)
        return row.to_domain(policy.topic_ids)

    def close(self, policy: Policy, *, at: datetime) -> None:
        row = self._session.get_one(PolicyRow, policy.id)
        row.in_force_to, row.transaction_id = at, self._transaction_id
        self._session.flush()


class SqlPolicyReads:
    """Port `PolicyReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def by_ids(self, ids: list[int]) -> dict[int, Policy]:
        rows = await rows_of(self._reader, select(PolicyRow).where(col(PolicyRow.id).in_(ids)))
        return {policy.id: policy for policy in await self._with_topics(rows)}

    async def of_topics(self, topic_ids: list[int], *, at: datetime) -> dict[int, list[Policy]]:
        tagged = select(col(PolicyTopicRow.policy_id)).where(col(PolicyTopicRow.topic_id).in_(topic_ids))
        wanted = select(PolicyRow).where(in_force(at), col(PolicyRow.id).in_(tagged)).order_by(col(PolicyRow.title))
        found: dict[int, list[Policy]] = {topic_id: [] for topic_id in topic_ids}
        for policy in await self._with_topics(await rows_of(self._reader, wanted)):
            for topic_id in found.keys() & set(policy.topic_ids):
                found[topic_id].append(policy)
        return found

    async def page(self, wanted: Slice, *, at: datetime, topic_id: int | None = None) -> Page[Policy]:
        statement = select(PolicyRow).where(in_force(at))
        if topic_id is not None:
            tagged = select(col(PolicyTopicRow.policy_id)).where(col(PolicyTopicRow.topic_id) == topic_id)
            statement = statement.where(col(PolicyRow.id).in_(tagged))
        order = [Order(col(PolicyRow.title)), Order(col(PolicyRow.id))]
        page = await page_of(self._reader, statement, order, wanted, lambda row: row)
        return Page(await self._with_topics(page.rows), page.keys, page.has_next, page.has_previous, page.count)

    async def _with_topics(self, rows: Sequence[PolicyRow]) -> list[Policy]:
        if not rows:
            return []
        tags = select(PolicyTopicRow).where(col(PolicyTopicRow.policy_id).in_([row.id for row in rows]))
        topics: dict[int, tuple[int, ...]] = {}
        for tag in await rows_of(self._reader, tags.order_by(col(PolicyTopicRow.position))):
            topics[tag.policy_id] = (*topics.get(tag.policy_id, ()), tag.topic_id)
        return [PolicyRow.to_domain(row, topics.get(row.id, ())) for row in rows]


def in_force(at: datetime) -> ColumnElement[bool]:
    """The same rule as `Policy.in_force`, for many."""
    ends = col(PolicyRow.in_force_to)
    return and_(col(PolicyRow.in_force_from) <= at, or_(ends.is_(None), ends > at))
