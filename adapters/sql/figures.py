"""How much waits and what was decided, counted for whoever watches."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.sql.clock import Clock, database_clock
from adapters.sql.dead_letters import DeadLetterRow
from adapters.sql.outbox_rows import OutboxRow, is_open
from adapters.sql.reader import Reader
from adapters.sql.resolutions import ResolutionRow

KINDS = ("event", "job")


@dataclass(frozen=True, slots=True)
class Figures:
    """By kind of outbox entry: how many wait, and how old the oldest due one is, in seconds."""

    pending: dict[str, int]
    oldest: dict[str, float]
    dead: int
    passed: int
    failed: int


class SqlFigures:
    def __init__(self, reader: Reader, clock: Clock = database_clock) -> None:
        self._reader = reader
        self._clock = clock

    async def read(self) -> Figures:
        """Raises StoreFailed."""
        return await self._reader(self._read)

    def _read(self, session: Session) -> Figures:
        now = self._clock(session)
        waiting = {kind: self._waiting(session, kind, now) for kind in KINDS}
        dead = session.scalar(select(func.count()).where(col(DeadLetterRow.driven_at).is_(None))) or 0
        decided = select(func.count()).select_from(ResolutionRow)
        passed = session.scalar(decided.where(col(ResolutionRow.passed).is_(True))) or 0
        return Figures(
            pending={kind: count for kind, (count, _) in waiting.items()},
            oldest={kind: age for kind, (_, age) in waiting.items()},
            dead=dead,
            passed=passed,
            failed=(session.scalar(decided) or 0) - passed,
        )

    @staticmethod
    def _waiting(session: Session, kind: str, now: datetime) -> tuple[int, float]:
        count = session.scalar(select(func.count()).where(is_open(kind))) or 0
        due = session.scalar(select(func.min(col(OutboxRow.due_at))).where(is_open(kind)))
        return count, 0.0 if due is None else max(0.0, (now - due).total_seconds())
