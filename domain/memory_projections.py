"""What memories and chats look like in the graph: passages with the sentences that they state, and turns.

All of a passage's facts come from its memory alone, so that they are forgotten with it and can be made again from SQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from domain.chats import ChatMessage, ChatSession
from domain.documents import Document
from domain.facts import Fact, GraphBatch, GraphEdge, GraphEntity
from domain.members import Member, member_group
from domain.memories import ByteRange, Memory
from domain.projections import day, document_node, edge, fact_id, twin, user
from domain.topics import topic_key


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that joins two named entities; the names are as written, the types OntoNotes'.

    `range` is its place in the text that it was found in.
    """

    text: str
    subject: tuple[str, str]
    object: tuple[str, str]
    range: ByteRange


def named(name: str, kind: str) -> GraphEntity:
    """A named entity that extraction found."""
    return GraphEntity(f"entity:{kind.lower()}:{topic_key(name)}", name, ("NamedEntity",), {"type": kind})


def memory_node(memory: Memory) -> GraphEntity:
    """A memory's node, with the fields that every store's row of it carries."""
    content = memory.content
    fields = {
        "domain": content.domain.value,
        "source": content.source,
        "importance": content.importance,
        "session_id": content.session_id,
        "turn": content.turn,
        "ts": memory.created_at.isoformat(),
        "expiration_date": content.expires_at.isoformat() if content.expires_at else None,
        "byte_range": f"{content.byte_range.start}-{content.byte_range.end}" if content.byte_range else None,
        "transaction_id": memory.transaction_id,
    }
    known = {name: value for name, value in fields.items() if value is not None}
    return GraphEntity(f"memory:{memory.id}", f"{content.source} #{content.position}", ("Memory",), known)


def passage_batch(memory: Memory, document: Document, statements: Sequence[Statement]) -> GraphBatch:
    """`(:Document)-[:HOLDS]->(:Memory)`, and what its sentences state; their ranges are those in the document."""
    paper, passage = document_node(document), memory_node(memory)
    holds = edge(paper, passage, relation="HOLDS", transaction_id=document.transaction_id)
    facts = [_stated(document, statement, passage) for statement in statements]
    return GraphBatch(document.group, (paper, passage), (holds,), tuple(facts))


def _stated(document: Document, statement: Statement, passage: GraphEntity) -> Fact:
    """Derived from the memory that has the sentence, so that it is forgotten with it, and never stated without it."""
    return Fact(
        id=fact_id(f"document:{document.id}:STATES:{statement.range.start}"),
        group=document.group,
        relation="STATES",
        text=statement.text,
        subject=named(*statement.subject),
        object=named(*statement.object),
        valid_from=document.uploaded_at,
        valid_to=None,
        created_at=document.uploaded_at,
        transaction_id=document.transaction_id,
        source=passage.key,
    )


def spoken_batch(memory: Memory, member: Member) -> GraphBatch:
    """`(:User)-[:SAID {ts}]->(:Memory)`: a turn's passage has the turn's time and transaction."""
    speaker, passage = user(member), memory_node(memory)
    said = edge(speaker, passage, relation="SAID", transaction_id=memory.transaction_id, at=memory.created_at)
    return GraphBatch(memory.content.group, (speaker, passage), (said,))


def session_batch(session: ChatSession, newest: ChatMessage, member: Member) -> GraphBatch:
    """That the two talked, and about what, in the member's own graph."""
    speaker, listener, source = user(member), twin(member), f"session:{session.id}"
    talked = Fact(
        id=fact_id(source),
        group=member_group(member.id),
        relation="CHATTED",
        text=f"{member.display_name} talked with their twin on {day(session.started_at)}: “{session.title}”.",
        subject=speaker,
        object=listener,
        valid_from=session.started_at,
        valid_to=None,
        created_at=session.started_at,
        transaction_id=newest.transaction_id,
        source=source,
    )
    return GraphBatch(member_group(member.id), (speaker, listener), facts=(talked,))


def chatted(member: Member, newest: ChatMessage | None) -> GraphBatch:
    """`(:User)-[:CHATTED {ts}]->(:DigitalTwin)` with the time of the newest turn; no edge when there is none."""
    speaker, listener = user(member), twin(member)
    between = partial(GraphEdge, speaker.key, listener.key, "CHATTED")
    if newest is None:
        return GraphBatch(member_group(member.id), removed_edges=(between(),))
    told = between({"ts": newest.created_at.isoformat(), "transaction_id": newest.transaction_id})
    return GraphBatch(member_group(member.id), (speaker, listener), (told,))
