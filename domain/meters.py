"""What a process counts of itself, for whoever watches. A label is one of few fixed words, never anybody's text."""

from typing import Protocol


class Meters(Protocol):
    """Names and labels stand in adapters/meters/prometheus.py; an unknown label's value counts as `other`."""

    def count(self, name: str, **labels: str) -> None:
        """One more."""

    def time(self, name: str, seconds: float, **labels: str) -> None:
        """How long one took."""

    def set(self, name: str, value: float, **labels: str) -> None:
        """How it stands now."""


class Unmetered:
    """Nobody watches: for commands of one process alone."""

    def count(self, name: str, **labels: str) -> None: ...
    def time(self, name: str, seconds: float, **labels: str) -> None: ...
    def set(self, name: str, value: float, **labels: str) -> None: ...
