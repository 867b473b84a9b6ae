"""Writing changes: nodes and native edges first, then facts; what is there already and unchanged is left alone."""

from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import batched
from typing import TYPE_CHECKING, Any

from adapters.graph.falkordb_changes import (
    CREATE_FACTS,
    KNOWN_FACTS,
    REMOVE_FACTS,
    REWRITE_FACTS,
    SLICE,
    UPDATE_FACTS,
    GroupChange,
    Statement,
)
from adapters.graph.falkordb_connection import Row, VectorParam
from adapters.graph.falkordb_records import fact_row
from domain.embeddings import Vector

if TYPE_CHECKING:
    from adapters.graph.falkordb_driver import GroupDriver


@dataclass(slots=True)
class FactPlan:
    """What has to be done with a group's facts."""

    moved: list[Row] = field(default_factory=list)
    updated: list[Row] = field(default_factory=list)
    rewritten: list[Row] = field(default_factory=list)
    created: list[Row] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """What needs a vector."""
        return [row["properties"]["fact"] for row in (*self.rewritten, *self.created)]

    def statements(self, vectors: Mapping[str, Vector]) -> Iterator[Statement]:
        """Slices, their vectors put in as they are sent."""
        for text, rows in ((REMOVE_FACTS, self.moved), (UPDATE_FACTS, self.updated)):
            yield from ((text, list(part)) for part in batched(rows, SLICE))
        for text, rows in ((REWRITE_FACTS, self.rewritten), (CREATE_FACTS, self.created)):
            yield from ((text, [_with_vector(row, vectors) for row in part]) for part in batched(rows, SLICE))


def plan_facts(change: GroupChange, known: Mapping[str, Row]) -> FactPlan:
    """Compare with what is stored: a new vector only for a new text, a new edge only for new ends."""
    plan = FactPlan()
    for row in map(fact_row, change.facts.values()):
        old = known.get(row["uuid"])
        if old is None:
            plan.created.append(row)
        elif (old["subject"], old["object"]) != (row["subject"], row["object"]):
            plan.moved.append(row)
            plan.created.append(row)
        elif old["fact"] != row["properties"]["fact"]:
            plan.rewritten.append(row)
        elif old["digest"] != row["properties"]["digest"]:
            plan.updated.append(row)
    return plan


def _with_vector(row: Row, vectors: Mapping[str, Vector]) -> Row:
    return {**row, "vector": VectorParam(vectors[row["properties"]["fact"]])}


async def known_facts(driver: "GroupDriver", change: GroupChange) -> dict[str, Row]:
    known: dict[str, Row] = {}
    for part in batched(change.facts, SLICE):
        known |= {row["id"]: row for row in await driver.read(KNOWN_FACTS, ids=list(part))}
    return known


def run(driver: "GroupDriver", group: str, statement: Statement) -> Awaitable[Any]:
    text, rows = statement
    return driver.write(text, rows=rows, group=group, now=datetime.now(UTC).isoformat())
