"""The DAO's one row, and the counters that number its proposals and resolutions without a gap."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import JSON, Column, update
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.naming import Row
from domain.daos import Dao
from domain.tally import EarlyClose, Rules

DAO_ID = 1


class DaoRow(Row, table=True):
    __tablename__ = "dao"

    id: int = Field(default=None, primary_key=True)
    name: str
    rules: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    proposal_count: int = 0
    resolution_count: int = 0

    def to_domain(self) -> Dao:
        return Dao(id=self.id, name=self.name, rules=rules_of(self.rules))


class SqlDaos:
    """Port `Daos`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def current(self) -> Dao:
        return self._session.get_one(DaoRow, DAO_ID).to_domain()

    def ensure(self, name: str, rules: Rules) -> Dao:
        row = self._session.get(DaoRow, DAO_ID)
        if row is None:
            row = DaoRow(id=DAO_ID, name=name, rules=asdict(rules))
            self._session.add(row)
            self._session.flush()
        return row.to_domain()

    def next_number(self) -> int:
        """A proposal's number, from 1. Holds the row, so that numbers leave no gap."""
        return self._raised("proposal_count")

    def next_resolution(self) -> int:
        """A resolution's seq, from 0."""
        return self._raised("resolution_count") - 1

    def _raised(self, counter: str) -> int:
        column = getattr(DaoRow, counter)
        raised = update(DaoRow).where(col(DaoRow.id) == DAO_ID).values({counter: column + 1}).returning(column)
        return int(self._session.execute(raised).scalar_one())


def rules_of(stored: dict[str, Any]) -> Rules:
    return Rules(**{**stored, "early_close": EarlyClose(stored["early_close"])})
