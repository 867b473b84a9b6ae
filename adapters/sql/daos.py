"""The DAO's one row, and the counters that number its proposals and resolutions without a gap."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import JSON, Column, select, update
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.late import late_of
from adapters.sql.naming import Row
from adapters.sql.writer import connection_of
from domain.daos import Dao
from domain.rules import EarlyClose, Rules, RulesChoice
from domain.weights import Formula

DAO_ID = 1


class DaoRow(Row, table=True):
    __tablename__ = "dao"

    id: int = Field(default=None, primary_key=True)
    name: str
    rules: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    formula: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    proposal_count: int = 0
    resolution_count: int = 0
    transaction_id: str = ""

    def to_domain(self) -> Dao:
        formula = Formula.of_data(self.formula)
        return Dao(self.id, self.name, rules_of(self.rules), formula, resolutions=self.resolution_count)


class SqlDaos:
    """Port `Daos`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._session = session
        self._transaction_id = transaction_id

    def current(self) -> Dao:
        return self._session.get_one(DaoRow, DAO_ID).to_domain()

    def locked(self) -> Dao:
        late_of(connection_of(self._session)).full = True
        held = select(DaoRow).where(col(DaoRow.id) == DAO_ID).with_for_update()
        return self._session.scalars(held.execution_options(populate_existing=True)).one().to_domain()

    def ensure(self, name: str, rules: Rules) -> Dao:
        row = self._session.get(DaoRow, DAO_ID)
        if row is None:
            row = DaoRow(id=DAO_ID, name=name, rules=rules_data(rules), formula=Formula().to_data())
            row.transaction_id = self._transaction_id
            self._session.add(row)
            self._session.flush()
        return row.to_domain()

    def save(self, dao: Dao) -> None:
        row = self._session.get_one(DaoRow, DAO_ID)
        row.rules, row.formula = rules_data(dao.rules), dao.formula.to_data()
        row.transaction_id = self._transaction_id
        self._session.flush()

    def next_number(self) -> int:
        """A proposal's number, from 1. Holds the row, so that numbers leave no gap."""
        return self._raised("proposal_count")

    def next_resolution(self) -> int:
        """A resolution's seq, from 0."""
        return self._raised("resolution_count") - 1

    def _raised(self, counter: str) -> int:
        late_of(connection_of(self._session)).full = True
        column = getattr(DaoRow, counter)
        raised = update(DaoRow).where(col(DaoRow.id) == DAO_ID).values({counter: column + 1}).returning(column)
        return int(self._session.execute(raised).scalar_one())


def rules_data(rules: Rules) -> dict[str, Any]:
    return asdict(rules)


def rules_of(stored: dict[str, Any]) -> Rules:
    """What was stored before a field existed gets its default."""
    return Rules(**{**stored, "early_close": EarlyClose(stored["early_close"])})


def choice_of(stored: dict[str, Any]) -> RulesChoice:
    early_close = stored.get("early_close")
    return RulesChoice(**{**stored, "early_close": EarlyClose(early_close) if early_close else None})
