"""The DAO as the hub's space: the one there is."""

import strawberry

from domain.daos import Dao
from schema.snapshot.context import Info
from schema.snapshot.fields import field
from schema.snapshot.scalars import NETWORK, SPACE_ID, STRATEGY, SYMBOL, AnyJson, nothing, seconds


@strawberry.type(name="Strategy", description="Where voting power comes from.")
class Strategy:
    name: str = STRATEGY
    network: str | None = NETWORK
    params: AnyJson | None = strawberry.field(default_factory=nothing)


@strawberry.type(name="Validation", description="Who may propose or vote; `any` where members alone may.")
class Validation:
    name: str = "any"
    params: AnyJson | None = strawberry.field(default_factory=nothing)


@strawberry.type(name="SpaceFilters", description="Who may propose: members alone.")
class SpaceFilters:
    min_score: float | None = strawberry.field(name="minScore", default=0.0)
    only_members: bool | None = strawberry.field(name="onlyMembers", default=True)


@strawberry.type(name="SpaceVoting", description="The rules that proposals start with.")
class SpaceVoting:
    period: int | None = strawberry.field(description="Seconds that voting runs.")
    privacy: str | None = strawberry.field(description="shutter: ballots are hidden until the close.")
    delay: int | None = None
    type: str | None = None
    quorum: float | None = strawberry.field(
        description="Null: the quorum is a share of what is eligible, a number only once voting starts.", default=None
    )
    quorum_type: str = strawberry.field(name="quorumType", default="default")
    blind: bool | None = False
    hide_abstain: bool | None = strawberry.field(name="hideAbstain", default=False)
    aliased: bool | None = False


@strawberry.type(name="DelegationPortal", description="There is none.")
class DelegationPortal:
    delegation_type: str = strawberry.field(name="delegationType")
    delegation_contract: str = strawberry.field(name="delegationContract")
    delegation_network: str = strawberry.field(name="delegationNetwork")
    delegation_api: str = strawberry.field(name="delegationApi")


@strawberry.type(name="Treasury", description="There is none.")
class Treasury:
    name: str | None
    address: str | None
    network: str | None


@strawberry.type(name="Label", description="There is none.")
class Label:
    id: str | None
    name: str | None
    description: str | None
    color: str | None


@strawberry.type(name="BoostSettings", description="Nothing is boosted.")
class BoostSettings:
    enabled: bool | None = False
    bribe_enabled: bool | None = strawberry.field(name="bribeEnabled", default=False)


@strawberry.type(name="SkinSettings", description="None is set.")
class SkinSettings:
    bg_color: str | None = None
    link_color: str | None = None
    text_color: str | None = None
    content_color: str | None = None
    border_color: str | None = None
    heading_color: str | None = None
    header_color: str | None = None
    primary_color: str | None = None
    theme: str | None = None
    logo: str | None = None


@strawberry.type(name="Space", description="The DAO. What it has no counterpart for is empty as on the hub.")
class Space:
    name: str | None = strawberry.field(description="The DAO's.")
    voting: SpaceVoting | None
    id: str = strawberry.field(description="The same for every DAO that this server may hold.", default=SPACE_ID)
    private: bool | None = False
    about: str | None = ""
    avatar: str | None = ""
    cover: str | None = None
    terms: str | None = None
    location: str | None = None
    website: str | None = None
    twitter: str | None = None
    github: str | None = None
    farcaster: str | None = None
    coingecko: str | None = None
    email: str | None = None
    discussions: str | None = None
    discourse_category: int | None = strawberry.field(name="discourseCategory", default=None)
    network: str | None = NETWORK
    symbol: str | None = SYMBOL
    skin: str | None = None
    skin_settings: SkinSettings | None = strawberry.field(name="skinSettings", default_factory=SkinSettings)
    domain: str | None = ""
    strategies: list[Strategy | None] | None = strawberry.field(default_factory=lambda: [Strategy()])
    admins: list[str | None] | None = strawberry.field(description="Empty: roles are not public.", default_factory=list)
    members: list[str | None] | None = strawberry.field(
        description="Empty: on the hub these are authors, not voters; members stand in /dao/members.",
        default_factory=list,
    )
    moderators: list[str | None] | None = strawberry.field(default_factory=list)
    filters: SpaceFilters | None = strawberry.field(default_factory=SpaceFilters)
    plugins: AnyJson | None = strawberry.field(default_factory=nothing)
    categories: list[str | None] | None = strawberry.field(default_factory=list)
    validation: Validation | None = strawberry.field(default_factory=Validation)
    vote_validation: Validation | None = strawberry.field(name="voteValidation", default_factory=Validation)
    delegation_portal: DelegationPortal | None = strawberry.field(name="delegationPortal", default=None)
    treasuries: list[Treasury | None] | None = strawberry.field(default_factory=list)
    labels: list[Label | None] | None = strawberry.field(default_factory=list)
    followers_count: int | None = strawberry.field(name="followersCount", default=0)
    followers_count_7d: int | None = strawberry.field(name="followersCount7d", default=0)
    guidelines: str | None = None
    template: str | None = None
    verified: bool | None = False
    flagged: bool | None = False
    flag_code: int | None = strawberry.field(name="flagCode", default=0)
    hibernated: bool | None = False
    turbo: bool | None = False
    turbo_expiration: int | None = strawberry.field(name="turboExpiration", default=0)
    rank: float | None = None
    boost: BoostSettings | None = strawberry.field(default_factory=BoostSettings)

    @field("Null: there are no spaces above.")
    def parent(self) -> "Space | None":
        return None

    @field("Empty: there are no spaces below.")
    def children(self) -> "list[Space | None] | None":
        return []

    @field("In VOTING.", name="activeProposals")
    async def active_proposals(self, info: Info) -> int | None:
        return (await info.context.counts()).active

    @field("From OPEN on.", name="proposalsCount")
    async def proposals_count(self, info: Info) -> int | None:
        return (await info.context.counts()).proposals

    @field("Of those made in the last day.", name="proposalsCount1d")
    async def proposals_count_1d(self, info: Info) -> int | None:
        return (await info.context.counts()).proposals_1d

    @field("Of those made in the last seven days.", name="proposalsCount7d")
    async def proposals_count_7d(self, info: Info) -> int | None:
        return (await info.context.counts()).proposals_7d

    @field("Of those made in the last thirty days.", name="proposalsCount30d")
    async def proposals_count_30d(self, info: Info) -> int | None:
        return (await info.context.counts()).proposals_30d

    @field("Of all proposals, but for votes that are sealed.", name="votesCount")
    async def votes_count(self, info: Info) -> int | None:
        return (await info.context.counts()).votes

    @field("Of those cast in the last seven days.", name="votesCount7d")
    async def votes_count_7d(self, info: Info) -> int | None:
        return await info.context.votes_7d()

    @field("When its first member joined.")
    async def created(self, info: Info) -> int:
        founded = await info.context.founded_at()
        return seconds(founded) if founded else 0

    @classmethod
    def of(cls, dao: Dao) -> "Space":
        privacy = "shutter" if dao.rules.hidden_until_close else ""
        voting = SpaceVoting(period=dao.rules.voting_minutes * 60, privacy=privacy)
        return cls(name=dao.name, voting=voting)
