"""How a vote stands."""

from datetime import datetime

import strawberry

from domain.proposals import Proposal
from domain.resolutions import Resolution
from domain.rules import Rules, VotingSystem
from domain.tally import Choice, Tally
from schema.enums import described

described(
    Choice,
    "Choice",
    "What a ballot says.",
    FOR="In favour.",
    AGAINST="Opposed.",
    ABSTAIN="Present: counts for the quorum, never for the majority.",
)


@strawberry.type(
    description=(
        "How a vote stands. Weights are exact integers, frozen when voting starts. Abstentions count for quorum, never "
        "for the majority."
    )
)
class QuorumState:
    seq: int = strawberry.field(description="Rises with every change.")
    eligible_weight: int = strawberry.field(description="All weight that may vote; 0 before voting starts.")
    for_weight: int | None = strawberry.field(description="Cast FOR.")
    against_weight: int | None = strawberry.field(description="Cast AGAINST.")
    abstain_weight: int | None = strawberry.field(description="Cast ABSTAIN.")
    participating_weight: int = strawberry.field(description="Cast in all.")
    participation: float = strawberry.field(description="Share of the eligible weight that was cast, 0..1.")
    support: float | None = strawberry.field(description="Share of FOR among FOR and AGAINST, 0..1.")
    quorum_reached: bool = strawberry.field(description="Enough weight takes part.")
    majority_reached: bool | None = strawberry.field(description="Enough of FOR and AGAINST is FOR.")
    decided: bool | None = strawberry.field(description="The proposal passed or failed; this no longer changes.")
    voters: int = strawberry.field(description="How many cast a ballot.")
    as_of: datetime = strawberry.field(description="When this state began.")

    by_members: int = strawberry.field(description="Participating weight of members who voted themselves.")
    by_twins: int = strawberry.field(description="Participating weight of members for whom their twin's ballot stands.")
    by_delegates: int = strawberry.field(description="Participating weight of members for whom a delegate's stands.")

    @classmethod
    def of_proposal(cls, proposal: Proposal) -> "QuorumState":
        open_ = proposal.system is VotingSystem.BASIC and not proposal.hidden
        return cls._of(
            proposal.rules,
            proposal.tally,
            seq=proposal.seq,
            decided=None if proposal.hidden else proposal.status.decided,
            as_of=proposal.changed_at,
            choices=open_,
        )

    @classmethod
    def of_resolution(cls, resolution: Resolution) -> "QuorumState":
        return cls._of(
            resolution.rules,
            resolution.tally,
            seq=resolution.tally_seq,
            decided=True,
            as_of=resolution.decided_at,
            choices=resolution.tally.on_options == 0,
        )

    @classmethod
    def _of(
        cls, rules: Rules, tally: Tally, *, seq: int, decided: bool | None, as_of: datetime, choices: bool
    ) -> "QuorumState":
        """`choices`: whether FOR, AGAINST and ABSTAIN may be told, and mean anything."""
        return cls(
            seq=seq,
            eligible_weight=tally.eligible,
            for_weight=tally.in_favour if choices else None,
            against_weight=tally.against if choices else None,
            abstain_weight=tally.abstain if choices else None,
            participating_weight=tally.participating,
            participation=tally.participation,
            support=tally.support if choices else None,
            quorum_reached=tally.quorum_reached(rules.criteria),
            majority_reached=tally.majority_reached(rules.criteria) if choices else None,
            decided=decided,
            voters=tally.voters,
            as_of=as_of,
            by_members=tally.by_members,
            by_twins=tally.by_twins,
            by_delegates=tally.by_delegates,
        )
