"""The three entry points of the schema, composed of the nouns."""

import strawberry

from resolvers.chats import ChatMutations, ChatQueries, ChatSubscriptions
from resolvers.daos import DaoQueries, DaoSubscriptions
from resolvers.dead_letters import DeadLetterMutations, DeadLetterQueries
from resolvers.delegations import DelegationMutations, DelegationQueries
from resolvers.documents import DocumentMutations, DocumentQueries, DocumentSubscriptions
from resolvers.facts import FactQueries
from resolvers.members import MemberMutations, MemberQueries
from resolvers.memories import MemoryMutations, MemoryQueries
from resolvers.nodes import NodeQueries
from resolvers.policies import PolicyQueries
from resolvers.proposals import ProposalMutations, ProposalQueries, ProposalSubscriptions
from resolvers.reconciliation import ReconciliationQueries
from resolvers.resolutions import ResolutionQueries, ResolutionSubscriptions
from resolvers.topics import TopicMutations, TopicQueries
from resolvers.twins import TwinQueries
from resolvers.votes import VoteMutations, VoteQueries


@strawberry.type(name="Query", description="What can be read. Everything is seen as the viewer.")
class QueryType(
    NodeQueries,
    MemberQueries,
    TwinQueries,
    MemoryQueries,
    FactQueries,
    DocumentQueries,
    ChatQueries,
    ProposalQueries,
    ResolutionQueries,
    TopicQueries,
    DaoQueries,
    PolicyQueries,
    VoteQueries,
    DelegationQueries,
    ReconciliationQueries,
    DeadLetterQueries,
):
    pass


@strawberry.type(
    name="Mutation", description="What can be done. A refusal the caller can act on comes back in `userErrors`."
)
class MutationType(
    MemberMutations,
    DocumentMutations,
    MemoryMutations,
    ChatMutations,
    ProposalMutations,
    VoteMutations,
    DelegationMutations,
    TopicMutations,
    DeadLetterMutations,
):
    pass


@strawberry.type(
    name="Subscription",
    description=(
        "What can be followed, over graphql-transport-ws. Event streams (chatTokens, resolved) deliver every event "
        "once, in order of seq, without a gap. State streams (all others) deliver the present state first, then newer "
        "states with rising seq; extensions.skipped says how many a slow reader missed."
    ),
)
class SubscriptionType(
    ChatSubscriptions, ResolutionSubscriptions, ProposalSubscriptions, DocumentSubscriptions, DaoSubscriptions
):
    pass
