"""Our entities, edges and facts as rows of Graphiti's model, and back."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from adapters.graph.texts import plain_text
from domain.errors import SyncFailed
from domain.facts import Fact, GraphEdge, GraphEntity

NAMESPACE = uuid5(NAMESPACE_URL, "frontier:graph")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OPEN = 2**60
"""Microseconds that stand for an open end, so that a comparison needs no null. FalkorDB compares by subtracting:
the difference of two of these must still be 64 bits wide."""
NODE_FIELDS = frozenset({"uuid", "name", "key", "group_id", "summary", "created_at", "name_embedding", "labels"})
NAME = re.compile(r"[A-Za-z_]+")
GROUP = re.compile(r"[A-Za-z0-9_]+")
PROPERTY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Records:
    """Rows of one group. `prefix` tells its nodes and native edges from those of others in the same graph."""

    prefix: str = ""

    @classmethod
    def of(cls, group: str, *, shared: bool) -> "Records":
        """`shared`: all groups lie in one graph. Raises SyncFailed."""
        checked_group(group)
        return cls(f"{group}/" if shared else "")

    def uuid(self, key: str) -> str:
        """Of an entity's node."""
        return str(uuid5(NAMESPACE, f"{self.prefix}{key}"))

    def node_row(self, entity: GraphEntity) -> dict[str, Any]:
        properties = checked_properties(entity.properties)
        return {"uuid": self.uuid(entity.key), "key": entity.key, "name": entity.name, "properties": properties}

    def edge_uuid(self, edge: GraphEdge) -> str:
        return self.uuid(f"{edge.source}|{edge.relation}|{edge.target}")

    def edge_row(self, edge: GraphEdge) -> dict[str, Any]:
        return {
            "source": self.uuid(edge.source),
            "target": self.uuid(edge.target),
            "uuid": self.edge_uuid(edge),
            "properties": checked_properties(edge.properties),
        }

    def fact_row(self, fact: Fact) -> dict[str, Any]:
        """Graphiti's fields and ours. `digest` tells whether a replay would change anything."""
        properties: dict[str, Any] = {
            "name": checked_name(fact.relation),
            "fact": plain_text(fact.text),
            "group_id": fact.group,
            "episodes": [],
            "created_at": _utc(fact.created_at),
            "valid_at": _utc(fact.valid_from),
            "invalid_at": _utc(fact.valid_to),
            "expired_at": None,
            "transaction_id": fact.transaction_id,
            "source": fact.source,
            "starts": microseconds(fact.valid_from, otherwise=-OPEN),
            "ends": microseconds(fact.valid_to, otherwise=OPEN),
            "newest": microseconds(fact.valid_from or fact.created_at, otherwise=0),
        }
        ends = {"subject": self.uuid(fact.subject.key), "object": self.uuid(fact.object.key)}
        text = json.dumps([properties, ends], sort_keys=True, default=datetime.isoformat)
        properties["digest"] = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
        return {"uuid": fact.id, **ends, "properties": properties}


def checked_group(group: str) -> str:
    """A graph's name, which is a Redis key. Raises SyncFailed."""
    if not GROUP.fullmatch(group):
        raise SyncFailed(f"{group!r} is no group: use letters, digits and underscores.")
    return group


def checked_name(name: str) -> str:
    """A label or relation, which a query cannot take as a parameter. Raises SyncFailed."""
    if not NAME.fullmatch(name):
        raise SyncFailed(f"{name!r} is no label or relation: use letters and underscores only.")
    return name


def checked_properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Raises SyncFailed."""
    for name in properties:
        if not PROPERTY.fullmatch(name) or name in NODE_FIELDS:
            raise SyncFailed(
                f"{name!r} is no free property name: use letters, digits, underscores, none of Graphiti's."
            )
    return dict(properties)


def microseconds(moment: datetime | None, *, otherwise: int) -> int:
    return otherwise if moment is None else (moment - EPOCH) // timedelta(microseconds=1)


def spans(fact: Fact) -> list[int]:
    """What its fields `starts`, `ends` and `newest` are, in microseconds."""
    return [
        microseconds(fact.valid_from, otherwise=-OPEN),
        microseconds(fact.valid_to, otherwise=OPEN),
        microseconds(fact.valid_from or fact.created_at, otherwise=0),
    ]


FACT_COLUMNS = """
    e.uuid AS uuid, e.name AS relation, e.fact AS fact, e.group_id AS group_id, e.valid_at AS valid_at,
    e.invalid_at AS invalid_at, e.created_at AS created_at, e.transaction_id AS transaction_id, e.source AS source,
    properties(startNode(e)) AS subject, labels(startNode(e)) AS subject_labels,
    properties(endNode(e)) AS object, labels(endNode(e)) AS object_labels"""


def fact_of(row: Mapping[str, Any]) -> Fact | None:
    """None for one that somebody else wrote, or damaged: reconciliation writes it again, and others are read."""
    try:
        fact = _fact_of(row)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    shown = (fact.relation, fact.text, *(text for end in (fact.subject, fact.object) for text in (end.key, end.name)))
    return fact if all(isinstance(text, str) for text in shown) else None


def _fact_of(row: Mapping[str, Any]) -> Fact:
    return Fact(
        id=row["uuid"],
        group=row["group_id"],
        relation=row["relation"],
        text=row["fact"],
        subject=_entity_of(row["subject"], row["subject_labels"]),
        object=_entity_of(row["object"], row["object_labels"]),
        valid_from=moment(row["valid_at"]),
        valid_to=moment(row["invalid_at"]),
        created_at=moment(row["created_at"]) or EPOCH,
        transaction_id=row["transaction_id"],
        source=row["source"],
    )


def _entity_of(properties: Mapping[str, Any], labels: Iterable[str]) -> GraphEntity:
    ours = {name: value for name, value in properties.items() if name not in NODE_FIELDS}
    kinds = tuple(label for label in labels if label != "Entity")
    return GraphEntity(key=properties["key"], name=properties["name"], labels=kinds, properties=ours)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def moment(stored: Any) -> datetime | None:  # noqa: ANN401  # as the engine gives it: a text or a driver's own class
    if stored is None:
        return None
    moment: datetime = datetime.fromisoformat(stored) if isinstance(stored, str) else stored.to_native()
    return moment.astimezone(UTC)
