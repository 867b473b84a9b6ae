"""Nouns by key, many at a time: one read a noun and step of an operation."""

from functools import cached_property

from domain.chats import ChatMessage
from domain.dead_letters import DeadLetter
from domain.documents import Document
from domain.elections import Election
from domain.entities import Mention
from domain.facts import Fact
from domain.members import Role, Viewer
from domain.proposals import Proposal, StatusChange
from domain.receipts import Sealed
from domain.rules import Rules
from domain.votes import Vote
from schema.audits import AuditEntryType
from schema.chats import ChatMessageType, ChatSessionType
from schema.context import House
from schema.daos import DaoType
from schema.dead_letters import DeadLetterType
from schema.delegations import DelegationType
from schema.documents import DocumentType
from schema.facts import FactType
from schema.loading import Loader, Pages, by_key, lists_by_key, pages
from schema.members import MemberType
from schema.memories import MemoryType
from schema.policies import PolicyType
from schema.proposals import ProposalType
from schema.resolutions import ResolutionType
from schema.topics import PolicyTopicType
from schema.twins import TwinType
from schema.votes import VoteType


class Loaders:
    """As the viewer may see them; null for what is absent or invisible.

    Each is made when it is first asked for, and what it has loaded is good for one operation, or one event of a stream.
    """

    def __init__(self, viewer: Viewer, house: House) -> None:
        self._viewer = viewer
        self._reads = house.reads
        self._services = house.services
        self._house = house

    @cached_property
    def members(self) -> Loader[int, MemberType | None]:
        return by_key(self._reads.members.by_ids, MemberType.from_domain)

    @cached_property
    def twins(self) -> Loader[int, TwinType | None]:
        return by_key(self._reads.members.by_ids, lambda member: TwinType.of(member.id))

    @cached_property
    def memories(self) -> Loader[int, MemoryType | None]:
        return by_key(lambda ids: self._reads.memories.by_ids(self._viewer, ids), MemoryType.from_domain)

    @cached_property
    def facts(self) -> Loader[str, FactType | None]:
        return by_key(lambda ids: self._services.facts.by_ids(self._viewer, ids), FactType.from_domain)

    @cached_property
    def topics(self) -> Loader[int, PolicyTopicType | None]:
        return by_key(lambda ids: self._reads.topics.by_ids(self._viewer, ids), PolicyTopicType.from_domain)

    @cached_property
    def documents(self) -> Loader[int, DocumentType | None]:
        return by_key(lambda ids: self._reads.documents.by_ids(self._viewer, ids), DocumentType.from_domain)

    @cached_property
    def mentions(self) -> Loader[int, list[Mention]]:
        return lists_by_key(self._reads.documents.mentions)

    @cached_property
    def sessions(self) -> Loader[int, ChatSessionType | None]:
        return by_key(lambda ids: self._reads.chats.sessions(self._viewer, ids), ChatSessionType.from_domain)

    @cached_property
    def messages(self) -> Loader[int, ChatMessageType | None]:
        return by_key(lambda ids: self._reads.chats.messages(self._viewer, ids), ChatMessageType.from_domain)

    @cached_property
    def proposals(self) -> Loader[int, ProposalType | None]:
        return by_key(lambda ids: self._reads.proposals.by_ids(self._viewer, ids), ProposalType.from_domain)

    @cached_property
    def votes(self) -> Loader[int, VoteType | None]:
        return by_key(lambda ids: self._reads.votes.by_ids(self._viewer, ids), VoteType.from_domain)

    @cached_property
    def own_votes(self) -> Loader[int, VoteType | None]:
        return by_key(lambda ids: self._reads.votes.own(self._viewer, ids), VoteType.from_domain)

    @cached_property
    def resolutions(self) -> Loader[int, ResolutionType | None]:
        return by_key(self._reads.resolutions.by_ids, ResolutionType.from_domain)

    @cached_property
    def outcomes(self) -> Loader[int, ResolutionType | None]:
        return by_key(self._reads.resolutions.by_proposals, ResolutionType.from_domain)

    @cached_property
    def receipts(self) -> Loader[int, Sealed | None]:
        return by_key(self._reads.receipts.by_resolutions)

    @cached_property
    def policies(self) -> Loader[int, PolicyType | None]:
        return by_key(self._reads.policies.by_ids, PolicyType.from_domain)

    @cached_property
    def policies_of_topics(self) -> Loader[int, list[PolicyType]]:
        return lists_by_key(
            lambda ids: self._reads.policies.of_topics(ids, at=self._house.now()), PolicyType.from_domain
        )

    @cached_property
    def delegations(self) -> Loader[int, DelegationType | None]:
        return by_key(lambda ids: self._reads.delegations.by_ids(self._viewer, ids), DelegationType.from_domain)

    @cached_property
    def given_delegations(self) -> Loader[int, list[DelegationType]]:
        return lists_by_key(
            lambda ids: self._reads.delegations.live_given_by(self._viewer, ids), DelegationType.from_domain
        )

    @cached_property
    def delegated_weights(self) -> Loader[tuple[int | None, int], int]:
        async def load(keys: list[tuple[int | None, int]]) -> list[int | BaseException]:
            found: dict[tuple[int | None, int], int] = {}
            for scope_id in {scope_id for scope_id, _ in keys}:
                weights = await self._reads.delegations.weights(
                    [id for scope, id in keys if scope == scope_id], scope_id
                )
                found |= {(scope_id, id): weight for id, weight in weights.items()}
            return [found[key] for key in keys]

        return Loader(load)

    @cached_property
    def audits(self) -> Loader[int, AuditEntryType | None]:
        return by_key(self._reads.audits.by_ids, AuditEntryType.from_domain)

    @cached_property
    def dead_letters(self) -> Loader[int, DeadLetterType | None]:
        """An ADMIN's alone."""

        async def read(ids: list[int]) -> dict[int, DeadLetter]:
            return await self._reads.dead_letters.by_ids(ids) if self._viewer.role is Role.ADMIN else {}

        return by_key(read, DeadLetterType.from_domain)

    @cached_property
    def daos(self) -> Loader[int, DaoType | None]:
        async def load(keys: list[int]) -> list[DaoType | BaseException | None]:
            dao = await self._services.daos.glance()
            return [DaoType.from_domain(dao) if key == dao.dao.id else None for key in keys]

        return Loader(load)

    @cached_property
    def rules(self) -> Loader[None, Rules]:
        """The DAO's own, of now."""

        async def load(keys: list[None]) -> list[Rules | BaseException]:
            dao = await self._reads.daos.current()
            return [dao.rules] * len(keys)

        return Loader(load)

    @cached_property
    def histories(self) -> Loader[int, list[StatusChange]]:
        return lists_by_key(self._reads.proposals.histories)

    @cached_property
    def sponsors(self) -> Loader[int, list[int]]:
        return lists_by_key(self._reads.proposals.sponsors)

    @cached_property
    def elections(self) -> Loader[Proposal, Election]:
        async def load(proposals: list[Proposal]) -> list[Election | BaseException]:
            found = await self._reads.votes.elections(proposals)
            return [found[proposal.id] for proposal in proposals]

        return Loader(load, cache_key_fn=lambda proposal: proposal.id)

    @cached_property
    def powers(self) -> Loader[int, int | None]:
        return by_key(lambda ids: self._reads.votes.power(self._viewer, ids))

    @cached_property
    def chains(self) -> Loader[int, list[int] | None]:
        return by_key(lambda ids: self._reads.votes.chains(self._viewer, ids))

    @cached_property
    def carried(self) -> Loader[int, bool | None]:
        return by_key(lambda ids: self._reads.votes.carried(self._viewer, ids))

    @cached_property
    def votes_of_proposals(self) -> Pages[Vote]:
        return pages(lambda wanted, ids: self._reads.votes.pages(self._viewer, wanted, ids))

    @cached_property
    def messages_of_sessions(self) -> Pages[ChatMessage]:
        return pages(lambda wanted, ids: self._reads.chats.pages_of_messages(self._viewer, wanted, ids))

    @cached_property
    def documents_of_topics(self) -> Pages[Document]:
        return pages(lambda wanted, ids: self._reads.documents.pages_of_topics(self._viewer, wanted, ids))

    @cached_property
    def facts_of_topics(self) -> Pages[Fact]:
        return pages(lambda wanted, ids: self._services.facts.about_topics(self._viewer, ids, wanted))

    @cached_property
    def running(self) -> Loader[int, int]:
        async def load(member_ids: list[int]) -> list[int | BaseException]:
            return [await self._reads.proposals.running_of(member_id) for member_id in member_ids]

        return Loader(load)
