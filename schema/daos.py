"""The DAO at a glance."""

from datetime import datetime

import strawberry

from domain.daos import Glance
from schema.context import Info
from schema.fields import field
from schema.ids import global_id
from schema.nodes import Node
from schema.rules import VotingRulesType


@strawberry.type(name="Dao", description="The DAO in numbers.")
class DaoType(Node):
    seq: int = strawberry.field(description="Rises with whatever changes these numbers.")
    name: str = strawberry.field(description="What it is called.")
    member_count: int = strawberry.field(description="Admitted members.")
    active_member_count: int = strawberry.field(description="Of them, those with an act of their own within 90 days.")
    total_weight: int = strawberry.field(description="Of all members.")
    open_count: int = strawberry.field(description="Proposals in OPEN.")
    voting_count: int = strawberry.field(description="Proposals in VOTING.")
    resolved_count: int = strawberry.field(description="Resolutions so far.")
    passed_count: int = strawberry.field(description="Of them, those that passed.")
    mean_participation: float | None = strawberry.field(
        description="Over all resolutions, 0..1; null before the first."
    )
    median_decision_minutes: float | None = strawberry.field(
        description="From the start of voting to the decision; null before the first."
    )
    rules: VotingRulesType = strawberry.field(description="What proposals start with.")
    as_of: datetime = strawberry.field(description="When it was counted.")

    @field("The DAO's public Ed25519 key, base64url: it signs ballots' acknowledgements and receipts.")
    def verify_key(self, info: Info) -> str:
        return info.context.services.receipts.key

    @classmethod
    def from_domain(cls, glance: Glance) -> "DaoType":
        return cls(
            id=global_id("Dao", glance.dao.id),
            seq=glance.seq,
            name=glance.dao.name,
            member_count=glance.members,
            active_member_count=glance.active_members,
            total_weight=glance.total_weight,
            open_count=glance.open,
            voting_count=glance.voting,
            resolved_count=glance.resolved,
            passed_count=glance.passed,
            mean_participation=glance.mean_participation,
            median_decision_minutes=glance.median_decision_minutes,
            rules=VotingRulesType.from_domain(glance.dao.rules),
            as_of=glance.as_of,
        )
