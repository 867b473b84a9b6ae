"""Rules of a vote and how it stands."""

from datetime import datetime

import strawberry

from domain.proposals import MAXIMUM_VOTING_MINUTES, MINIMUM_VOTING_MINUTES, Proposal, RulesChoice
from domain.resolutions import Resolution
from domain.tally import Choice, EarlyClose, Rules, Tally
from schema.enums import described

described(
    Choice,
    "Choice",
    "What a ballot says.",
    FOR="In favour.",
    AGAINST="Opposed.",
    ABSTAIN="Present: counts for the quorum, never for the majority.",
)
described(
    EarlyClose,
    "EarlyClose",
    "Whether voting may end before its time.",
    NEVER="It waits for the end.",
    ON_QUORUM="It ends as passed as soon as quorum and majority are reached; it never ends early as failed.",
)


@strawberry.type(name="VotingRules", description="What a proposal needs to pass.")
class VotingRulesType:
    quorum_percent: int = strawberry.field(
        description="Of the eligible weight this much must take part, abstentions included: 0..100."
    )
    majority_percent: int = strawberry.field(
        description="Of the weight FOR and AGAINST this much must be FOR: 50..100; at 50 more than half."
    )
    voting_minutes: int = strawberry.field(
        description=f"How long voting lasts: {MINIMUM_VOTING_MINUTES}..{MAXIMUM_VOTING_MINUTES}."
    )
    early_close: EarlyClose = strawberry.field(description="Whether voting may end before its time.")

    @classmethod
    def from_domain(cls, rules: Rules) -> "VotingRulesType":
        return cls(
            quorum_percent=rules.quorum_percent,
            majority_percent=rules.majority_percent,
            voting_minutes=rules.voting_minutes,
            early_close=rules.early_close,
        )


@strawberry.input(description="What an author chooses; what is left out is the DAO's rule. Nobody lowers a bar.")
class VotingRulesInput:
    quorum_percent: int | None = strawberry.field(
        description="Only an ADMIN may raise it, in a proposal of its own; up to 100.", default=None
    )
    majority_percent: int | None = strawberry.field(
        description="Only an ADMIN may raise it, in a proposal of its own; up to 100.", default=None
    )
    voting_minutes: int | None = strawberry.field(
        description=f"{MINIMUM_VOTING_MINUTES}..{MAXIMUM_VOTING_MINUTES}.", default=None
    )
    early_close: EarlyClose | None = strawberry.field(
        description="Only one that closes later than the DAO's.", default=None
    )

    @staticmethod
    def domain_of(given: "VotingRulesInput | None") -> RulesChoice | None:
        if given is None:
            return None
        return RulesChoice(given.quorum_percent, given.majority_percent, given.voting_minutes, given.early_close)


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

    @classmethod
    def of_proposal(cls, proposal: Proposal) -> "QuorumState":
        return cls._of(
            proposal.rules,
            proposal.tally,
            seq=proposal.seq,
            decided=proposal.status.decided,
            as_of=proposal.changed_at,
        )

    @classmethod
    def of_resolution(cls, resolution: Resolution) -> "QuorumState":
        return cls._of(
            resolution.rules, resolution.tally, seq=resolution.tally_seq, decided=True, as_of=resolution.decided_at
        )

    @classmethod
    def _of(cls, rules: Rules, tally: Tally, *, seq: int, decided: bool, as_of: datetime) -> "QuorumState":
        return cls(
            seq=seq,
            eligible_weight=tally.eligible,
            for_weight=tally.in_favour,
            against_weight=tally.against,
            abstain_weight=tally.abstain,
            participating_weight=tally.participating,
            participation=tally.participation,
            support=tally.support,
            quorum_reached=tally.quorum_reached(rules),
            majority_reached=tally.majority_reached(rules),
            decided=decided,
            voters=tally.voters,
            as_of=as_of,
        )
