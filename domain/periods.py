"""Stretches of time, and those that a question names in words."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end), in UTC; None is open."""

    start: datetime | None
    end: datetime | None
