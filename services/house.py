"""All services and reads of a process, as the edges see them. Built in app/container.py."""

from dataclasses import dataclass

from domain.audits import AuditReads
from domain.chats import ChatReads
from domain.daos import DaoReads
from domain.dead_letters import DeadLetterReads
from domain.delegations import DelegationReads
from domain.documents import DocumentReads
from domain.members import MemberReads
from domain.memories import MemoryReads
from domain.policies import PolicyReads
from domain.proposals import ProposalReads
from domain.receipts import ReceiptReads
from domain.reconciliation import ReconciliationReads
from domain.resolutions import ResolutionReads
from domain.topics import TopicReads
from domain.votes import VoteReads
from services.chats import Chats
from services.daos import Daos
from services.dead_letters import DeadLetters
from services.delegations import Delegations
from services.documents import Documents
from services.facts import Facts
from services.ingestion import Ingestion
from services.members import Members
from services.memories import Memories
from services.projections import Projections
from services.proposals import Proposals
from services.receipts import Receipts
from services.reconciliation import Reconciliation
from services.replies import Replies
from services.resolutions import Resolutions
from services.stalls import Stalls
from services.topics import Topics
from services.votes import Votes


@dataclass(frozen=True, slots=True)
class Services:
    members: Members
    documents: Documents
    ingestion: Ingestion
    memories: Memories
    facts: Facts
    topics: Topics
    chats: Chats
    replies: Replies
    daos: Daos
    dead_letters: DeadLetters
    delegations: Delegations
    proposals: Proposals
    votes: Votes
    stalls: Stalls
    resolutions: Resolutions
    receipts: Receipts
    projections: Projections
    reconciliation: Reconciliation


@dataclass(frozen=True, slots=True)
class Reads:
    members: MemberReads
    documents: DocumentReads
    memories: MemoryReads
    topics: TopicReads
    chats: ChatReads
    daos: DaoReads
    delegations: DelegationReads
    policies: PolicyReads
    audits: AuditReads
    dead_letters: DeadLetterReads
    proposals: ProposalReads
    votes: VoteReads
    resolutions: ResolutionReads
    reconciliations: ReconciliationReads
    receipts: ReceiptReads
