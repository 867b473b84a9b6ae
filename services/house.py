"""All services and reads of a process, as the edges see them. Built in app/container.py."""

from dataclasses import dataclass

from domain.chats import ChatReads
from domain.documents import DocumentReads
from domain.members import MemberReads
from domain.memories import MemoryReads
from domain.proposals import ProposalReads
from domain.resolutions import ResolutionReads
from domain.topics import TopicReads
from domain.votes import VoteReads
from services.chats import Chats
from services.documents import Documents
from services.facts import Facts
from services.ingestion import Ingestion
from services.members import Members
from services.memories import Memories
from services.projections import Projections
from services.proposals import Proposals
from services.replies import Replies
from services.resolutions import Resolutions
from services.votes import Votes


@dataclass(frozen=True, slots=True)
class Services:
    members: Members
    documents: Documents
    ingestion: Ingestion
    memories: Memories
    facts: Facts
    chats: Chats
    replies: Replies
    proposals: Proposals
    votes: Votes
    resolutions: Resolutions
    projections: Projections


@dataclass(frozen=True, slots=True)
class Reads:
    members: MemberReads
    documents: DocumentReads
    memories: MemoryReads
    topics: TopicReads
    chats: ChatReads
    proposals: ProposalReads
    votes: VoteReads
    resolutions: ResolutionReads
