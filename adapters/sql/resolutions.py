"""Resolutions: rows, the repository inside a transaction, and reads."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, func, select
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.daos import SqlDaos, rules_data, rules_of
from adapters.sql.naming import Row
from adapters.sql.pages import Order, page_of, rows_of
from adapters.sql.proposals import ProposalRow, tally_of
from adapters.sql.reader import Reader
from adapters.sql.types import time_field
from domain.decisions import Decision, ResolutionReason
from domain.pages import Page, Slice
from domain.resolutions import Resolution
from domain.rules import Rules
from domain.tally import Tally


class ResolutionRow(Row, table=True):
    __tablename__ = "resolution"

    id: int = Field(default=None, primary_key=True)
    seq: int = Field(unique=True)
    proposal_id: int = Field(unique=True, foreign_key="proposal.id")
    passed: bool
    reason: str
    rules: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    eligible: int
    in_favour: int
    against: int
    abstain: int
    voters: int
    on_options: int
    by_twins: int
    own_in_favour: int
    own_against: int
    own_abstain: int
    own_on_options: int
    young_in_favour: int
    young_against: int
    young_abstain: int
    chosen_option: int | None = None
    tally_seq: int
    decided_at: datetime = time_field()
    transaction_id: str

    def to_domain(self) -> Resolution:
        return Resolution(
            id=self.id,
            seq=self.seq,
            proposal_id=self.proposal_id,
            passed=self.passed,
            reason=ResolutionReason(self.reason),
            rules=rules_of(self.rules),
            tally=tally_of(self),
            tally_seq=self.tally_seq,
            decided_at=self.decided_at,
            transaction_id=self.transaction_id,
            chosen_option=self.chosen_option,
        )


class SqlResolutions:
    """Port `Resolutions`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._session = session
        self._transaction_id = transaction_id

    def add(
        self, proposal_id: int, decision: Decision, *, rules: Rules, tally: Tally, tally_seq: int, at: datetime
    ) -> Resolution:
        """Takes the proposal's row before the DAO's, as ballots and closes do: the other way round they would wait for
        each other, a second each time, until the server ends one of them."""
        self._session.execute(select(col(ProposalRow.id)).where(col(ProposalRow.id) == proposal_id).with_for_update())
        row = ResolutionRow(
            seq=SqlDaos(self._session, self._transaction_id).next_resolution(),
            proposal_id=proposal_id,
            passed=decision.passed,
            reason=decision.reason.value,
            rules=rules_data(rules),
            **asdict(tally),
            chosen_option=decision.chosen_option,
            tally_seq=tally_seq,
            decided_at=at,
            transaction_id=self._transaction_id,
        )
        self._session.add(row)
        self._session.flush()
        return row.to_domain()

    def proposal_of(self, resolution_id: int) -> int:
        return self._session.get_one(ResolutionRow, resolution_id).proposal_id


EVERY_RESOLUTION, NEWEST_FIRST = select(ResolutionRow), (Order(col(ResolutionRow.seq), descending=True),)


class SqlResolutionReads:
    """Port `ResolutionReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def by_ids(self, ids: list[int]) -> dict[int, Resolution]:
        rows = await rows_of(self._reader, select(ResolutionRow).where(col(ResolutionRow.id).in_(ids)))
        return {row.id: row.to_domain() for row in rows}

    async def by_proposals(self, proposal_ids: list[int]) -> dict[int, Resolution]:
        statement = select(ResolutionRow).where(col(ResolutionRow.proposal_id).in_(proposal_ids))
        return {row.proposal_id: row.to_domain() for row in await rows_of(self._reader, statement)}

    async def page(self, wanted: Slice) -> Page[Resolution]:
        return await page_of(self._reader, EVERY_RESOLUTION, NEWEST_FIRST, wanted, ResolutionRow.to_domain)

    async def after(self, seq: int, limit: int = 100) -> list[Resolution]:
        statement = select(ResolutionRow).where(col(ResolutionRow.seq) > seq)
        rows = await rows_of(self._reader, statement.order_by(col(ResolutionRow.seq)).limit(limit))
        return [row.to_domain() for row in rows]

    async def last_seq(self) -> int:
        newest = await self._reader(lambda session: session.scalar(select(func.max(col(ResolutionRow.seq)))))
        return -1 if newest is None else int(newest)
