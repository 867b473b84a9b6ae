"""POST /twin/{uid}/chat and its replies as server-sent events, on two servers, written as the worker writes them."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.container import Container
from app.settings import Settings
from domain.chats import Citation, SourceKind
from domain.models import Cited
from domain.recall import Question
from domain.replies import ReplyContext, ReplyToken
from schema.ids import global_id, row_id
from services.replies import Replies
from tests.api.client import Api, bearer
from tests.api.publics import serving

WAIT = 10.0
TOKENS = """subscription($r: ID!) { chatTokens(replyId: $r) {
  __typename seq
  ... on ChatContext { citations { score quote source { __typename ... on ChatMessage { id } } } degraded }
  ... on ChatToken { text }
  ... on ChatDone { message { id sender content createdAt complete model degraded rating session { id title }
    citations { score quote source { __typename ... on ChatMessage { id } } } } }
} }"""


@dataclass
class Paced:
    """A twin that says one word more whenever the test lets it."""

    cites: int
    words: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)

    async def reply(self, question: Question) -> AsyncIterator[ReplyContext | ReplyToken | Cited]:
        cited = (Citation(SourceKind.MESSAGE, str(self.cites), question.text, 0.5),)
        yield ReplyContext(cited, degraded=False)
        while (word := await self.words.get()) is not None:
            yield ReplyToken(word)
        yield Cited(cited)

    def say(self, *words: str | None) -> None:
        for word in words:
            self.words.put_nowait(word)


@dataclass
class Event:
    id: int
    name: str
    data: dict[str, Any]


class Stream:
    """One open stream of events."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> Event | None:
        """None at the end."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(WAIT):
            async for line in self._lines:
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "data" in fields:
                    return Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))
        return None

    async def rest(self) -> list[Event]:
        return [event async for event in self]

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (event := await self.next()) is not None:
            yield event


@dataclass
class Talk:
    """One member at a server, and the worker that answers it."""

    api: Api
    worker: Container
    token: str
    twin: str

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": bearer(self.token)} | {name.replace("_", "-"): value for name, value in more.items()}

    @asynccontextmanager
    async def open(self, method: str, path: str, *, at: Api | None = None, **options: Any) -> AsyncIterator[Stream]:  # noqa: ANN401  # httpx's
        async with (
            httpx.AsyncClient(base_url=f"http://{(at or self.api).address}", timeout=WAIT) as client,
            client.stream(method, path, **options) as response,
        ):
            yield Stream(response)

    def say(self, text: str, *, at: Api | None = None, session: str | None = None, **headers: str) -> Any:  # noqa: ANN401  # a context manager
        body = {"text": text} | ({"sessionId": session} if session else {})
        return self.open("POST", f"/twin/{self.twin}/chat", at=at, json=body, headers=self.headers(**headers))

    @asynccontextmanager
    async def answering(self, stream: Stream) -> AsyncIterator[Paced]:
        """The worker on the stream's reply."""
        reply_id = row_id("ChatMessage", stream.response.headers["content-location"].rsplit("/", 1)[1])
        paced, container = Paced(cites=reply_id - 1), self.worker
        replies = Replies(
            container.database.transact,
            container.reads.chats,
            container.reads.members,
            streams=container.replies,
            bus=container.bus,
            twin=paced,
            model="paced",
        )
        writing = asyncio.create_task(replies.run(reply_id))
        try:
            yield paced
        finally:
            paced.say(None)
            await asyncio.wait_for(writing, WAIT)


@pytest.fixture(scope="module")
def own(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    redis_url = settings.redis_url.removesuffix("/1") + "/2"
    return settings.model_copy(update={"data_dir": tmp_path_factory.mktemp("chats"), "redis_url": redis_url})


@pytest.fixture(scope="module")
def first(own: Settings) -> Iterator[Api]:
    with serving(own) as api:
        yield api


@pytest.fixture(scope="module")
def second(own: Settings, first: Api) -> Iterator[Api]:
    """Another process, as far as replies are concerned: it shares only the engines."""
    with serving(own) as api:
        yield api


@pytest.fixture
async def talk(first: Api, own: Settings) -> AsyncIterator[Talk]:
    async with Container(own) as worker:
        token = first.token(f"talker-{uuid4().hex[:8]}")
        yield Talk(first, worker, token, first.data("{ viewer { twin { id } } }", token=token)["viewer"]["twin"]["id"])


async def test_a_reply_streams_as_graphql_tells_it(talk: Talk) -> None:
    async with talk.say("What do I print?") as stream:
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.response.headers["cache-control"] == "no-store"
        assert stream.response.headers["x-accel-buffering"] == "no"
        reply = stream.response.headers["content-location"].rsplit("/", 1)[1]
        async with talk.answering(stream) as twin:
            context = await stream.next()
            twin.say("Vases")
            word = await stream.next()
        events = [context, word, *await stream.rest()]
    assert [(event.id, event.name) for event in events if event] == [(0, "context"), (1, "token"), (2, "done")]
    names = {"context": "ChatContext", "token": "ChatToken", "done": "ChatDone"}
    told = [{"__typename": names[event.name], **event.data} for event in events if event]
    with talk.api.socket(talk.token) as socket:
        socket.subscribe(TOKENS, r=reply)
        assert [socket.next()["data"]["chatTokens"] for _ in told] == told
    assert told[2]["message"]["content"] == "Vases"
    assert told[2]["message"]["session"]["id"] == stream.response.headers["session-id"]
    assert told[0]["citations"][0]["quote"] == "What do I print?"


async def test_the_stream_is_open_before_the_twin_says_anything(talk: Talk) -> None:
    async with talk.say("Hello.") as stream:
        async with asyncio.timeout(WAIT):
            assert await anext(stream.response.aiter_lines()) == "retry: 1000"


async def test_a_conversation_goes_on_in_its_session(talk: Talk) -> None:
    async with talk.say("One.") as stream:
        async with talk.answering(stream):
            pass
        session = stream.response.headers["session-id"]
    async with talk.say("Two.", session=session) as stream:
        assert stream.response.headers["session-id"] == session
        async with talk.say("Three.", session=session) as refused:
            assert refused.response.status_code == 409
            assert json.loads(await refused.response.aread())["code"] == "CONFLICT"
    query = "query($s: ID!) { chatSession(id: $s) { messages { nodes { content } } } }"
    nodes = talk.api.data(query, token=talk.token, s=session)["chatSession"]["messages"]["nodes"]
    assert [node["content"] for node in nodes] == ["One.", "", "Two.", ""]


@pytest.mark.parametrize("key", ["k", None])
async def test_a_post_that_is_sent_again_goes_on_elsewhere_and_says_nothing_twice(
    talk: Talk, second: Api, key: str | None
) -> None:
    keyed: dict[str, Any] = {"Idempotency_Key": key} if key else {}
    async with talk.say("Tell me more.", **keyed) as stream, talk.answering(stream) as twin:
        twin.say("a")
        before = [await stream.next(), await stream.next()]
        await stream.response.aclose()
        async with talk.say("Tell me more.", at=second, Last_Event_ID="1", **keyed) as again:
            assert again.response.headers["content-location"] == stream.response.headers["content-location"]
            twin.say("b")
            after = [await again.next()]
            twin.say("c", None)
            after += await again.rest()
    events = [event for event in (*before, *after) if event]
    assert [event.id for event in events] == list(range(len(events)))
    assert "".join(event.data["text"] for event in events if event.name == "token") == "abc"
    count = "{ viewer { twin { sessions { totalCount nodes { messages { totalCount } } } } } }"
    sessions = talk.api.data(count, token=talk.token)["viewer"]["twin"]["sessions"]
    assert sessions == {"totalCount": 1, "nodes": [{"messages": {"totalCount": 2}}]}


async def test_get_gives_every_event_once_from_any_place_and_then_nothing(talk: Talk, second: Api) -> None:
    async with talk.say("Count.") as stream:
        async with talk.answering(stream) as twin:
            for word in "abc":
                twin.say(word)
                await stream.next()
        await stream.rest()
        path = stream.response.headers["content-location"]
    async with talk.open("GET", path, at=second, headers=talk.headers()) as whole:
        events = await whole.rest()
    assert [event.id for event in events] == list(range(len(events)))
    assert "".join(event.data["text"] for event in events if event.name == "token") == "abc"
    for last in events[:-1]:
        async with talk.open("GET", path, at=second, headers=talk.headers(Last_Event_ID=str(last.id))) as rest:
            assert await rest.rest() == events[last.id + 1 :]
    for last_id in (events[-1].id, 2**31 - 1):
        async with talk.open("GET", path, at=second, headers=talk.headers(Last_Event_ID=str(last_id))) as over:
            assert (over.response.status_code, await over.response.aread()) == (204, b"")


@pytest.fixture
def watched(own: Settings, first: Api) -> Iterator[tuple[Api, Container]]:
    """A server that can be looked into."""
    container = Container(own)
    with serving(own, container=container) as api:
        yield api, container


async def test_nothing_is_left_of_those_who_went(talk: Talk, watched: tuple[Api, Container]) -> None:
    api, container = watched
    async with talk.say("I am going.", at=api) as stream:
        path = stream.response.headers["content-location"]
    for _ in range(20):
        async with talk.open("GET", path, at=api, headers=talk.headers()) as stream:
            await anext(stream.response.aiter_lines())
    for _ in range(100):
        if not container.replies._feeds:
            break
        await asyncio.sleep(0.02)
    assert container.replies._feeds == {}


async def test_a_deleted_conversation_ends_the_stream(talk: Talk) -> None:
    async with talk.say("Forget this.") as stream:
        delete = "mutation($s: ID!) { deleteChat(input: {sessionId: $s}) { deletedId } }"
        talk.api.data(delete, token=talk.token, s=stream.response.headers["session-id"])
        async with talk.answering(stream):
            [event] = await stream.rest()
    assert (event.name, event.data["error"]["code"], event.data["error"]["retryable"]) == ("failed", "NOT_FOUND", False)


def refused(api: Api, method: str, path: str, token: str, **options: Any) -> tuple[int, str, str | None]:  # noqa: ANN401  # httpx's
    headers = {"Authorization": bearer(token), **options.pop("headers", {})}
    response = api.http.request(method, path, headers=headers, **options)
    assert set(response.json()) == {"code", "message", "field", "retryable"}
    return response.status_code, response.json()["code"], response.json()["field"]


async def test_refusals_have_their_status_and_name_the_field(talk: Talk) -> None:
    api, token, chat = talk.api, talk.token, f"/twin/{talk.twin}/chat"
    other = api.data("{ viewer { twin { id } } }", token=api.token("somebody"))["viewer"]["twin"]["id"]
    async with talk.say("Mine.") as stream:
        mine, session = stream.response.headers["content-location"], stream.response.headers["session-id"]
    nobody, answer = global_id("Twin", 99_999), mine.rsplit("/", 1)[1]
    hers = api.token("somebody")
    said = {"text": "x"}
    for found, expected in (
        (refused(api, "POST", chat, token, json={"text": "  "}), (422, "BAD_USER_INPUT", "text")),
        (refused(api, "POST", chat, token, json={"text": "x" * 8_001}), (422, "BAD_USER_INPUT", "text")),
        (refused(api, "POST", chat, token, json={"text": "\0"}), (422, "BAD_USER_INPUT", "text")),
        (refused(api, "POST", chat, token, json={}), (422, "BAD_USER_INPUT", "text")),
        (refused(api, "POST", chat, token, json={**said, "sessionId": "x"}), (422, "BAD_USER_INPUT", "sessionId")),
        (refused(api, "POST", f"/twin/{other}/chat", token, json=said), (403, "FORBIDDEN", "uid")),
        (refused(api, "POST", f"/twin/{nobody}/chat", token, json=said), (404, "NOT_FOUND", "uid")),
        (refused(api, "POST", f"/twin/{other}/chat", hers, json={**said, "sessionId": session}), NOT_HERS),
        (refused(api, "POST", chat, token, json=said, headers={"Last-Event-ID": "3"}), (404, "NOT_FOUND", "text")),
        (refused(api, "GET", mine, hers), (404, "NOT_FOUND", "replyId")),
        (refused(api, "GET", mine.replace(talk.twin, other), hers), (404, "NOT_FOUND", "replyId")),
        (refused(api, "GET", mine.replace(answer, session), token), (422, "BAD_USER_INPUT", "replyId")),
        (refused(api, "GET", mine, token, headers={"Last-Event-ID": "x"}), (422, "BAD_USER_INPUT", "Last-Event-ID")),
    ):
        assert found == expected


NOT_HERS = (404, "NOT_FOUND", "sessionId")


async def test_the_stream_ends_with_the_token(talk: Talk) -> None:
    talk.token = talk.api.token("short-lived", lifetime=timedelta(seconds=2))
    talk.twin = talk.api.data("{ viewer { twin { id } } }", token=talk.token)["viewer"]["twin"]["id"]
    async with talk.say("Am I still here?") as stream:
        assert await stream.rest() == []
        path = stream.response.headers["content-location"]
    assert talk.api.http.get(path, headers=talk.headers()).status_code == 401
