"""The events of a twin's reply as JSON: the fields of GraphQL's ChatEvent types."""

import asyncio
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from app.http.bodies import Moment, Refusal, Told
from domain.chats import Citation, Sender
from domain.replies import ReplyContext, ReplyDone, ReplyFailed, ReplyToken, Sequenced
from schema.chats import ChatMessageType
from schema.citations import source_of
from schema.errors import ErrorCode
from schema.ids import noun_and_key
from schema.loaders import Loaders
from services.replies import DELETED


class SourceView(Told):
    """Where quoted words stand."""

    typename: str = Field(alias="__typename", description="Memory, Fact or ChatMessage.")
    id: str = Field(description="Opaque and the same for ever.")


class CitationView(Told):
    """Words that an answer rests on, and where they stand."""

    score: float = Field(description="How much it mattered, 0..1.")
    quote: str | None = Field(description="The words; null when the source is.")
    source: SourceView | None = Field(description="Null once it was forgotten.")


class SessionView(Told):
    """A conversation of a member with its own twin."""

    id: str = Field(description="Opaque and the same for ever.")
    title: str = Field(description="Given by the member.")


class ChatMessageView(Told):
    """One turn of a conversation."""

    id: str = Field(description="Opaque and the same for ever.")
    sender: Sender = Field(description="Who wrote it.")
    content: str = Field(description="The text.")
    created_at: Moment = Field(description="When it was sent, or its answer begun.")
    complete: bool = Field(description="False while the twin is answering.")
    citations: list[CitationView] = Field(description="What the answer rests on.")
    model: str | None = Field(description="What wrote the answer; `built-in` is the built-in answerer.")
    degraded: bool = Field(
        description="Given with less than usual: a store was away, or another model than the chosen one answered."
    )
    rating: int | None = Field(description="The member's, 1 (not me) to 5 (exactly me).")
    session: SessionView = Field(description="The conversation it belongs to.")

    @classmethod
    def of(cls, found: ChatMessageType, citations: list[CitationView], session: SessionView) -> "ChatMessageView":
        return cls(
            id=found.id,
            sender=found.sender,
            content=found.content,
            created_at=found.created_at,
            complete=found.complete,
            citations=citations,
            model=found.model,
            degraded=found.degraded,
            rating=found.rating,
            session=session,
        )


class ChatEventView(Told):
    """One event of a twin's reply."""

    seq: int = Field(description="Its place, from 0, without a gap; the event's `id`.")


class ChatContextView(ChatEventView):
    """`event: context`. What was recalled, before the first word."""

    citations: list[CitationView] = Field(description="What the answer may rest on.")
    degraded: bool = Field(
        description="Given with less than usual: a store was away, or another model than the chosen one answered."
    )


class ChatTokenView(ChatEventView):
    """`event: token`. The next words of the answer."""

    text: str = Field(description="To be joined to what came before.")


class ChatDoneView(ChatEventView):
    """`event: done`. The answer is complete and stored. Nothing follows."""

    message: ChatMessageView = Field(description="The twin's message.")


class ChatFailedView(ChatEventView):
    """`event: failed`. The answer could not be finished; what there is of it stays. Nothing follows."""

    error: Refusal = Field(description="What went wrong.")


EVENTS: dict[type[ChatEventView], str] = {
    ChatContextView: "context",
    ChatTokenView: "token",
    ChatDoneView: "done",
    ChatFailedView: "failed",
}


def described(view: type[ChatEventView]) -> dict[str, Any]:
    """An event as OpenAPI 3.1 describes each of a stream."""
    return {
        "type": "object",
        "required": ["id", "event", "data"],
        "properties": {
            "id": {"type": "string", "pattern": "^[0-9]+$", "description": "The seq."},
            "event": {"const": EVENTS[view]},
            "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": {"$ref": f"#/components/schemas/{view.__name__}"},
            },
        },
    }


async def told(reply_id: int, sequenced: Sequenced, loaders: Loaders) -> ChatEventView:
    """One event of the reply, as the loaders' viewer may read it."""
    seq = sequenced.seq
    match sequenced.event:
        case ReplyToken(text):
            return ChatTokenView(seq=seq, text=text)
        case ReplyContext(citations, degraded):
            return ChatContextView(seq=seq, citations=await cited(citations, loaders), degraded=degraded)
        case ReplyDone():
            return await _done(reply_id, seq, loaders)
        case ReplyFailed() as failure:
            return _failed(seq, failure)


async def _done(reply_id: int, seq: int, loaders: Loaders) -> ChatEventView:
    """ChatFailed when the conversation was deleted since."""
    message = await loaders.messages.load(reply_id)
    session = await loaders.sessions.load(message.message.session_id) if message else None
    if message is None or session is None:
        return _failed(seq, DELETED)
    citations = await cited(message.message.citations, loaders)
    told = SessionView(id=session.id, title=session.title)
    return ChatDoneView(seq=seq, message=ChatMessageView.of(message, citations, told))


def _failed(seq: int, failure: ReplyFailed) -> ChatFailedView:
    error = Refusal(code=ErrorCode(failure.code), message=failure.message, field=None, retryable=failure.retryable)
    return ChatFailedView(seq=seq, error=error)


async def cited(citations: Sequence[Citation], loaders: Loaders) -> list[CitationView]:
    return list(await asyncio.gather(*(_cited(citation, loaders) for citation in citations)))


async def _cited(citation: Citation, loaders: Loaders) -> CitationView:
    found = await source_of(citation, loaders)
    if found is None:
        return CitationView(score=citation.score, quote=None, source=None)
    noun, _ = noun_and_key(found.id)
    return CitationView(
        score=citation.score,
        quote=citation.quote,
        source=SourceView.model_validate({"__typename": noun, "id": found.id}),
    )
