"""How proposals ended."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.decisions import ResolutionReason
from domain.resolutions import Resolution
from domain.rules import VotingSystem
from schema.context import Info
from schema.elections import OptionResult
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
    OPTION_CHOSEN="Passed: one option stands first.",
    TIE="Failed: several options stand first, or nobody chose any.",
    APPROVAL_NOT_REACHED="Failed: too little of the eligible weight was FOR.",
    ACTION_NOT_APPLICABLE="Failed: enough were FOR, but what it was to do no longer fits the DAO as it is.",
)


@strawberry.type(name="Resolution", description="A proposal's sealed outcome; one a proposal.")
class ResolutionType(Node):
    key: strawberry.Private[int]
    proposal_id: strawberry.Private[int]
    seq: int = strawberry.field(description="Its number among the DAO's resolutions, from 0, without a gap.")
    passed: bool = strawberry.field(description="Whether the proposal passed.")
    reason: ResolutionReason = strawberry.field(description="Why.")
    tally: QuorumState = strawberry.field(description="How the vote stood.")
    decided_at: datetime = strawberry.field(description="When it was decided.")

    chosen_option: int | None = strawberry.field(description="The option that was chosen, from 1; null for BASIC.")

    @field("How the options stood, in their order; empty for BASIC.")
    async def results(self, info: Info) -> list[OptionResult]:
        proposal = (await present(info.context.loaders.proposals.load(self.proposal_id))).proposal
        if proposal.system is VotingSystem.BASIC:
            return []
        return OptionResult.all_of(await info.context.loaders.elections.load(proposal), proposal.draft.options)

    @field("Hash over the sealed electorate, rules and ballots; null until sealed, seconds after the decision.")
    async def receipt(self, info: Info) -> str | None:
        found = await info.context.loaders.receipts.load(self.key)
        return None if found is None else found.hash

    @field("The receipt of the resolution before it; null for the first.")
    async def previous_receipt(self, info: Info) -> str | None:
        found = await info.context.loaders.receipts.load(self.key)
        return None if found is None else found.previous

    @field("Where the receipt is, relative to this server; null until sealed.")
    async def receipt_url(self, info: Info) -> str | None:
        found = await info.context.loaders.receipts.load(self.key)
        return None if found is None else f"/resolutions/{self.id}/receipt.json"

    @field("What was decided.")
    async def proposal(self, info: Info) -> Annotated["ProposalType", strawberry.lazy("schema.proposals")]:
        return await present(info.context.loaders.proposals.load(self.proposal_id))

    @classmethod
    def from_domain(cls, resolution: Resolution) -> "ResolutionType":
        return cls(
            id=global_id("Resolution", resolution.id),
            key=resolution.id,
            proposal_id=resolution.proposal_id,
            seq=resolution.seq,
            passed=resolution.passed,
            reason=resolution.reason,
            tally=QuorumState.of_resolution(resolution),
            decided_at=resolution.decided_at,
            chosen_option=resolution.chosen_option,
        )


ResolutionConnection = Connection[ResolutionType]
