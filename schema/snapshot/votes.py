"""Votes, voting power and follows as the hub tells them."""

import strawberry

from domain.public import PublicVote
from domain.votes import Vote
from schema.ids import global_id
from schema.snapshot.choices import basic_choice, option_choice
from schema.snapshot.context import Info
from schema.snapshot.fields import field
from schema.snapshot.proposals import ProposalType
from schema.snapshot.scalars import APP, AnyJson, nothing, seconds
from schema.snapshot.spaces import Space


@strawberry.type(name="Vote", description="A member's effective vote. Sealed ones are absent.")
class VoteType:
    vote: strawberry.Private[Vote]
    id: str = strawberry.field(description="The id that this server's own API gives it.")
    voter: str = strawberry.field(description="The voter's opaque member id; members have no addresses.")
    created: int = strawberry.field(description="Unix seconds of the ballot that stands.")
    space: Space
    choice: AnyJson = strawberry.field(description="As the proposal's type has it; basic: 1 for, 2 against, 3 abstain.")
    reason: str | None = strawberry.field(description="Empty when none was given.")
    vp: float | None = strawberry.field(description="The weight that follows it: the voter's, and what others gave it.")
    vp_by_strategy: list[float | None] | None
    ipfs: str | None = None
    app: str | None = APP
    vp_state: str | None = strawberry.field(
        description="final, though until the close givers may vote themselves.", default="final"
    )
    vp_value: float | None = 0.0
    metadata: AnyJson | None = strawberry.field(
        description="Empty: whose hand cast it is for members to know.", default_factory=nothing
    )

    @field("What was voted on.")
    async def proposal(self, info: Info) -> ProposalType | None:
        shown = await info.context.proposals(self.vote.ballot.proposal_id)
        return ProposalType.of(shown, self.space, info.context) if shown else None

    @classmethod
    def of(cls, shown: PublicVote, space: Space) -> "VoteType":
        vote, power = shown.vote, float(shown.power)
        return cls(
            vote=vote,
            id=global_id("Vote", vote.id),
            voter=global_id("Member", vote.ballot.member_id),
            created=seconds(vote.cast_at),
            space=space,
            choice=choice_of(vote),
            reason=vote.ballot.reason or "",
            vp=power,
            vp_by_strategy=[power],
        )


def choice_of(vote: Vote) -> AnyJson:
    """The ballot in the form of its proposal's type. Raises ValueError for one without a word."""
    ballot = vote.ballot
    if ballot.choice is not None:
        return AnyJson(basic_choice(ballot.choice))
    if ballot.options is not None:
        return AnyJson(option_choice(ballot.options))
    raise ValueError(f"Vote {vote.id} says nothing.")


@strawberry.type(name="Vp", description="Voting power.")
class Vp:
    vp: float | None
    vp_by_strategy: list[float | None] | None
    vp_state: str | None = strawberry.field(description="final: frozen for this proposal. pending: as it is now.")


@strawberry.type(name="Follow", description="There are none.")
class Follow:
    id: str
    follower: str
    space: Space
    network: str
    created: int
    ipfs: str | None = None
