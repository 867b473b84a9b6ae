"""POST /twin/{uid}/chat and GET /twin/{uid}/chat/{replyId}: a conversation whose replies are server-sent events."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.responses import Response

from app.container import Container
from app.http.auth import Bearer
from app.http.bodies import Given, refusals
from app.http.errors import blaming
from app.http.event_stream import EventStream
from app.http.keys import KEY, IdempotencyKey, LastEventId
from app.http.replies import EVENTS, ChatEventView, described, told
from app.http.routes import JsonRoute
from app.http.twins import Uid, member_of
from domain.chats import ChatMessage, Sender, checked_text
from domain.errors import NotFound
from domain.members import Viewer
from domain.pages import Slice
from resolvers.commands import once_of, row
from schema.chats import SendMessageInput, StartChatInput
from schema.ids import global_id, row_id
from schema.loaders import Loaders

STREAM: dict[str, Any] = {
    "description": "The reply as it is made: every event once, in order, until `done` or `failed`. `id` is its seq; a "
    "comment every 15 s keeps the connection open.",
    "content": {"text/event-stream": {"schema": {"oneOf": [described(view) for view in EVENTS]}}},
    "headers": {
        "Content-Location": {
            "description": "Where to GET the same reply, from the start or after Last-Event-ID.",
            "schema": {"type": "string"},
        },
        "Session-Id": {"description": "The conversation: give it to go on.", "schema": {"type": "string"}},
    },
}
OVER = {"description": "Nothing follows the event of Last-Event-ID: the reply has ended."}


class MessageGiven(Given):
    """What the member says."""

    text: str = Field(description="1 to 8,000 characters.", json_schema_extra={"minLength": 1, "maxLength": 8_000})
    session_id: str | None = Field(
        default=None, description="One of the member's own conversations; null: a new one is started."
    )


def chat_routes(container: Container) -> APIRouter:
    routes, conversations = APIRouter(route_class=JsonRoute, tags=["chats"]), Conversations(container)
    routes.add_api_route(
        "/twin/{uid}/chat",
        conversations.send,
        methods=["POST"],
        response_class=Response,
        responses={200: STREAM, 204: OVER, **refusals(401, 403, 404, 409, 413, 422)},
    )
    routes.add_api_route(
        "/twin/{uid}/chat/{replyId}",
        conversations.follow,
        methods=["GET"],
        response_class=Response,
        responses={200: STREAM, 204: OVER, **refusals(401, 404, 422)},
    )
    return routes


class Conversations:
    def __init__(self, container: Container) -> None:
        self._container = container
        self._reads = container.reads.chats

    async def send(
        self,
        uid: Uid,
        given: MessageGiven,
        viewer: Bearer,
        key: IdempotencyKey = None,
        last: LastEventId = None,
    ) -> Response:
        """Say something to your own twin and follow its answer.

        With Last-Event-ID nothing is said again: the reply to the same Idempotency-Key, or without one the last reply
        to the same text, goes on after that event.
        """
        text, twin = checked_text(given.text), await member_of(self._container.reads.members, uid)
        if last is not None and key is None:
            return await self._stream(viewer, await self._last_to(viewer, twin.id, text, given.session_id), last)
        session_id = await self._session(viewer, twin.id, given.session_id, key)
        input = SendMessageInput(session_id=global_id("ChatSession", session_id), text=given.text, idempotency_key=key)
        with blaming(idempotencyKey=KEY):
            once = once_of(viewer, "sendMessage", input)
            ids = await self._container.services.chats.send(viewer, session_id, given.text, once=once)
        return await self._stream(viewer, await self._reply(viewer, twin.id, row(ids, "reply")), last)

    async def follow(
        self,
        uid: Uid,
        reply_id: Annotated[str, Path(alias="replyId", description="The twin's message: ChatMessage.id.")],
        viewer: Bearer,
        last: LastEventId = None,
    ) -> Response:
        """A reply from its start, or after Last-Event-ID; whether it is being made or has long ended."""
        twin = await member_of(self._container.reads.members, uid)
        reply = await self._reply(viewer, twin.id, row_id("ChatMessage", reply_id, "replyId"))
        return await self._stream(viewer, reply, last)

    async def _session(self, viewer: Viewer, twin_id: int, given: str | None, key: str | None) -> int:
        """The conversation, a new one if none is given. Raises BadInput, NotFound, Forbidden."""
        if given is not None:
            return await self._known(viewer, twin_id, row_id("ChatSession", given, "sessionId"))
        input = StartChatInput(twin_id=global_id("Twin", twin_id), idempotency_key=key)
        with blaming(twinId="uid", idempotencyKey=KEY):
            once = once_of(viewer, "startChat", input)
            return row(await self._container.services.chats.start(viewer, twin_id, None, once=once), "session")

    async def _known(self, viewer: Viewer, twin_id: int, session_id: int) -> int:
        """Raises NotFound."""
        session = (await self._reads.sessions(viewer, [session_id])).get(session_id)
        if session is None or session.member_id != twin_id:
            raise NotFound("You have no such conversation with this twin.", field=("sessionId",))
        return session_id

    async def _reply(self, viewer: Viewer, twin_id: int, reply_id: int) -> ChatMessage:
        """Raises NotFound."""
        reply = (await self._reads.messages(viewer, [reply_id])).get(reply_id)
        if reply is None or reply.sender is not Sender.TWIN or viewer.member_id != twin_id:
            raise NotFound("There is no such reply of this twin.", field=("replyId",))
        return reply

    async def _last_to(self, viewer: Viewer, twin_id: int, text: str, session: str | None) -> ChatMessage:
        """The reply that a client means which lost the stream before it knew any id. Raises BadInput, NotFound."""
        if session is None:
            ids = [each.id for each in (await self._reads.page(viewer, Slice(size=1))).rows]
        else:
            ids = [await self._known(viewer, twin_id, row_id("ChatSession", session, "sessionId"))]
        for session_id in ids:
            turns = (await self._reads.page_messages(viewer, session_id, Slice(size=2, backward=True))).rows
            if [turn.sender for turn in turns] == [Sender.MEMBER, Sender.TWIN] and turns[0].content == text:
                return turns[1]
        raise NotFound("There is no reply to this text to go on with: send it without Last-Event-ID.", field=("text",))

    async def _stream(self, viewer: Viewer, reply: ChatMessage, last: int | None) -> Response:
        """204 when nothing follows, so that a browser's EventSource does not ask for ever."""
        frames = self._frames(viewer, reply.id, -1 if last is None else last)
        if reply.complete:
            first = await anext(frames, None)
            if first is None:
                return Response(status_code=204)
            frames = chained(first, frames)
        twin, message = global_id("Twin", viewer.member_id), global_id("ChatMessage", reply.id)
        headers = {
            "Content-Location": f"/twin/{twin}/chat/{message}",
            "Session-Id": global_id("ChatSession", reply.session_id),
        }
        return EventStream(frames, headers=headers, until=viewer.expires_at)

    async def _frames(self, viewer: Viewer, reply_id: int, after: int) -> AsyncGenerator[bytes]:
        """Every event is read with fresh loaders, as in a subscription."""
        followed = await self._container.services.chats.follow(viewer, reply_id, after_seq=after)
        async with aclosing(followed):
            async for event in followed:
                yield frame(await told(reply_id, event, Loaders(viewer, self._container)))


async def chained(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        yield first
        async for each in rest:
            yield each


def frame(event: ChatEventView) -> bytes:
    """In ASCII: half a surrogate pair from a model must not stop the stream."""
    data = json.dumps(event.model_dump(mode="json", by_alias=True), separators=(",", ":"))
    return f"id: {event.seq}\nevent: {EVENTS[type(event)]}\ndata: {data}\n\n".encode("ascii")
