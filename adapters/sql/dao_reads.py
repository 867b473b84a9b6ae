"""The DAO in numbers, counted when asked."""

from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Mapped, Session
from sqlmodel import col

from adapters.sql.audits import AuditRow
from adapters.sql.daos import DAO_ID, DaoRow
from adapters.sql.members import MemberRow
from adapters.sql.proposals import ProposalRow, StatusChangeRow
from adapters.sql.reader import Reader
from adapters.sql.resolutions import ResolutionRow
from domain.daos import Dao, Glance
from domain.members import inactive_before
from domain.proposals import Status

MINUTE = timedelta(minutes=1)


class SqlDaoReads:
    """Port `DaoReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def current(self) -> Dao:
        return await self._reader(lambda session: session.get_one(DaoRow, DAO_ID).to_domain())

    async def glance(self, *, at: datetime) -> Glance:
        return await self._reader(lambda session: glance_of(session, at))


def glance_of(session: Session, at: datetime) -> Glance:
    admitted = col(MemberRow.admitted)
    active = col(MemberRow.last_seen) > inactive_before(at)
    by_status = select(col(ProposalRow.status), func.count()).group_by(col(ProposalRow.status))
    states: dict[str, int] = {row[0]: row[1] for row in session.execute(by_status).all()}
    changes = _scalar(session, func.max(col(StatusChangeRow.id))) + _scalar(session, func.max(col(AuditRow.id)))
    resolved = _count(session, ResolutionRow)
    return Glance(
        dao=session.get_one(DaoRow, DAO_ID).to_domain(),
        seq=changes + _count(session, MemberRow),
        members=_count(session, MemberRow, admitted),
        active_members=_count(session, MemberRow, admitted, active),
        total_weight=_scalar(session, func.sum(col(MemberRow.weight))),
        open=states.get(Status.OPEN.value, 0),
        voting=states.get(Status.VOTING.value, 0),
        resolved=resolved,
        passed=_count(session, ResolutionRow, col(ResolutionRow.passed)),
        mean_participation=_participation(session) if resolved else None,
        median_decision_minutes=_minutes(session) if resolved else None,
        as_of=at,
    )


def _participation(session: Session) -> float:
    """Over those with anybody eligible."""
    cast = (ResolutionRow.in_favour, ResolutionRow.against, ResolutionRow.abstain, ResolutionRow.on_options)
    share = sum(map(col, cast), start=0.0) / col(ResolutionRow.eligible)
    return float(session.scalar(select(func.avg(share)).where(col(ResolutionRow.eligible) > 0)) or 0)


def _minutes(session: Session) -> float:
    times = select(col(ProposalRow.starts_at), col(ResolutionRow.decided_at)).join(
        ProposalRow, col(ProposalRow.id) == col(ResolutionRow.proposal_id)
    )
    return float(median((decided - started) / MINUTE for started, decided in session.execute(times).all() if started))


def _count(session: Session, row: Any, *where: ColumnElement[bool] | Mapped[bool]) -> int:  # noqa: ANN401  # any table's class
    return int(session.scalar(select(func.count()).select_from(row).where(*where)) or 0)


def _scalar(session: Session, value: Any) -> int:  # noqa: ANN401  # any aggregate
    return int(session.scalar(select(value)) or 0)
