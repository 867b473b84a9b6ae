"""How proposals ended."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.resolutions import Resolution, ResolutionReason
from schema.context import Info
from schema.enums import described
from schema.fields import field
from schema.ids import global_id
from schema.nodes import Node, present
from schema.pages import Connection
from schema.tally import QuorumState

if TYPE_CHECKING:
    from schema.proposals import ProposalType

described(
    ResolutionReason,
    "ResolutionReason",
    "Why a proposal passed or failed.",
    QUORUM_AND_MAJORITY="Passed: enough weight took part and enough of it was FOR.",
    MAJORITY_IMPOSSIBLE="Failed: no ballot still to come could have brought the majority.",
    NO_QUORUM="Failed: too little weight took part.",
    MAJORITY_NOT_REACHED="Failed: too little of FOR and AGAINST was FOR.",
    NO_ELIGIBLE_WEIGHT="Failed: nobody had weight when voting started.",
)


@strawberry.type(name="Resolution", description="A proposal's sealed outcome; one a proposal.")
class ResolutionType(Node):
    proposal_id: strawberry.Private[int]
    seq: int = strawberry.field(description="Its number among the DAO's resolutions, from 0, without a gap.")
    passed: bool = strawberry.field(description="Whether the proposal passed.")
    reason: ResolutionReason = strawberry.field(description="Why.")
    tally: QuorumState = strawberry.field(description="How the vote stood.")
    decided_at: datetime = strawberry.field(description="When it was decided.")

    @field("What was decided.")
    async def proposal(self, info: Info) -> Annotated["ProposalType", strawberry.lazy("schema.proposals")]:
        return await present(info.context.loaders.proposals.load(self.proposal_id))

    @classmethod
    def from_domain(cls, resolution: Resolution) -> "ResolutionType":
        return cls(
            id=global_id("Resolution", resolution.id),
            proposal_id=resolution.proposal_id,
            seq=resolution.seq,
            passed=resolution.passed,
            reason=resolution.reason,
            tally=QuorumState.of_resolution(resolution),
            decided_at=resolution.decided_at,
        )


ResolutionConnection = Connection[ResolutionType]
