"""Bringing committed events into the graph and the memory index, in order and idempotently."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any, Protocol

from domain.chats import ChatReads
from domain.crashes import passing
from domain.errors import NotFound
from domain.facts import Graph, GraphBatch
from domain.members import DAO_GROUP, Member, MemberReads, member_of
from domain.memories import Memory, MemoryIndex, MemoryReads
from domain.memory_projections import chatted, session_batch, spoken_batch
from domain.outbox import OutboxEntry
from domain.policies import PolicyReads
from domain.policy_projections import policy_batch
from domain.projections import member_batches
from domain.proposal_projections import proposal_batch, resolution_batch, vote_batch
from domain.proposals import ProposalReads
from domain.resolutions import ResolutionReads
from domain.topics import TopicReads
from domain.votes import VoteReads

REMOVALS = frozenset({"DocumentRemoved", "MemoriesRemoved", "ChatRemoved"})


class ProjectedReads(Protocol):
    """Of a process' reads, those that projections need."""

    @property
    def members(self) -> MemberReads: ...
    @property
    def memories(self) -> MemoryReads: ...
    @property
    def topics(self) -> TopicReads: ...
    @property
    def chats(self) -> ChatReads: ...
    @property
    def policies(self) -> PolicyReads: ...
    @property
    def proposals(self) -> ProposalReads: ...
    @property
    def votes(self) -> VoteReads: ...
    @property
    def resolutions(self) -> ResolutionReads: ...


class Renamed(Protocol):
    """Of `services.renames.Renames`, what a new name needs beside the member's own nodes."""

    async def show(self, member_id: int) -> None: ...


class Projections:
    """Rows are read as they are now, so a late or repeated event brings the present state."""

    def __init__(self, reads: ProjectedReads, graph: Graph, index: MemoryIndex, renames: Renamed) -> None:
        self._reads = reads
        self._graph = graph
        self._index = index
        self._renames = renames

    async def project(self, entries: Sequence[OutboxEntry]) -> None:
        """Raises SyncFailed; nothing is lost then, the same entries come again."""
        memories: list[Memory] = []
        newest = newest_of(entries)
        batches = await self._governance(newest)
        for entry in newest:
            if entry.name in REMOVALS:
                await self._flush(batches, memories)
                await self._forget(entry.name, entry.args)
            elif entry.name == "MessageSent":
                await self._message(entry.args["message_id"], batches, memories)
            else:
                batches += await self._batches(entry)
        await self._flush(batches, memories)
        for entry in newest:
            if entry.name == "MemberRenamed":
                await self._renames.show(entry.args["member_id"])

    async def probe(self) -> None:
        """Remove what is not there, to tell whether both stores can be written. Raises SyncFailed when one cannot."""
        await asyncio.gather(self._graph.forget(DAO_GROUP, ["nothing:0"]), self._index.remove([0]))

    async def _flush(self, batches: list[GraphBatch], memories: list[Memory]) -> None:
        """Into both stores at once; then the lists are empty."""
        passing("event.gathered")
        await asyncio.gather(self._graph.record(batches), self._index.add_batch(memories))
        batches.clear()
        memories.clear()

    async def _batches(self, entry: OutboxEntry) -> list[GraphBatch]:
        args = entry.args
        match entry.name:
            case "MemberJoined" | "MemberRenamed":
                return await self._member(args["member_id"])
            case "PolicyChanged":
                return await self._policy(args["policy_id"])
        return []

    async def _member(self, member_id: int) -> list[GraphBatch]:
        found = await self._reads.members.by_ids([member_id])
        return [batch for member in found.values() for batch in member_batches(member)]

    async def _message(self, message_id: int, batches: list[GraphBatch], memories: list[Memory]) -> None:
        """Add what a member's turn brings."""
        try:
            message, member_id = await self._reads.chats.reply(message_id)
        except NotFound:
            return  # the chat was deleted meanwhile
        stated = await self._reads.memories.of_source(message_id=message_id)
        sessions = await self._reads.chats.any_sessions([message.session_id])
        member = (await self._reads.members.by_ids([member_id]))[member_id]
        memories += stated
        batches += [spoken_batch(memory, member) for memory in stated]
        batches += [session_batch(session, message, member) for session in sessions.values()]
        batches.append(await self._chatted(member))

    async def _chatted(self, member: Member) -> GraphBatch:
        newest = await self._reads.chats.newest([member.id])
        return chatted(member, newest.get(member.id))

    async def _governance(self, entries: Sequence[OutboxEntry]) -> list[GraphBatch]:
        """Many events with few reads: neither a busy vote nor what waited for a store may hold the worker up."""
        votes = ids_in(entries, "vote_id", of=["BallotCast"])
        proposals = ids_in(entries, "proposal_id", of=["ProposalChanged", "ProposalResolved"])
        resolutions = ids_in(entries, "resolution_id", of=["ProposalResolved"])
        batches = await self._voted(votes) if votes else []
        batches += await self._proposed(proposals) if proposals else []
        return batches + (await self._resolved(resolutions) if resolutions else [])

    async def _proposed(self, proposal_ids: list[int]) -> list[GraphBatch]:
        proposals = await self._reads.proposals.any_by_ids(proposal_ids)
        votes = await self._reads.votes.of_proposals([each.id for each in proposals.values() if not each.hidden])
        members = await self._reads.members.by_ids(list({each.author_id for each in proposals.values()}))
        topics = await self._reads.topics.all_by_ids(list({id for each in proposals.values() for id in each.topic_ids}))
        batches = (
            proposal_batch(
                proposal,
                members[proposal.author_id],
                topics=[topics[id] for id in proposal.topic_ids],
                votes=votes.get(proposal.id, []),
            )
            for proposal in (proposals[id] for id in proposal_ids)
        )
        return [batch for batch in batches if batch]

    async def _voted(self, vote_ids: list[int]) -> list[GraphBatch]:
        revisions = await self._reads.votes.revisions(vote_ids)
        ballots = [of_vote[-1].ballot for of_vote in revisions.values()]
        shown = await self._reads.votes.cast_by_ids(list(revisions))
        proposals = await self._reads.proposals.any_by_ids(list({ballot.proposal_id for ballot in ballots}))
        members = await self._reads.members.by_ids(list({ballot.member_id for ballot in ballots}))
        return [
            vote_batch(
                revisions[vote_id],
                members[ballot.member_id],
                proposals[ballot.proposal_id],
                shown=shown.get(vote_id, revisions[vote_id][-1]),
            )
            for vote_id, ballot in zip(revisions, ballots, strict=True)
            if not proposals[ballot.proposal_id].hidden
        ]

    async def _resolved(self, resolution_ids: list[int]) -> list[GraphBatch]:
        """With the ballots of votes that were hidden until now."""
        resolutions = await self._reads.resolutions.by_ids(resolution_ids)
        proposals = await self._reads.proposals.any_by_ids([each.proposal_id for each in resolutions.values()])
        batches = [resolution_batch(each, proposals[each.proposal_id]) for each in resolutions.values()]
        unsealed = [each.id for each in proposals.values() if each.rules.hidden_until_close]
        votes = await self._reads.votes.of_proposals(unsealed) if unsealed else {}
        cast = [vote.id for of_proposal in votes.values() for vote in of_proposal if vote.revision]
        return batches + (await self._voted(cast) if cast else [])

    async def _policy(self, policy_id: int) -> list[GraphBatch]:
        policy = (await self._reads.policies.by_ids([policy_id]))[policy_id]
        topics = await self._reads.topics.all_by_ids(list(policy.topic_ids))
        proposals = await self._reads.proposals.any_by_ids([policy.enacted_by_id] if policy.enacted_by_id else [])
        return [policy_batch(policy, list(topics.values()), next(iter(proposals.values()), None))]

    async def _forget(self, name: str, args: dict[str, Any]) -> None:
        memory_ids = args["memory_ids"]
        await self._index.remove(memory_ids)
        passing("removal.half")
        keys = [f"memory:{memory_id}" for memory_id in memory_ids]
        keys += [f"document:{document_id}" for document_id in args.get("document_ids", ())]
        if name == "ChatRemoved":
            keys.append(f"session:{args['session_id']}")
        await self._graph.forget(args["group"], keys)
        whose = member_of(args["group"])
        if name == "ChatRemoved" and whose is not None:
            members = await self._reads.members.by_ids([whose])
            await self._graph.record([await self._chatted(member) for member in members.values()])


def ids_in(entries: Sequence[OutboxEntry], field: str, *, of: Collection[str]) -> list[int]:
    """Of the events of these names, each once."""
    return list(dict.fromkeys(entry.args[field] for entry in entries if entry.name in of))


def newest_of(entries: Sequence[OutboxEntry]) -> list[OutboxEntry]:
    """Of equal events the last one, in order: rows are read as they are now, so once is enough."""
    last = {(entry.name, str(entry.args)): entry for entry in entries}
    return sorted(last.values(), key=lambda entry: entry.id)
