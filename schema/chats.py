"""Conversations of members with their twins."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.chats import ChatMessage, ChatSession, Sender
from schema.citations import CitationType
from schema.commands import CommandInput, Payload
from schema.context import Info
from schema.enums import described
from schema.fields import field
from schema.ids import global_id
from schema.nodes import Node, present
from schema.pages import After, Before, Connection, First, Last, connection, wanted

if TYPE_CHECKING:
    from schema.twins import TwinType

described(Sender, "Sender", "Who wrote a message.", MEMBER="The member.", TWIN="Its digital twin.")


@strawberry.type(name="ChatMessage", description="One turn of a conversation.")
class ChatMessageType(Node):
    message: strawberry.Private[ChatMessage]
    sender: Sender = strawberry.field(description="Who wrote it.")
    content: str = strawberry.field(description="The text; while the twin answers, not yet all of it.")
    created_at: datetime = strawberry.field(description="When it was sent, or its answer begun.")
    complete: bool = strawberry.field(description="False while the twin is answering.")
    citations: list[CitationType] = strawberry.field(description="What the answer rests on.")
    model: str | None = strawberry.field(description="What wrote the answer; `built-in` is the built-in answerer.")
    degraded: bool = strawberry.field(
        description="Given with less than usual: a store was away, or another model than the chosen one answered."
    )
    rating: int | None = strawberry.field(description="The member's, 1 (not me) to 5 (exactly me).")

    @field("The conversation it belongs to.")
    async def session(self, info: Info) -> Annotated["ChatSessionType", strawberry.lazy("schema.chats")]:
        return await present(info.context.loaders.sessions.load(self.message.session_id))

    @classmethod
    def from_domain(cls, message: ChatMessage) -> "ChatMessageType":
        return cls(
            id=global_id("ChatMessage", message.id),
            message=message,
            sender=message.sender,
            content=message.content,
            created_at=message.created_at,
            complete=message.complete,
            citations=[CitationType.from_domain(each) for each in message.citations],
            model=message.model,
            degraded=message.degraded,
            rating=None,
        )


ChatMessageConnection = Connection[ChatMessageType]


@strawberry.type(name="ChatSession", description="A conversation of a member with its own twin.")
class ChatSessionType(Node):
    session: strawberry.Private[ChatSession]
    title: str = strawberry.field(description="Given by the member.")
    started_at: datetime = strawberry.field(description="When it was started.")

    @field("With whom.")
    async def twin(self, info: Info) -> Annotated["TwinType", strawberry.lazy("schema.twins")]:
        return await present(info.context.loaders.twins.load(self.session.member_id))

    @field("Its messages, oldest first.")
    async def messages(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> ChatMessageConnection:
        asked = wanted("messages", first, after, last, before)
        page = await info.context.loaders.messages_of_sessions.load((asked, self.session.id))
        return connection("messages", page, ChatMessageType.from_domain)

    @classmethod
    def from_domain(cls, session: ChatSession) -> "ChatSessionType":
        return cls(
            id=global_id("ChatSession", session.id), session=session, title=session.title, started_at=session.started_at
        )


ChatSessionConnection = Connection[ChatSessionType]


@strawberry.input(description="A new conversation.")
class StartChatInput(CommandInput):
    twin_id: strawberry.ID = strawberry.field(description="The viewer's own twin.")
    title: str | None = strawberry.field(description="1 to 120 characters; null: `Conversation`.", default=None)


@strawberry.type(description="The conversation, or why there is none.")
class StartChatPayload(Payload):
    session: ChatSessionType | None = strawberry.field(description="Null when it was refused.", default=None)


@strawberry.input(description="What the member says next.")
class SendMessageInput(CommandInput):
    session_id: strawberry.ID = strawberry.field(description="One of the viewer's own conversations.")
    text: str = strawberry.field(description="1 to 8,000 characters.")


@strawberry.type(description="The member's message and the answer to come, or why it was refused.")
class SendMessagePayload(Payload):
    message: ChatMessageType | None = strawberry.field(description="The member's turn.", default=None)
    reply_id: strawberry.ID | None = strawberry.field(
        description="The id of the twin's message, readable at once and complete when ChatDone arrives.", default=None
    )


@strawberry.input(description="Which answer to stop.")
class CancelReplyInput(CommandInput):
    reply_id: strawberry.ID = strawberry.field(description="A twin's message that is being written.")


@strawberry.type(description="The answer with the text so far, or why it was refused.")
class CancelReplyPayload(Payload):
    message: ChatMessageType | None = strawberry.field(description="Null when it was refused.", default=None)


@strawberry.input(description="Which conversation to delete, with its memories.")
class DeleteChatInput(CommandInput):
    session_id: strawberry.ID = strawberry.field(description="One of the viewer's own conversations.")


@strawberry.type(description="What was deleted, or why nothing was.")
class DeleteChatPayload(Payload):
    deleted_id: strawberry.ID | None = strawberry.field(description="Null when it was refused.", default=None)
