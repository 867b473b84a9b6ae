"""A proposal as the hub tells it. What changes with a voting system stands in `choices_of` and `scores_of`."""

import strawberry

from domain.proposals import Proposal
from domain.public import TYPES, PublicProposal, State
from domain.rules import VotingSystem
from schema.ids import global_id
from schema.snapshot.context import Info, SnapshotContext
from schema.snapshot.fields import field
from schema.snapshot.scalars import APP, NETWORK, SYMBOL, AnyJson, nothing, seconds
from schema.snapshot.spaces import Space, Strategy, Validation

ELECTION_COST = 1_000
"""What counting an election costs beside its ballots: everybody who might have voted is read."""
BASIC = ("For", "Against", "Abstain")


@strawberry.type(name="Proposal", description="A proposal from OPEN on. Times are unix seconds.")
class ProposalType:
    shown: strawberry.Private[PublicProposal]
    id: str = strawberry.field(description="The id that this server's own API gives it.")
    author: str = strawberry.field(description="The author's opaque member id; members have no addresses.")
    created: int = strawberry.field(description="When it was drafted.")
    space: Space | None
    type: str | None = strawberry.field(description="basic is for, against and abstain.")
    title: str
    choices: list[str | None] = strawberry.field(description="The first is choice 1.")
    start: int = strawberry.field(description="When voting starts; 2147483647 while nobody knows.")
    end: int = strawberry.field(description="When voting ends or did end, also early; 2147483647 while nobody knows.")
    quorum: float = strawberry.field(description="Weight that must take part; 0 before voting starts.")
    privacy: str | None = strawberry.field(description="shutter: ballots are hidden until the close. Else empty.")
    state: str | None = strawberry.field(description="pending, active or closed.")
    link: str | None = strawberry.field(description="Its text.")
    scores_state: str | None = strawberry.field(description="final once it is closed, unless sealed for ever.")
    scores_total: float | None = strawberry.field(description="0 while sealed.")
    scores_updated: int | None = strawberry.field(description="When it changed last; 0 before voting and while sealed.")
    votes: int | None = strawberry.field(description="Ballots cast, without what delegates speak for; 0 while sealed.")
    discussion: str = strawberry.field(description="Where it is discussed; may be empty.")
    ipfs: str | None = None
    updated: int | None = strawberry.field(description="Null: from OPEN on nothing is edited.", default=None)
    network: str = NETWORK
    symbol: str = SYMBOL
    strategies: list[Strategy | None] = strawberry.field(default_factory=lambda: [Strategy()])
    validation: Validation | None = strawberry.field(default_factory=Validation)
    plugins: AnyJson = strawberry.field(default_factory=nothing)
    labels: list[str | None] = strawberry.field(default_factory=list)
    quorum_type: str = strawberry.field(name="quorumType", default="default")
    snapshot: int | None = strawberry.field(description="Null: weights are frozen when voting starts.", default=None)
    app: str | None = APP
    scores_total_value: float | None = 0.0
    vp_value_by_strategy: AnyJson | None = strawberry.field(default_factory=lambda: AnyJson([]))
    flagged: bool | None = False
    flag_code: int | None = strawberry.field(name="flagCode", default=0)

    @field("Markdown.")
    def body(self, info: Info) -> str | None:
        return info.context.spend_text(self.shown.proposal.draft.body)

    @field("Weight or score of each choice; empty while sealed.")
    async def scores(self, info: Info) -> list[float | None] | None:
        return [*await scores_of(self.shown, info.context)]

    @field("The same: there is one strategy.")
    async def scores_by_strategy(self, info: Info) -> AnyJson | None:
        return AnyJson([[score] for score in await scores_of(self.shown, info.context)])

    @classmethod
    def of(cls, shown: PublicProposal, space: Space, context: SnapshotContext) -> "ProposalType":
        proposal = shown.proposal
        return cls(
            shown=shown,
            id=global_id("Proposal", proposal.id),
            author=global_id("Member", proposal.author_id),
            created=seconds(proposal.created_at),
            space=space,
            type=TYPES[proposal.system],
            title=proposal.title,
            choices=[*choices_of(proposal)],
            start=seconds(shown.starts_at),
            end=seconds(shown.ends_at),
            quorum=quorum_of(proposal),
            privacy="shutter" if shown.hidden else "",
            state=shown.state.value,
            link=f"{context.home}/dao/proposals/{proposal.number}/content.md",
            scores_state=scores_state(shown),
            scores_total=float(proposal.tally.participating),
            scores_updated=0 if shown.sealed or proposal.starts_at is None else seconds(proposal.changed_at),
            votes=proposal.tally.voters,
            discussion=proposal.draft.discussion_url or "",
        )


def choices_of(proposal: Proposal) -> tuple[str, ...]:
    """What can be chosen, the first being choice 1."""
    return BASIC if proposal.system is VotingSystem.BASIC else proposal.draft.options


async def scores_of(shown: PublicProposal, context: SnapshotContext) -> list[float]:
    """Of each choice, for display; none while sealed. Options are counted from their ballots, which is paid for."""
    tally = shown.proposal.tally
    if shown.sealed:
        return []
    if shown.proposal.system is VotingSystem.BASIC:
        return [float(tally.in_favour), float(tally.against), float(tally.abstain)]
    context.spend_fields(1, ELECTION_COST + tally.voters)
    return [*await context.scores(shown)]


def scores_state(shown: PublicProposal) -> str:
    return "final" if shown.state is State.CLOSED and not shown.sealed else "pending"


def quorum_of(proposal: Proposal) -> float:
    """The least whole weight that reaches the quorum of what was eligible when voting started."""
    return float(-(-proposal.tally.eligible * proposal.rules.quorum_percent // 100))
