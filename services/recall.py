"""What a twin recalls for a question: its member's and the DAO's memories and facts, and the last turns."""

from domain.chats import ChatReads, Citation, SourceKind
from domain.facts import Fact
from domain.memories import Memory
from domain.models import Evidence, Turn
from domain.recall import Question
from services.facts import Facts
from services.memories import MAX_QUERY, Memories


class TwinRecall:
    """Port `Recall`."""

    def __init__(self, memories: Memories, facts: Facts, chats: ChatReads) -> None:
        self._memories = memories
        self._facts = facts
        self._chats = chats

    async def memories(self, question: Question, *, limit: int) -> list[Evidence]:
        found = await self._memories.search(question.viewer, question.text[:MAX_QUERY], limit=limit + 1)
        asked = [hit for hit in found if not is_of_turn(hit[0], question)]
        return [evidence_of_memory(memory, score, question) for memory, score in asked[:limit]]

    async def facts(self, question: Question, *, limit: int, days: int) -> list[Evidence]:
        found = await self._facts.scored(question.viewer, question.text[:MAX_QUERY], limit=limit, days=days)
        return [evidence_of_fact(fact, score, question) for fact, score in found]

    async def turns(self, question: Question, *, limit: int) -> list[Turn]:
        recent = await self._chats.recent(question.session_id, before_turn=question.turn, limit=limit)
        return [Turn(message.sender, message.content) for message in recent]


def is_of_turn(memory: Memory, question: Question) -> bool:
    """What was just said is no evidence for its own answer."""
    return memory.content.session_id == question.session_id and memory.content.turn == question.turn


def evidence_of_memory(memory: Memory, score: float, question: Question) -> Evidence:
    citation = Citation(SourceKind.MEMORY, str(memory.id), memory.content.text, score)
    own = memory.content.member_id == question.viewer.member_id
    return Evidence(citation, memory.content.text, memory.content.source, memory.created_at, own)


def evidence_of_fact(fact: Fact, score: float, question: Question) -> Evidence:
    citation = Citation(SourceKind.FACT, fact.id, fact.text, score)
    own = fact.subject.key == f"member:{question.viewer.member_id}"
    return Evidence(citation, fact.text, "the record", fact.valid_from or fact.created_at, own)
