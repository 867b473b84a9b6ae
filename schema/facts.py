"""Facts: temporal edges of the shared graph."""

from datetime import datetime

import strawberry

from domain.facts import Fact, GraphEntity
from schema.ids import global_id
from schema.nodes import Node
from schema.pages import Connection


@strawberry.type(name="GraphEntity", description="A node of the graph.")
class GraphEntityType:
    key: str = strawberry.field(description="Unique within its graph, such as `proposal:12`.")
    name: str = strawberry.field(description="For people.")
    labels: list[str] = strawberry.field(description="What it is, such as `Proposal`.")

    @classmethod
    def from_domain(cls, entity: GraphEntity) -> "GraphEntityType":
        return cls(key=entity.key, name=entity.name, labels=list(entity.labels))


@strawberry.type(name="Fact", description="One temporal edge of the shared graph, in force in [validFrom, validTo).")
class FactType(Node):
    relation: str = strawberry.field(description="The edge's name, such as `VOTED`.")
    text: str = strawberry.field(description="The fact in words.")
    subject: GraphEntityType = strawberry.field(description="Where the edge starts.")
    object: GraphEntityType = strawberry.field(description="Where it ends.")
    valid_from: datetime | None = strawberry.field(description="Since when it is so; null: unknown.")
    valid_to: datetime | None = strawberry.field(description="Until when it was so; null: it still is.")
    created_at: datetime = strawberry.field(description="When it was recorded.")

    @classmethod
    def from_domain(cls, fact: Fact) -> "FactType":
        return cls(
            id=global_id("Fact", fact.id),
            relation=fact.relation,
            text=fact.text,
            subject=GraphEntityType.from_domain(fact.subject),
            object=GraphEntityType.from_domain(fact.object),
            valid_from=fact.valid_from,
            valid_to=fact.valid_to,
            created_at=fact.created_at,
        )


FactConnection = Connection[FactType]
