"""What a twin recalls for a question: its member's and the DAO's memories and facts, and the last turns."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from domain.chats import ChatMessage, ChatReads, Citation, Sender, SourceKind
from domain.facts import Fact
from domain.members import Viewer
from domain.memories import Memory, MemoryReads
from domain.models import Evidence
from domain.periods import Window
from domain.recall import OVERFETCH, chosen
from services.chats import stated_in
from services.facts import Facts
from services.memories import MAX_LIMIT, MAX_QUERY, Memories


class TwinRecall:
    """Port `Recall`."""

    def __init__(self, memories: Memories, facts: Facts, *, chats: ChatReads, kept: MemoryReads) -> None:
        self._memories = memories
        self._facts = facts
        self._chats = chats
        self._kept = kept

    async def memories(self, viewer: Viewer, query: str, *, limit: int) -> list[Evidence]:
        """Without what the member has just said: it is no evidence for its own answer."""
        found = await self._memories.search(viewer, query[:MAX_QUERY], limit=min(MAX_LIMIT, limit * OVERFETCH))
        recalled = [evidence_of_memory(*hit, viewer) for hit in found if hit[0].content.text not in query]
        return chosen(recalled, limit=limit)

    async def facts(self, viewer: Viewer, query: str, *, window: Window, limit: int) -> list[Evidence]:
        found = await self._facts.within(viewer, query[:MAX_QUERY], window=window, limit=limit)
        return [evidence_of_fact(fact, score, viewer) for fact, score in found]

    async def turns(self, session_id: int, *, before_turn: int, limit: int) -> list[ChatMessage]:
        """Without what the member has had forgotten, in whoever's words."""
        turns = await self._chats.recent(session_id, before_turn=before_turn, limit=limit)
        said = [turn for turn in turns if turn.sender is Sender.MEMBER]
        forgotten = [text for each in await asyncio.gather(*map(self._forgotten, said)) for text in each]
        return [each for turn in turns if (each := without(forgotten, turn)).content or turn.sender is Sender.TWIN]

    async def _forgotten(self, turn: ChatMessage) -> list[str]:
        kept = {memory.content.text for memory in await self._kept.of_source(message_id=turn.id)}
        return [statement for statement in stated_in(turn.content) if statement not in kept]


def without(forgotten: Sequence[str], turn: ChatMessage) -> ChatMessage:
    content = turn.content
    for statement in forgotten:
        content = content.replace(statement, "")
    return replace(turn, content=content.strip())


def evidence_of_memory(memory: Memory, score: float, viewer: Viewer) -> Evidence:
    citation = Citation(SourceKind.MEMORY, str(memory.id), memory.content.text, score)
    own = memory.content.member_id == viewer.member_id
    return Evidence(citation, memory.content.text, memory.content.source, memory.created_at, own)


def evidence_of_fact(fact: Fact, score: float, viewer: Viewer) -> Evidence:
    citation = Citation(SourceKind.FACT, fact.id, fact.text, score)
    own = fact.subject.key == f"member:{viewer.member_id}"
    return Evidence(citation, fact.text, "the record", fact.valid_from or fact.created_at, own)
