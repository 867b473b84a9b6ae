"""The DAO itself: its name and the rules that its proposals start with."""

from dataclasses import dataclass
from typing import Protocol

from domain.tally import Rules


@dataclass(frozen=True, slots=True)
class Dao:
    id: int
    name: str
    rules: Rules


class Daos(Protocol):
    """The one DAO of a deployment, inside one transaction."""

    def current(self) -> Dao: ...

    def ensure(self, name: str, rules: Rules) -> Dao:
        """The DAO, founded with this name and these rules if it is not there yet."""
