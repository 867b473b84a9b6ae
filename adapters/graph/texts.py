"""Texts on their way to a graph, and errors as one line."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

DEADLINE = 5.0
"""Seconds that one call may take in all."""


def plain_text(text: str) -> str:
    """NUL ends a query of FalkorDB, half a surrogate is no UTF-8."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def plain(value: object, *, moment: Callable[[datetime], object] = lambda at: at) -> object:
    """A parameter with every text in it made plain, and every moment as the engine takes it."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Mapping):
        return {key: plain(item, moment=moment) for key, item in value.items()}
    if isinstance(value, list | tuple) and not (value and isinstance(value[0], float)):  # a vector is long and plain
        return [plain(item, moment=moment) for item in value]
    return value


def iso(moment: datetime) -> str:
    """For engines without moments of their own."""
    return moment.astimezone(UTC).isoformat()


def reason(error: BaseException, *, seconds: float = DEADLINE) -> str:
    """One clear line: Neo4j's errors have a message among their codes, TimeoutError has no words of its own."""
    return (getattr(error, "message", "") or str(error) or f"no answer within {seconds:g} s").splitlines()[0]
