"""Nouns by key, many at a time: one read a noun and step of an operation."""

from collections.abc import Awaitable, Callable

from strawberry.dataloader import DataLoader

from domain.members import Viewer
from schema.chats import ChatMessageType, ChatSessionType
from schema.context import House, Loaders
from schema.documents import DocumentType
from schema.facts import FactType
from schema.members import MemberType
from schema.memories import MemoryType
from schema.proposals import ProposalType
from schema.resolutions import ResolutionType
from schema.topics import PolicyTopicType
from schema.twins import TwinType
from schema.votes import VoteType

MOST_AT_ONCE = 500
"""Keys of one read; SQLite takes at most 32,766 parameters."""


def loaders_for(viewer: Viewer, house: House) -> Loaders:
    """Fresh ones: what they have loaded is good for one operation, or one event of a subscription."""
    reads, services = house.reads, house.services
    return Loaders(
        members=by_key(reads.members.by_ids, MemberType.from_domain),
        twins=by_key(reads.members.by_ids, lambda member: TwinType.of(member.id)),
        memories=by_key(lambda ids: reads.memories.by_ids(viewer, ids), MemoryType.from_domain),
        facts=by_key(lambda ids: services.facts.by_ids(viewer, ids), FactType.from_domain),
        topics=by_key(lambda ids: reads.topics.by_ids(viewer, ids), PolicyTopicType.from_domain),
        documents=by_key(lambda ids: reads.documents.by_ids(viewer, ids), DocumentType.from_domain),
        mentions=lists_by_key(reads.documents.mentions),
        sessions=by_key(lambda ids: reads.chats.sessions(viewer, ids), ChatSessionType.from_domain),
        messages=by_key(lambda ids: reads.chats.messages(viewer, ids), ChatMessageType.from_domain),
        proposals=by_key(lambda ids: reads.proposals.by_ids(viewer, ids), ProposalType.from_domain),
        votes=by_key(lambda ids: reads.votes.by_ids(viewer, ids), VoteType.from_domain),
        own_votes=by_key(lambda ids: reads.votes.own(viewer, ids), VoteType.from_domain),
        resolutions=by_key(reads.resolutions.by_ids, ResolutionType.from_domain),
        outcomes=by_key(reads.resolutions.by_proposals, ResolutionType.from_domain),
    )


def by_key[K, D, T](
    read: Callable[[list[K]], Awaitable[dict[K, D]]], from_domain: Callable[[D], T]
) -> DataLoader[K, T | None]:
    async def load(keys: list[K]) -> list[T | BaseException | None]:
        found = await read(keys)
        return [from_domain(found[key]) if key in found else None for key in keys]

    return DataLoader(load, max_batch_size=MOST_AT_ONCE)


def lists_by_key[K, D](read: Callable[[list[K]], Awaitable[dict[K, list[D]]]]) -> DataLoader[K, list[D]]:
    async def load(keys: list[K]) -> list[list[D] | BaseException]:
        found = await read(keys)
        return [found.get(key, []) for key in keys]

    return DataLoader(load, max_batch_size=MOST_AT_ONCE)
