"""What a twin recalls for a question: its member's and the DAO's memories and facts, and the last turns."""

from domain.chats import ChatMessage, ChatReads, Citation, SourceKind
from domain.facts import Fact
from domain.members import Viewer
from domain.memories import Memory
from domain.models import Evidence
from domain.periods import Window
from services.facts import Facts
from services.memories import MAX_QUERY, Memories


class TwinRecall:
    """Port `Recall`."""

    def __init__(self, memories: Memories, facts: Facts, chats: ChatReads) -> None:
        self._memories = memories
        self._facts = facts
        self._chats = chats

    async def memories(self, viewer: Viewer, query: str, *, limit: int) -> list[Evidence]:
        """Without what the member has just said: it is no evidence for its own answer."""
        found = await self._memories.search(viewer, query[:MAX_QUERY], limit=limit + 1)
        recalled = [(memory, score) for memory, score in found if memory.content.text not in query]
        return [evidence_of_memory(memory, score, viewer) for memory, score in recalled[:limit]]

    async def facts(self, viewer: Viewer, query: str, *, window: Window, limit: int) -> list[Evidence]:
        found = await self._facts.within(viewer, query[:MAX_QUERY], window=window, limit=limit)
        return [evidence_of_fact(fact, score, viewer) for fact, score in found]

    async def turns(self, session_id: int, *, before_turn: int, limit: int) -> list[ChatMessage]:
        return await self._chats.recent(session_id, before_turn=before_turn, limit=limit)


def evidence_of_memory(memory: Memory, score: float, viewer: Viewer) -> Evidence:
    citation = Citation(SourceKind.MEMORY, str(memory.id), memory.content.text, score)
    own = memory.content.member_id == viewer.member_id
    return Evidence(citation, memory.content.text, memory.content.source, memory.created_at, own)


def evidence_of_fact(fact: Fact, score: float, viewer: Viewer) -> Evidence:
    citation = Citation(SourceKind.FACT, fact.id, fact.text, score)
    own = fact.subject.key == f"member:{viewer.member_id}"
    return Evidence(citation, fact.text, "the record", fact.valid_from or fact.created_at, own)
