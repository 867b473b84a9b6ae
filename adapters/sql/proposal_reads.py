"""Reads of proposals: by id and number, filtered pages, histories."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, true
from sqlmodel import col

from adapters.sql.pages import Order, count_of, page_of, rows_of
from adapters.sql.proposals import ProposalRow, ProposalTopicRow, SponsorRow, StatusChangeRow
from adapters.sql.reader import Reader
from adapters.sql.types import UtcDateTime
from domain.members import Role, Viewer
from domain.pages import Page, Slice
from domain.proposals import Proposal, ProposalFilter, ProposalOrder, Status, StatusChange

FAR = datetime.fromisoformat("9999-01-01T00:00:00+00:00")


class SqlProposalReads:
    """Port `ProposalReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def by_ids(self, viewer: Viewer, ids: list[int]) -> dict[int, Proposal]:
        return await self._read(select(ProposalRow).where(visible_to(viewer), col(ProposalRow.id).in_(ids)))

    async def any_by_ids(self, ids: list[int]) -> dict[int, Proposal]:
        return await self._read(select(ProposalRow).where(col(ProposalRow.id).in_(ids)))

    async def by_number(self, viewer: Viewer, number: int) -> Proposal | None:
        found = await self._read(select(ProposalRow).where(visible_to(viewer), col(ProposalRow.number) == number))
        return next(iter(found.values()), None)

    async def page(self, viewer: Viewer, wanted: Slice, where: ProposalFilter, order: ProposalOrder) -> Page[Proposal]:
        statement = select(ProposalRow).where(visible_to(viewer), *conditions(where))
        page = await page_of(self._reader, statement, orders(order), wanted, lambda row: row)
        topics = await self._topics([row.id for row in page.rows])
        rows = [ProposalRow.to_domain(row, topics.get(row.id, ())).sealed for row in page.rows]
        return Page(rows, page.keys, page.has_next, page.has_previous, lambda: count_of(self._reader, statement))

    async def histories(self, ids: list[int]) -> dict[int, list[StatusChange]]:
        changes = select(StatusChangeRow).where(col(StatusChangeRow.proposal_id).in_(ids))
        found: dict[int, list[StatusChange]] = {}
        for row in await rows_of(self._reader, changes.order_by(col(StatusChangeRow.id))):
            found.setdefault(row.proposal_id, []).append(row.to_domain())
        return found

    async def sponsors(self, ids: list[int]) -> dict[int, list[int]]:
        asked = select(SponsorRow).where(col(SponsorRow.proposal_id).in_(ids))
        found: dict[int, list[int]] = {}
        for row in await rows_of(self._reader, asked.order_by(col(SponsorRow.at), col(SponsorRow.member_id))):
            found.setdefault(row.proposal_id, []).append(row.member_id)
        return found

    async def running_of(self, member_id: int) -> int:
        running = select(ProposalRow).where(
            col(ProposalRow.author_id) == member_id,
            col(ProposalRow.status).in_([Status.OPEN.value, Status.VOTING.value]),
        )
        return await count_of(self._reader, running)

    async def _read(self, statement: Select[ProposalRow]) -> dict[int, Proposal]:
        rows = await rows_of(self._reader, statement)
        topics = await self._topics([row.id for row in rows])
        return {row.id: row.to_domain(topics.get(row.id, ())).sealed for row in rows}

    async def _topics(self, proposal_ids: list[int]) -> dict[int, tuple[int, ...]]:
        if not proposal_ids:
            return {}
        statement = (
            select(ProposalTopicRow)
            .where(col(ProposalTopicRow.proposal_id).in_(proposal_ids))
            .order_by(col(ProposalTopicRow.position))
        )
        found: dict[int, tuple[int, ...]] = {}
        for row in await rows_of(self._reader, statement):
            found[row.proposal_id] = (*found.get(row.proposal_id, ()), row.topic_id)
        return found


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """The same rule as `Proposal.visible_to`, for many."""
    if viewer.role is Role.ADMIN:
        return true()
    return or_(col(ProposalRow.status) != Status.DRAFT.value, col(ProposalRow.author_id) == viewer.member_id)


def conditions(where: ProposalFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.statuses:
        found.append(col(ProposalRow.status).in_([status.value for status in where.statuses]))
    if where.author_id is not None:
        found.append(col(ProposalRow.author_id) == where.author_id)
    if where.topic_id is not None:
        tagged = select(col(ProposalTopicRow.proposal_id)).where(col(ProposalTopicRow.topic_id) == where.topic_id)
        found.append(col(ProposalRow.id).in_(tagged))
    if where.title_contains:
        found.append(func.lower(col(ProposalRow.title)).contains(where.title_contains.lower(), autoescape=True))
    if where.created_after is not None:
        found.append(col(ProposalRow.created_at) > where.created_after)
    return found


def orders(order: ProposalOrder) -> list[Order]:
    """CREATED by number, which rises with time and is unique; ENDING_SOON puts what has no end last."""
    match order:
        case ProposalOrder.CREATED_DESC:
            return [Order(col(ProposalRow.number), descending=True)]
        case ProposalOrder.CREATED_ASC:
            return [Order(col(ProposalRow.number))]
        case ProposalOrder.ENDING_SOON:
            ends = func.coalesce(col(ProposalRow.ends_at), literal(FAR, UtcDateTime()), type_=UtcDateTime())
            return [Order(ends), Order(col(ProposalRow.number))]
