"""What the graph should hold of rows of SQL, as they are now."""

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from typing import Protocol

from domain.documents import DocumentReads
from domain.entities import Mention
from domain.facts import GraphBatch
from domain.members import DAO_GROUP, Member
from domain.memories import ByteRange, Memory
from domain.memory_projections import chatted, passage_batch, session_batch, spoken_batch
from domain.policy_projections import policy_batch
from domain.projections import document_batch, member_batches
from domain.proposal_projections import proposal_batch, resolution_batch, vote_batch, vote_node
from domain.reconciliation import Expected, Kind
from domain.relations import stated_in
from services.projections import ProjectedReads


class ExpectedReads(ProjectedReads, Protocol):
    """Of a process' reads, those that say what should be."""

    @property
    def documents(self) -> DocumentReads: ...


class Expectations:
    """A few reads a slice, however long it is. A row that is gone by now has none."""

    def __init__(self, reads: ExpectedReads) -> None:
        self._reads = reads

    async def of(self, kind: Kind, ids: list[int]) -> list[Expected]:
        match kind:
            case Kind.MEMBER:
                return await self._members(ids)
            case Kind.DOCUMENT:
                return await self._documents(ids)
            case Kind.MEMORY:
                return await self._memories(ids)
            case Kind.SESSION:
                return await self._sessions(ids)
            case Kind.PROPOSAL:
                return await self._proposals(ids)
            case Kind.VOTE:
                return await self._votes(ids)
            case Kind.RESOLUTION:
                return await self._resolutions(ids)
            case Kind.POLICY:
                return await self._policies(ids)
            case Kind.TOPIC:
                return []

    async def _members(self, ids: list[int]) -> list[Expected]:
        members = await self._reads.members.by_ids(ids)
        newest = await self._reads.chats.newest(ids)
        found: list[Expected] = []
        for member in members.values():
            shared, own = member_batches(member)
            edge = chatted(member, newest.get(member.id)).edges
            rests_on = frozenset({f"message:{newest[member.id].id}"} if member.id in newest else ())
            own = GraphBatch(own.group, own.nodes, (*own.edges, *edge))
            owners = (f"member:{member.id}", f"twin:{member.id}")
            found += [Expected(Kind.MEMBER, member.id, owners, batch, rests_on) for batch in (shared, own)]
        return found

    async def _documents(self, ids: list[int]) -> list[Expected]:
        documents = await self._reads.documents.any_by_ids(ids)
        members = await self._authors([document.member_id for document in documents.values()])
        topics = await self._reads.topics.all_by_ids(
            sorted({id for each in documents.values() for id in each.topic_ids})
        )
        return [
            _expected(
                Kind.DOCUMENT,
                id,
                document_batch(document, members[document.member_id], topics=[topics[t] for t in document.topic_ids]),
                f"member:{document.member_id}",
            )
            for id, document in documents.items()
        ]

    async def _memories(self, ids: list[int]) -> list[Expected]:
        memories = await self._reads.memories.all_by_ids(ids)
        documents = await self._reads.documents.any_by_ids(
            list({m.content.document_id for m in memories.values() if m.content.document_id is not None})
        )
        members = await self._authors([memory.content.member_id for memory in memories.values()])
        mentions = await self._reads.documents.mentions_between(spans(list(memories.values())))
        read = [m for m in memories.values() if m.content.document_id is None or m.content.document_id in documents]

        def batch(memory: Memory) -> GraphBatch:
            document_id = memory.content.document_id
            if document_id is None:
                return spoken_batch(memory, members[memory.content.member_id])
            return passage_batch(memory, documents[document_id], stated_in(memory, inside(memory, mentions)))

        batches = await asyncio.to_thread(lambda: [batch(memory) for memory in read])
        return [
            _expected(
                Kind.MEMORY,
                memory.id,
                batch,
                f"document:{memory.content.document_id}",
                f"message:{memory.content.message_id}",
            )
            for memory, batch in zip(read, batches, strict=True)
        ]

    async def _sessions(self, ids: list[int]) -> list[Expected]:
        newest = await self._reads.chats.newest_of(ids)
        sessions = await self._reads.chats.any_sessions(ids)
        members = await self._authors([session.member_id for session in sessions.values()])
        return [
            _expected(
                Kind.SESSION,
                id,
                session_batch(session, newest[id], members[session.member_id]),
                f"member:{session.member_id}",
                f"message:{newest[id].id}",
            )
            for id, session in sessions.items()
            if id in newest
        ]

    async def _proposals(self, ids: list[int]) -> list[Expected]:
        proposals = await self._reads.proposals.any_by_ids(ids)
        members = await self._authors([proposal.author_id for proposal in proposals.values()])
        topics = await self._reads.topics.all_by_ids(
            sorted({id for each in proposals.values() for id in each.topic_ids})
        )
        return [
            _expected(Kind.PROPOSAL, id, batch, f"member:{proposal.author_id}")
            for id, proposal in proposals.items()
            if (
                batch := proposal_batch(
                    proposal, members[proposal.author_id], topics=[topics[t] for t in proposal.topic_ids], votes=()
                )
            )
        ]

    async def _votes(self, ids: list[int]) -> list[Expected]:
        """One that a delegate's ballot made at the close has no revisions, and stands alone."""
        shown = await self._reads.votes.cast_by_ids(ids)
        revisions = await self._reads.votes.revisions(list(shown))
        proposals = await self._reads.proposals.any_by_ids(list({vote.ballot.proposal_id for vote in shown.values()}))
        members = await self._authors([vote.ballot.member_id for vote in shown.values()])
        found = []
        for id, vote in shown.items():
            proposal = proposals[vote.ballot.proposal_id]
            if proposal.hidden:
                continue
            batch = (
                vote_batch(revisions[id], members[vote.ballot.member_id], proposal, shown=vote)
                if id in revisions
                else GraphBatch(DAO_GROUP, (vote_node(vote, proposal),))
            )
            found.append(_expected(Kind.VOTE, id, batch, f"member:{vote.ballot.member_id}", f"proposal:{proposal.id}"))
        return found

    async def _resolutions(self, ids: list[int]) -> list[Expected]:
        resolutions = await self._reads.resolutions.by_ids(ids)
        proposals = await self._reads.proposals.any_by_ids([each.proposal_id for each in resolutions.values()])
        return [
            _expected(
                Kind.RESOLUTION,
                id,
                resolution_batch(resolution, proposals[resolution.proposal_id]),
                f"proposal:{resolution.proposal_id}",
            )
            for id, resolution in resolutions.items()
        ]

    async def _policies(self, ids: list[int]) -> list[Expected]:
        policies = await self._reads.policies.by_ids(ids)
        topics = await self._reads.topics.all_by_ids(
            sorted({id for each in policies.values() for id in each.topic_ids})
        )
        enacting = [each.enacted_by_id for each in policies.values() if each.enacted_by_id is not None]
        proposals = await self._reads.proposals.any_by_ids(enacting)
        return [
            _expected(
                Kind.POLICY,
                id,
                policy_batch(
                    policy,
                    [topics[t] for t in policy.topic_ids],
                    proposals.get(policy.enacted_by_id) if policy.enacted_by_id else None,
                ),
                f"proposal:{policy.enacted_by_id}",
            )
            for id, policy in policies.items()
        ]

    async def _authors(self, ids: Sequence[int]) -> dict[int, Member]:
        return await self._reads.members.by_ids(list(set(ids)))


def _expected(kind: Kind, id: int, batch: GraphBatch, *rests_on: str) -> Expected:
    return Expected(kind, id, (f"{kind.value}:{id}",), batch, frozenset(rests_on))


def spans(memories: Sequence[Memory]) -> dict[int, ByteRange]:
    """By document, from the first of these passages to the last."""
    found: dict[int, ByteRange] = {}
    for memory in memories:
        place, document_id = memory.content.byte_range, memory.content.document_id
        if place is not None and document_id is not None:
            so_far = found.get(document_id, place)
            found[document_id] = ByteRange(min(so_far.start, place.start), max(so_far.end, place.end))
    return found


def inside(memory: Memory, mentions: dict[int, list[Mention]]) -> list[Mention]:
    """Its document's mentions, those far from it left out early."""
    place, document_id = memory.content.byte_range, memory.content.document_id
    if place is None or document_id is None:
        return []
    of_document = mentions.get(document_id, [])
    first = bisect_left(of_document, place.start, key=start_of)
    return of_document[first : bisect_left(of_document, place.end, key=start_of)]


def start_of(mention: Mention) -> int:
    return mention.start
