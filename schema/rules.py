"""Rules of votes, with the fixed bounds of each field."""

import strawberry

from domain.rules import BOUNDS, EarlyClose, Rules, RulesChoice, VotingSystem
from schema.enums import described

described(
    EarlyClose,
    "EarlyClose",
    "Whether voting may end before its time.",
    NEVER="It waits for the end.",
    ON_QUORUM="BASIC: it ends as passed as soon as quorum and majority are reached; it never ends early as failed.",
    WHEN_DECIDED="BASIC, SINGLE_CHOICE and APPROVAL: it ends when no ballot still to come can change the outcome; a "
    "member's own ballot is then final.",
)
described(
    VotingSystem,
    "VotingSystem",
    "How ballots are counted: BASIC is for/against/abstain under quorum and majority; the others choose among "
    "`options`.",
    BASIC="FOR, AGAINST or ABSTAIN; it alone can carry an action.",
    SINGLE_CHOICE="One option a ballot; the one with the most weight is chosen.",
    APPROVAL="Any number of options a ballot; the one that the most weight approves is chosen.",
    RANKED_SCHULZE="A ranking a ballot; the Schulze method.",
    RANKED_INSTANT_RUNOFF="A ranking a ballot; the weakest option goes out until one has more than half.",
    WEIGHTED="Shares a ballot: its weight is split among options.",
    QUADRATIC="Shares a ballot: what counts is the sum of roots, so that many who care a little outweigh few.",
)


def bounded(name: str, words: str) -> str:
    """A field's words with its fixed bounds."""
    bounds = BOUNDS[name]
    return f"{words}: {bounds.least} to {bounds.most:,}; not even SET_RULES leaves these bounds."


WORDS = {
    "quorum_percent": bounded(
        "quorum_percent", "Of the eligible weight this much must take part, abstentions included"
    ),
    "majority_percent": bounded(
        "majority_percent", "Of the weight FOR and AGAINST this much must be FOR (at 50 always more than half)"
    ),
    "voting_minutes": bounded("voting_minutes", "How long voting lasts"),
    "early_close": "Whether voting may end before its time.",
    "strict": "The majority must be exceeded, not only reached.",
    "weighted": "Members vote with their weight; false: one member, one vote.",
    "hidden_until_close": "Until the close nobody, ADMIN included, sees a ballot but its caster; forces NEVER.",
    "minimum_discussion_minutes": bounded("minimum_discussion_minutes", "How long it is OPEN before voting may start"),
    "minimum_voting_minutes": bounded("minimum_voting_minutes", "How long ON_QUORUM waits at least"),
    "override_minutes": bounded(
        "override_minutes", "How old a twin's ballot must be to count for an early close, so that its member can object"
    ),
    "minimum_approval_percent": bounded("minimum_approval_percent", "Of the eligible weight this much must be FOR"),
    "sponsors_needed": bounded("sponsors_needed", "Members besides its author who must back it before voting starts"),
    "delegation_cap_percent": bounded(
        "delegation_cap_percent", "The most of the eligible weight that may follow one delegate (100: no cap)"
    ),
}


@strawberry.type(name="VotingRules", description="What a proposal needs to pass.")
class VotingRulesType:
    quorum_percent: int = strawberry.field(description=WORDS["quorum_percent"])
    majority_percent: int = strawberry.field(description=WORDS["majority_percent"])
    voting_minutes: int = strawberry.field(description=WORDS["voting_minutes"])
    early_close: EarlyClose = strawberry.field(description=WORDS["early_close"])
    strict: bool = strawberry.field(description=WORDS["strict"])
    weighted: bool = strawberry.field(description=WORDS["weighted"])
    hidden_until_close: bool = strawberry.field(description=WORDS["hidden_until_close"])
    minimum_discussion_minutes: int = strawberry.field(description=WORDS["minimum_discussion_minutes"])
    minimum_voting_minutes: int = strawberry.field(description=WORDS["minimum_voting_minutes"])
    override_minutes: int = strawberry.field(description=WORDS["override_minutes"])
    minimum_approval_percent: int = strawberry.field(description=WORDS["minimum_approval_percent"])
    sponsors_needed: int = strawberry.field(description=WORDS["sponsors_needed"])
    delegation_cap_percent: int = strawberry.field(description=WORDS["delegation_cap_percent"])

    @classmethod
    def from_domain(cls, rules: Rules) -> "VotingRulesType":
        return cls(**{name: getattr(rules, name) for name in WORDS})


DAO_ONLY = " The DAO's alone: only SET_RULES changes it."


@strawberry.input(
    description="What an author chooses, or a SET_RULES sets; what is left out stays. Nobody lowers a bar."
)
class VotingRulesInput:
    quorum_percent: int | None = strawberry.field(
        description=f"{WORDS['quorum_percent']} Only an ADMIN may raise it, in a proposal of its own.", default=None
    )
    majority_percent: int | None = strawberry.field(
        description=f"{WORDS['majority_percent']} Only an ADMIN may raise it, in a proposal of its own.", default=None
    )
    voting_minutes: int | None = strawberry.field(description=WORDS["voting_minutes"], default=None)
    early_close: EarlyClose | None = strawberry.field(
        description="Only one that closes later than the DAO's: ON_QUORUM, WHEN_DECIDED, NEVER.", default=None
    )
    strict: bool | None = strawberry.field(description=WORDS["strict"], default=None)
    weighted: bool | None = strawberry.field(description=WORDS["weighted"] + DAO_ONLY, default=None)
    hidden_until_close: bool | None = strawberry.field(description=WORDS["hidden_until_close"], default=None)
    minimum_discussion_minutes: int | None = strawberry.field(
        description=WORDS["minimum_discussion_minutes"] + DAO_ONLY, default=None
    )
    minimum_voting_minutes: int | None = strawberry.field(
        description=WORDS["minimum_voting_minutes"] + DAO_ONLY, default=None
    )
    override_minutes: int | None = strawberry.field(description=WORDS["override_minutes"] + DAO_ONLY, default=None)
    minimum_approval_percent: int | None = strawberry.field(
        description=WORDS["minimum_approval_percent"] + DAO_ONLY, default=None
    )
    sponsors_needed: int | None = strawberry.field(description=WORDS["sponsors_needed"] + DAO_ONLY, default=None)
    delegation_cap_percent: int | None = strawberry.field(
        description=WORDS["delegation_cap_percent"] + DAO_ONLY, default=None
    )

    @staticmethod
    def domain_of(given: "VotingRulesInput | None") -> RulesChoice | None:
        return None if given is None else RulesChoice(**{name: getattr(given, name) for name in WORDS})
