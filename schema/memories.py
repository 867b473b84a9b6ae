"""What twins remember."""

from datetime import datetime

import strawberry

from domain.errors import BadInput
from domain.memories import ByteRange, Memory, MemoryDomain, MemoryFilter, MemoryKind
from schema.commands import CommandInput, Payload
from schema.enums import described
from schema.ids import global_id
from schema.nodes import Node
from schema.pages import Connection

described(
    MemoryDomain,
    "MemoryDomain",
    "Where a memory came from.",
    DOC="A document.",
    CHAT="A conversation with the twin.",
    TWEET="A post of the member's.",
    TELEGRAM="A chat group.",
    VOTE="A ballot.",
)
described(
    MemoryKind,
    "MemoryKind",
    "What a memory is.",
    FACT="Something that is so.",
    PREFERENCE="What the member likes or dislikes.",
    EPISODE="Something that happened.",
    SUMMARY="Several memories in fewer words.",
    VOICE="A sample of how the member writes.",
)


@strawberry.type(name="ByteRange", description="UTF-8 bytes of the document's stored text, half-open.")
class ByteRangeType:
    start: int = strawberry.field(description="The first byte.")
    end: int = strawberry.field(description="The byte after the last.")

    @classmethod
    def from_domain(cls, bytes: ByteRange) -> "ByteRangeType":
        return cls(start=bytes.start, end=bytes.end)


@strawberry.type(name="Memory", description="A passage of what a member wrote or said.")
class MemoryType(Node):
    text: str = strawberry.field(description="The passage, word for word.")
    domain: MemoryDomain = strawberry.field(description="Where it came from.")
    kind: MemoryKind = strawberry.field(description="What it is.")
    source: str = strawberry.field(description="Its source for people: a filename, or `chat`.")
    importance: float = strawberry.field(description="How much it weighs when memories are recalled, 0..1.")
    session_id: strawberry.ID | None = strawberry.field(description="The ChatSession it was said in.")
    turn: int | None = strawberry.field(description="The number of the message in that session, from 0.")
    byte_range: ByteRangeType | None = strawberry.field(description="Its place in the document it came from.")
    created_at: datetime = strawberry.field(description="When it was remembered.")
    expires_at: datetime | None = strawberry.field(description="From then on it is not recalled; null: never.")
    transaction_id: strawberry.ID = strawberry.field(description="The transaction that wrote it, in every store.")

    @classmethod
    def from_domain(cls, memory: Memory) -> "MemoryType":
        content = memory.content
        return cls(
            id=global_id("Memory", memory.id),
            text=content.text,
            domain=content.domain,
            kind=content.kind,
            source=content.source,
            importance=content.importance,
            session_id=None if content.session_id is None else global_id("ChatSession", content.session_id),
            turn=content.turn,
            byte_range=None if content.byte_range is None else ByteRangeType.from_domain(content.byte_range),
            created_at=memory.created_at,
            expires_at=content.expires_at,
            transaction_id=strawberry.ID(memory.transaction_id),
        )


MemoryConnection = Connection[MemoryType]


@strawberry.type(description="A memory that a search found.")
class MemoryHit:
    memory: MemoryType = strawberry.field(description="What was found.")
    score: float = strawberry.field(description="How near it is to the query, 0..1; higher is nearer.")


@strawberry.input(name="MemoryFilter", description="Which memories; every condition that is given must hold.")
class MemoryFilterInput:
    domains: list[MemoryDomain] | None = strawberry.field(description="From any of these.", default=None)
    kinds: list[MemoryKind] | None = strawberry.field(description="Of any of these kinds.", default=None)
    min_importance: float | None = strawberry.field(description="At least this important, 0..1.", default=None)
    created_after: datetime | None = strawberry.field(description="Remembered after this moment.", default=None)
    include_superseded: bool | None = strawberry.field(
        description="Also what a newer memory has replaced; null: no.", default=None
    )

    @staticmethod
    def domain_of(given: "MemoryFilterInput | None") -> MemoryFilter:
        """Raises BadInput."""
        if given is None:
            return MemoryFilter()
        if given.min_importance is not None and not 0 <= given.min_importance <= 1:
            raise BadInput("minImportance must be between 0 and 1.", field=("filter", "minImportance"))
        return MemoryFilter(
            domains=tuple(given.domains or ()),
            kinds=tuple(given.kinds or ()),
            min_importance=given.min_importance,
            created_after=given.created_after,
        )


@strawberry.input(description="Which memory to forget.")
class ForgetMemoryInput(CommandInput):
    memory_id: strawberry.ID = strawberry.field(description="One of the viewer's own memories.")


@strawberry.type(description="What was forgotten, or why nothing was.")
class ForgetMemoryPayload(Payload):
    forgotten_id: strawberry.ID | None = strawberry.field(description="Null when it was refused.", default=None)
