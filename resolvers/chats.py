"""Verbs of conversations."""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Annotated

import strawberry

from resolvers.commands import left, once, row
from resolvers.errors import Refusals
from resolvers.fields import mutation, query, subscription
from resolvers.streams import events, tap
from schema.chats import (
    CancelReplyInput,
    CancelReplyPayload,
    ChatSessionType,
    DeleteChatInput,
    DeleteChatPayload,
    SendMessageInput,
    SendMessagePayload,
    StartChatInput,
    StartChatPayload,
)
from schema.commands import Given
from schema.context import Info
from schema.ids import global_id, row_id
from schema.replies import ChatEvent, event_of


@strawberry.type
class ChatQueries:
    @query("One of the viewer's own conversations; null when there is none.")
    async def chat_session(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Of a ChatSession.")]
    ) -> ChatSessionType | None:
        return await info.context.loaders.sessions.load(row_id("ChatSession", id, "id"))


@strawberry.type
class ChatMutations:
    @mutation("Start a conversation with the viewer's own twin.")
    async def start_chat(self, info: Info, input: Given[StartChatInput]) -> StartChatPayload:
        context = info.context
        with Refusals(context, "input") as refused:
            twin_id = row_id("Twin", input.twin_id, "twinId")
            ids = await context.services.chats.start(context.viewer, twin_id, input.title, once=once(info, input))
            return StartChatPayload(session=left(await context.loaders.sessions.load(row(ids, "session"))))
        return StartChatPayload(user_errors=refused)

    @mutation("Say something to the twin. It answers at once: follow `chatTokens` with replyId.")
    async def send_message(self, info: Info, input: Given[SendMessageInput]) -> SendMessagePayload:
        context = info.context
        with Refusals(context, "input") as refused:
            session_id = row_id("ChatSession", input.session_id, "sessionId")
            ids = await context.services.chats.send(context.viewer, session_id, input.text, once=once(info, input))
            message = left(await context.loaders.messages.load(row(ids, "message")))
            return SendMessagePayload(message=message, reply_id=global_id("ChatMessage", row(ids, "reply")))
        return SendMessagePayload(user_errors=refused)

    @mutation("Stop an answer. The text so far stays, and ChatDone follows.")
    async def cancel_reply(self, info: Info, input: Given[CancelReplyInput]) -> CancelReplyPayload:
        context = info.context
        with Refusals(context, "input") as refused:
            reply_id = row_id("ChatMessage", input.reply_id, "replyId")
            ids = await context.services.replies.cancel(context.viewer, reply_id, once=once(info, input))
            return CancelReplyPayload(message=left(await context.loaders.messages.load(row(ids, "message"))))
        return CancelReplyPayload(user_errors=refused)

    @mutation("Delete a conversation with what was remembered of it.")
    async def delete_chat(self, info: Info, input: Given[DeleteChatInput]) -> DeleteChatPayload:
        context = info.context
        with Refusals(context, "input") as refused:
            session_id = row_id("ChatSession", input.session_id, "sessionId")
            await context.services.chats.delete(context.viewer, session_id, once=once(info, input))
            return DeleteChatPayload(deleted_id=input.session_id)
        return DeleteChatPayload(user_errors=refused)


@strawberry.type
class ChatSubscriptions:
    @subscription("A reply as it is made: every event once, in order, until ChatDone or ChatFailed.")
    async def chat_tokens(
        self,
        info: Info,
        reply_id: Annotated[strawberry.ID, strawberry.argument(description="The twin's message.")],
        after_seq: Annotated[
            int | None, strawberry.argument(description="Only what comes after this seq; -1: all.")
        ] = -1,
    ) -> AsyncGenerator[ChatEvent]:
        context, key = info.context, row_id("ChatMessage", reply_id, "replyId")
        pack = partial(event_of, key)
        seen = -1 if after_seq is None else after_seq
        follow = context.services.chats.follow
        return events(context, await follow(context.viewer, key, after_seq=seen, tap=tap(context, pack)), pack)
