"""Every rung of the ladders, over the real code: services, SQL, streams, guards, SDK, and servers that fail."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from redis import Redis

from adapters.breaker import State
from adapters.embedded.falkordb import free_port
from adapters.sql import migrations
from app.container import Container
from app.settings import Settings
from domain.chats import ChatMessage
from domain.errors import RetrievalFailed
from domain.members import Claims, Role, Viewer
from domain.replies import ReplyContext, ReplyDone, ReplyEvent, ReplyFailed
from fakes.openai import FakeOpenAi

MAIN, SMALL = "fake-chat", "fake-small"
NOBODY = "falkordb://127.0.0.1:{port}"
"""Where no graph engine listens."""


@pytest.fixture
async def openai() -> AsyncIterator[tuple[FakeOpenAi, str]]:
    fake = FakeOpenAi()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(fake.app(), log_level="critical", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve([listener]))
    yield fake, f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    server.should_exit = True
    await task
    listener.close()


@asynccontextmanager
async def house(folder: Path, redis_url: str, **given: object) -> AsyncIterator[Container]:
    """One process on engines of its own choice; retries of the client library cost nothing."""
    server = redis_url.removeprefix("redis://").split("/")[0]
    own = f"redis://{server}/1"
    with Redis.from_url(own) as client:
        client.flushdb()  # each house counts its replies from the same id
    usual = {"graph_url": f"falkordb://{server}", "memory_url": f"falkordb://{server}"}
    settings = Settings(_env_file=None, data_dir=folder, redis_url=own, **usual | given)  # type: ignore[call-arg, arg-type]  # a dictionary
    await migrations.upgrade(settings.database)
    async with Container(settings) as container:
        yield container


async def member(container: Container) -> Viewer:
    return await container.services.members.login(Claims("ana", "ana", Role.MEMBER, datetime.max.replace(tzinfo=UTC)))


async def replied(container: Container, text: str) -> tuple[ChatMessage, list[ReplyEvent]]:
    """Asked and answered as API and worker do it: the stored message, and the events that its reader sees."""
    viewer, services = await member(container), container.services
    session = (await services.chats.start(viewer, viewer.member_id, None))["session"]
    assert isinstance(session, int)
    reply = (await services.chats.send(viewer, session, text))["reply"]
    assert isinstance(reply, int)
    await services.replies.run(reply)
    events = [each.event async for each in await services.chats.follow(viewer, reply, after_seq=-1)]
    return (await container.reads.chats.messages(viewer, [reply]))[reply], events


def context_of(events: list[ReplyEvent]) -> ReplyContext:
    [context] = [each for each in events if isinstance(each, ReplyContext)]
    return context


def state_of(container: Container, port: str) -> str:
    return container.engines.health[port].state.name


def counted(container: Container, line: str) -> bool:
    return line in container.meters.text().decode()


# --- LLM: main, small, built-in


async def test_the_main_model_answers_while_it_can(
    openai: tuple[FakeOpenAi, str], redis_url: str, tmp_path: Path
) -> None:
    async with house(tmp_path, redis_url, **models(openai)) as container:
        message, events = await replied(container, "Hello")
        assert (message.model, message.degraded, context_of(events).degraded) == (MAIN, False, False)
        assert not counted(container, "frontier_fallbacks_total{")


@pytest.mark.parametrize("step", ["500", "hang", "garbage", "empty"])
async def test_the_small_model_answers_when_the_main_one_fails(
    step: str, openai: tuple[FakeOpenAi, str], redis_url: str, tmp_path: Path
) -> None:
    openai[0].fails[MAIN] = step
    async with house(tmp_path, redis_url, **models(openai)) as container:
        message, events = await replied(container, "Hello")
        assert (message.model, message.degraded, message.complete) == (SMALL, True, True)
        assert context_of(events).degraded is True
        assert counted(container, 'frontier_fallbacks_total{port="llm"} 1.0')
        assert counted(container, 'frontier_replies_total{degraded="yes",outcome="done"} 1.0')
        assert container.engines.health["llm"].failure is not None


@pytest.mark.parametrize("step", ["500", "401", "404", "400"])
async def test_the_built_in_answerer_is_the_last_rung(
    step: str, openai: tuple[FakeOpenAi, str], redis_url: str, tmp_path: Path
) -> None:
    openai[0].fails["*"] = step
    async with house(tmp_path, redis_url, **models(openai)) as container:
        message, events = await replied(container, "What does the laser cutter cost?")
        assert (message.model, message.degraded) == ("built-in", True)
        assert message.content.startswith("I don't know")
        assert isinstance(events[-1], ReplyDone)
        assert counted(container, 'frontier_fallbacks_total{port="llm"} 2.0')


@pytest.mark.parametrize("step", ["cut", "short", "error", "malformed"])
async def test_a_stream_that_dies_midway_is_told_and_keeps_its_text(
    step: str, openai: tuple[FakeOpenAi, str], redis_url: str, tmp_path: Path
) -> None:
    """Another model would go on in other words: the text so far stays, and the next message is taken."""
    openai[0].steps.append(step)
    async with house(tmp_path, redis_url, **models(openai)) as container:
        message, events = await replied(container, "Hello")
        assert (message.content, message.model, message.complete) == ("I", MAIN, True)
        assert isinstance(events[-1], ReplyFailed)
        assert (events[-1].code, events[-1].retryable) == ("LLM_ERROR", True)
        message, _ = await replied(container, "Hello again")
        assert (message.model, message.degraded) == (MAIN, False)


async def test_a_model_that_keeps_failing_is_left_alone_and_comes_back(
    openai: tuple[FakeOpenAi, str], redis_url: str, tmp_path: Path
) -> None:
    fake, _ = openai
    fake.fails[MAIN] = "401"  # which the client library does not try again
    async with house(tmp_path, redis_url, breaker_seconds=0.5, **models(openai)) as container:
        for _ in range(5):
            await replied(container, "Hello")
        assert state_of(container, "llm") == "OPEN"
        assert counted(container, 'frontier_breaker_state{port="llm"} 2.0')
        fake.fails.clear()
        asked = len(fake.requests)
        message, _ = await replied(container, "Hello")
        assert message.model == SMALL
        assert [each["model"] for each in fake.requests[asked:]] == [SMALL]
        await asyncio.sleep(0.6)
        message, _ = await replied(container, "Hello")
        assert (message.model, message.degraded) == (MAIN, False)
        assert state_of(container, "llm") == "CLOSED"
        assert counted(container, 'frontier_breaker_transitions_total{port="llm",to="closed"} 1.0')


# --- RETRIEVAL: both stores, one, the last turns


@pytest.mark.parametrize("away", [["graph_url"], ["memory_url"], ["graph_url", "memory_url"]])
async def test_a_reply_without_a_store_is_given_and_marked(away: list[str], redis_url: str, tmp_path: Path) -> None:
    nowhere = {name: NOBODY.format(port=free_port()) for name in away}
    async with house(tmp_path, redis_url, **nowhere) as container:
        message, events = await replied(container, "Who services the Voron?")
        assert (message.degraded, message.complete, message.model) == (True, True, "built-in")
        assert context_of(events).degraded is True
        assert isinstance(events[-1], ReplyDone)


async def test_the_last_turns_answer_when_both_stores_are_away(redis_url: str, tmp_path: Path) -> None:
    nowhere = {name: NOBODY.format(port=free_port()) for name in ("graph_url", "memory_url")}
    async with house(tmp_path, redis_url, **nowhere) as container:
        viewer, services = await member(container), container.services
        session = (await services.chats.start(viewer, viewer.member_id, None))["session"]
        assert isinstance(session, int)
        for text in ("I print brackets in PETG with the 0.6 mm nozzle.", "Which nozzle do I use for brackets?"):
            reply = (await services.chats.send(viewer, session, text))["reply"]
            assert isinstance(reply, int)
            await services.replies.run(reply)
        [message] = await container.reads.chats.recent(session, before_turn=4, limit=1)
        assert "0.6 mm" in message.content
        assert message.degraded is True


async def test_a_search_of_a_store_that_is_away_says_so_and_soon_costs_nothing(redis_url: str, tmp_path: Path) -> None:
    nowhere = {name: NOBODY.format(port=free_port()) for name in ("graph_url", "memory_url")}
    async with house(tmp_path, redis_url, breaker_seconds=60.0, **nowhere) as container:
        viewer = await member(container)
        for _ in range(5):
            with pytest.raises(RetrievalFailed):
                await container.services.facts.search(viewer, "Voron")
            with pytest.raises(RetrievalFailed):
                await container.services.memories.search(viewer, "Voron")
        began = asyncio.get_running_loop().time()
        with pytest.raises(RetrievalFailed, match=r"^The graph fails at present: try again in \d+ s\.$") as facts:
            await container.services.facts.search(viewer, "Voron")
        with pytest.raises(RetrievalFailed, match="The memory index fails at present") as memories:
            await container.services.memories.search(viewer, "Voron")
        assert asyncio.get_running_loop().time() - began < 0.5
        assert {facts.value.retryable, memories.value.retryable} == {True}
        health = container.engines.health
        assert (health["graph"].state, health["memory"].state) == (State.OPEN, State.OPEN)
        assert health["embedding"].state is State.CLOSED


def models(openai: tuple[FakeOpenAi, str]) -> dict[str, object]:
    return {
        "openai_api_key": "sk-of-the-test",
        "openai_base_url": openai[1],
        "openai_model": MAIN,
        "openai_small_model": SMALL,
        "llm_first_seconds": 1.5,
    }
