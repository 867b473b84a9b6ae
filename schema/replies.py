"""A twin's reply as it is made."""

import strawberry

from domain.replies import ReplyContext, ReplyDone, ReplyFailed, ReplyToken, Sequenced
from schema.chats import ChatMessageType
from schema.citations import CitationType
from schema.context import Info
from schema.errors import UserErrorType
from schema.fields import field
from schema.nodes import present


@strawberry.interface(description="One event of a twin's reply.")
class ChatEvent:
    seq: int = strawberry.field(description="Its place, from 0, without a gap.")


@strawberry.type(description="What was recalled, before the first word.")
class ChatContext(ChatEvent):
    citations: list[CitationType] = strawberry.field(description="What the answer may rest on.")
    degraded: bool = strawberry.field(
        description="Given with less than usual: a store was away, or another model than the chosen one answered."
    )


@strawberry.type(description="The next words of the answer.")
class ChatToken(ChatEvent):
    text: str = strawberry.field(description="To be joined to what came before.")


@strawberry.type(description="The answer is complete and stored. Nothing follows.")
class ChatDone(ChatEvent):
    reply_id: strawberry.Private[int]

    @field("The twin's message.")
    async def message(self, info: Info) -> ChatMessageType:
        return await present(info.context.loaders.messages.load(self.reply_id))


@strawberry.type(description="The answer could not be finished; what there is of it stays. Nothing follows.")
class ChatFailed(ChatEvent):
    error: UserErrorType = strawberry.field(description="What went wrong.")


def event_of(reply_id: int, sequenced: Sequenced) -> ChatEvent:
    """One event of the reply, which is the twin's message of that id."""
    seq = sequenced.seq
    match sequenced.event:
        case ReplyContext(citations=citations, degraded=degraded):
            return ChatContext(
                seq=seq, citations=[CitationType.from_domain(each) for each in citations], degraded=degraded
            )
        case ReplyToken(text=text):
            return ChatToken(seq=seq, text=text)
        case ReplyDone():
            return ChatDone(seq=seq, reply_id=reply_id)
        case ReplyFailed(code=code, message=message, retryable=retryable):
            return ChatFailed(seq=seq, error=UserErrorType.of(code, message, retryable=retryable))
