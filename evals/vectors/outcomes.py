"""What came of one case of a vector file."""

from dataclasses import dataclass
from typing import Literal

from domain.errors import DomainError

BROKEN = (ArithmeticError, AttributeError, DomainError, LookupError, TypeError, ValueError)
"""What a case that is not in its format's shape comes to."""

Status = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`detail` says what was expected and found of a failed case, and why a skipped one was."""

    name: str
    status: Status
    detail: str = ""


def passed(name: str) -> Outcome:
    return Outcome(name, "passed")


def failed(name: str, detail: str) -> Outcome:
    return Outcome(name, "failed", detail)


def skipped(name: str, reason: str) -> Outcome:
    return Outcome(name, "skipped", reason)


def compared(name: str, found: object, expected: object) -> Outcome:
    """Passed when both are equal."""
    return passed(name) if found == expected else failed(name, f"expected {expected}, found {found}")


def misshapen(name: str, error: Exception) -> Outcome:
    return failed(name, f"not in the shape of its format: {type(error).__name__}: {error}")
