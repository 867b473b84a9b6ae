"""A clock that tests set."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """The port's clock: stands still until it is moved."""

    def __init__(self) -> None:
        self.at = T0

    def __call__(self, _session: Session) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)
