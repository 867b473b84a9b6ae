"""Runs of the reconciliation: where each store's is, and those that ended."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, Index, select, update
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.naming import Row
from adapters.sql.pages import rows_of
from adapters.sql.reader import Reader
from adapters.sql.types import time_field
from domain.reconciliation import Counts, Place, Progress, Reconciliation, Store


class ReconciliationRow(Row, table=True):
    """A run that ended."""

    __tablename__ = "reconciliation"
    __table_args__ = (Index(None, "ran_at"),)

    id: int = Field(default=None, primary_key=True)
    ran_at: datetime = time_field()
    store: str
    checked: int
    missing: int
    extra: int
    mended: int
    interruptions: int = 0
    transaction_id: str

    def to_domain(self) -> Reconciliation:
        counts = Counts(self.checked, self.missing, self.extra, self.mended)
        return Reconciliation(self.ran_at, Store(self.store), counts, self.interruptions)


class ReconcilingRow(Row, table=True):
    """A store's run that is on its way; `ran_at` is null while none is. One row a store, put there by its migration."""

    __tablename__ = "reconciling"

    store: str = Field(primary_key=True)
    fence: int = 0
    ran_at: datetime | None = time_field(default=None, nullable=True)
    lease_until: datetime | None = time_field(default=None, nullable=True)
    part: str = ""
    after: str = ""
    checked: int = 0
    missing: int = 0
    extra: int = 0
    mended: int = 0
    interruptions: int = 0
    transaction_id: str = ""

    def to_domain(self) -> Progress:
        counts = Counts(self.checked, self.missing, self.extra, self.mended)
        assert self.ran_at is not None  # noqa: S101  # begun
        place = Place(self.part, self.after)
        return Progress(Store(self.store), self.ran_at, self.fence, place, counts, self.interruptions)


class SqlReconciliations:
    """Port `Reconciliations`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._session = session
        self._transaction_id = transaction_id

    def begin(self, store: Store, *, at: datetime, until: datetime) -> Progress | None:
        row = self._session.scalar(
            select(ReconcilingRow).where(col(ReconcilingRow.store) == store.value).with_for_update()
        )
        if row is None:  # of two that begin at once one runs again
            row = ReconcilingRow(store=store.value)
            self._session.add(row)
        if row.lease_until is not None and row.lease_until > at:
            return None
        row.fence, row.lease_until = row.fence + 1, until
        row.interruptions = 0 if row.ran_at is None else row.interruptions + 1
        row.ran_at = row.ran_at or at
        row.transaction_id = self._transaction_id
        return row.to_domain()

    def keep(self, progress: Progress, *, until: datetime) -> bool:
        return self._save(progress, lease_until=until)

    def finish(self, progress: Progress) -> bool:
        counts = asdict(progress.counts)
        ended = self._change(progress, ran_at=None, lease_until=None, part="", after="", **asdict(Counts()))
        if ended:
            done = {"ran_at": progress.ran_at, "store": progress.store.value, "transaction_id": self._transaction_id}
            told = {**counts, "interruptions": progress.interruptions}
            self._session.add(ReconciliationRow.model_validate({**done, **told}))
        return ended

    def leave(self, progress: Progress) -> None:
        self._save(progress, lease_until=None)

    def _save(self, progress: Progress, *, lease_until: datetime | None) -> bool:
        place, counts = progress.place, asdict(progress.counts)
        return self._change(progress, lease_until=lease_until, part=place.part, after=place.after, **counts)

    def _change(self, progress: Progress, **values: object) -> bool:
        """False when a later holder has it."""
        changed = self._session.execute(
            update(ReconcilingRow)
            .where(mine(progress))
            .values(transaction_id=self._transaction_id, **values)
            .returning(col(ReconcilingRow.store))
        )
        return changed.scalar() is not None


def mine(progress: Progress) -> ColumnElement[bool]:
    return (col(ReconcilingRow.store) == progress.store.value) & (col(ReconcilingRow.fence) == progress.fence)


class SqlReconciliationReads:
    """Port `ReconciliationReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def latest(self, limit: int) -> list[Reconciliation]:
        newest = select(ReconciliationRow).order_by(
            col(ReconciliationRow.ran_at).desc(), col(ReconciliationRow.id).desc()
        )
        return [row.to_domain() for row in await rows_of(self._reader, newest.limit(limit))]
