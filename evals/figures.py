"""Figures of a measurement: percentiles, goals, and the table in which they are printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

MILLI = 1e3
PERCENTS = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value; `goal` is the most it should be, in the same unit."""

    name: str
    value: float
    unit: str
    goal: float | None = None

    @property
    def met(self) -> str:
        if self.goal is None:
            return ""
        return "yes" if self.value <= self.goal else "NO"


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent of all do not exceed (nearest rank)."""
    if not values:
        raise ValueError("Nothing was measured.")
    return sorted(values)[max(ceil(len(values) * percent / 100), 1) - 1]


def spread(name: str, seconds: Sequence[float], *, goal: float | None = None) -> list[Figure]:
    """P50, P95 and P99 in milliseconds; `goal` is the P95's. A P99 needs a hundred values."""
    percents = PERCENTS if len(seconds) >= 100 else PERCENTS[:2]
    return [
        Figure(f"{name}, P{percent}", MILLI * percentile(seconds, percent), "ms", goal if percent == 95 else None)
        for percent in percents
    ]


def table(figures: Sequence[Figure], command: str) -> str:
    """A line a figure, each with the command that repeats it."""
    width = max(len(figure.name) for figure in figures)
    return "\n".join(
        f"{figure.name:<{width}}  {shown(figure.value):>9} {figure.unit:<9}"
        f"{'' if figure.goal is None else f'{figure.goal:g}':>6} {figure.met:<3}  {command}"
        for figure in figures
    )


def shown(value: float) -> str:
    """Three digits at least: 0.213, 4.25, 38.1, 1,024."""
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{digits}f}"
