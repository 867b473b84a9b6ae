"""The DAO itself: its name, the rules that its proposals start with, and how it weighs its members."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from domain.rules import Rules
from domain.weights import Formula


@dataclass(frozen=True, slots=True)
class Dao:
    """`resolutions` counts those made so far: from the first on only a vote changes the rules."""

    id: int
    name: str
    rules: Rules
    formula: Formula = field(default_factory=Formula)
    resolutions: int = 0


@dataclass(frozen=True, slots=True)
class Glance:
    """The DAO in numbers as of one moment. `seq` rises with whatever changes them.

    `mean_participation` is 0..1 over all resolutions; `median_decision_minutes` from the start of voting to its end.
    """

    dao: Dao
    seq: int
    members: int
    active_members: int
    total_weight: int
    open: int
    voting: int
    resolved: int
    passed: int
    mean_participation: float | None
    median_decision_minutes: float | None
    as_of: datetime


class Daos(Protocol):
    """The one DAO of a deployment, inside one transaction."""

    def current(self) -> Dao: ...

    def locked(self) -> Dao:
        """The DAO, held until the transaction ends: electorates and weights change one after another."""

    def ensure(self, name: str, rules: Rules) -> Dao:
        """The DAO, founded with this name and these rules if it is not there yet."""

    def save(self, dao: Dao) -> None:
        """Its rules and formula."""


class DaoReads(Protocol):
    async def current(self) -> Dao: ...

    async def glance(self, *, at: datetime) -> Glance: ...
