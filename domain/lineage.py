"""What one transaction left behind, store by store: ids and times, never anybody's text."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Trace:
    """One row, node, edge, fact, memory or blob that carries a transaction's id.

    kind: what it is there: a table, a label, a relation. key: what names it there, such as `vote:3`. group: whose it
    is (`dao`, `member_<id>`), empty in SQL.
    """

    store: str
    kind: str
    key: str
    group: str = ""
    at: datetime | None = None
    state: str = ""
