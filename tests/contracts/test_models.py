"""What every model promises, and what the OpenAI adapter makes of a server that fails."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime

import pytest
import uvicorn
from openai import AsyncOpenAI

from adapters.embedding.minilm import MiniLmEmbedder
from adapters.llm.builtin import BuiltInModel
from adapters.llm.openai import OpenAiModel
from domain.chats import Citation, Sender, SourceKind
from domain.errors import ModelFailed
from domain.models import Cited, Evidence, Model, Prompt, Turn
from fakes.openai import FakeOpenAi

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
KEY = "sk-of-the-test"


def memory(id: str, text: str, *, source: str = "notes.md", own: bool = True) -> Evidence:
    return Evidence(Citation(SourceKind.MEMORY, id, text, 0.8), text, source, NOW, own)


VORON = memory("1", "The Voron needs a bed of 60 °C for PLA.")
DUTY = memory("2", "Ana services the Voron.", source="duties.md", own=False)


def prompt(question: str = "How hot is the bed for PLA?", *evidence: Evidence, turns: tuple[Turn, ...] = ()) -> Prompt:
    return Prompt("Ben Carter", question, evidence or (VORON, DUTY), turns, NOW)


@pytest.fixture
async def served() -> AsyncIterator[tuple[FakeOpenAi, str]]:
    """The fake on a free port, in this process."""
    fake = FakeOpenAi()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(fake.app(), log_level="critical", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve([listener]))
    try:
        yield fake, f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        await task
        listener.close()


@pytest.fixture(params=["built-in", "openai"])
async def model(request: pytest.FixtureRequest, served: tuple[FakeOpenAi, str]) -> AsyncIterator[Model]:
    if request.param == "built-in":
        yield BuiltInModel(MiniLmEmbedder())
        return
    remote = OpenAiModel(KEY, served[1], "fake-chat")
    yield remote
    await remote.aclose()


async def answered(model: Model, asked: Prompt) -> tuple[list[str], Cited]:
    """The pieces, and what was cited; nothing may follow the citations."""
    pieces = [piece async for piece in model.stream(asked)]
    assert isinstance(pieces[-1], Cited)
    texts = [piece for piece in pieces[:-1] if isinstance(piece, str)]
    assert len(texts) == len(pieces) - 1
    return texts, pieces[-1]


async def test_an_answer_comes_in_pieces_and_then_its_sources(model: Model) -> None:
    texts, cited = await answered(model, prompt())
    assert len(texts) > 5
    assert "60 °C" in "".join(texts)
    assert [(each.source_id, each.kind) for each in cited.citations] == [("1", SourceKind.MEMORY)]


async def test_without_sources_it_does_not_know_and_cites_nothing(model: Model) -> None:
    texts, cited = await answered(model, Prompt("Ben Carter", "How hot is the bed for PLA?", (), (), NOW))
    assert "".join(texts).startswith("I don't know")
    assert cited == Cited(())


async def test_an_answer_can_be_left_in_the_middle(model: Model) -> None:
    async with aclosing(model.stream(prompt())) as pieces:  # type: ignore[type-var]  # both are generators
        assert isinstance(await anext(pieces), str)


async def test_a_model_has_a_name(model: Model) -> None:
    assert model.name in ("built-in", "fake-chat")


# --- the wire


async def answered_by(url: str, asked: Prompt, *, key: str = KEY, deadline: float = 20.0, retries: int = 2) -> str:
    """The whole answer of the OpenAI adapter."""
    async with aclosing(OpenAiModel(key, url, "fake-chat", deadline=deadline, retries=retries)) as model:
        texts, _ = await answered(model, asked)
        return "".join(texts)


async def test_sources_are_numbered_and_turns_keep_their_sender(served: tuple[FakeOpenAi, str]) -> None:
    fake, url = served
    turns = (Turn(Sender.MEMBER, "Hello"), Turn(Sender.TWIN, "Hello! I am here."))
    await answered_by(url, prompt(turns=turns))
    messages = fake.requests[0]["messages"]
    assert [each["role"] for each in messages] == ["system", "user", "assistant", "user"]
    assert "You speak as Ben Carter" in messages[0]["content"]
    assert "[1] (notes.md, by you, 2026-05-20) The Voron needs a bed" in messages[3]["content"]
    assert "[2] (duties.md, not by you, 2026-05-20) Ana services" in messages[3]["content"]
    assert messages[3]["content"].endswith("Question: How hot is the bed for PLA?")


@pytest.mark.parametrize("steps", [["429"], ["500"], ["429", "500"]])
async def test_a_passing_failure_is_retried_before_the_first_token(
    steps: list[str], served: tuple[FakeOpenAi, str]
) -> None:
    fake, url = served
    fake.steps.extend(steps)
    assert "60 °C" in await answered_by(url, prompt())
    assert not fake.steps


@pytest.mark.parametrize(
    ("steps", "message", "retryable"),
    [
        (["429"] * 3, "rate limit or quota", True),
        (["500"] * 3, "fails with status 500", True),
        (["400"], "refuses the request with status 400", False),
        (["404"], "unknown at its base URL", False),
        (["cut"], "connection to the language model broke", True),
        (["short"], "broke off before its end", True),
        (["malformed"], "something unreadable", True),
        (["error"], "something unreadable", True),
        (["garbage"], "language model", True),
        (["empty"], "said nothing", True),
        (["hang"], "did not finish within 0.5 s", True),
        (["stall"], "did not finish within 0.5 s", True),
    ],
)
async def test_a_lasting_failure_says_what_it_is(
    steps: list[str], message: str, *, retryable: bool, served: tuple[FakeOpenAi, str]
) -> None:
    fake, url = served
    fake.steps.extend(steps)
    deadline = 0.5 if steps[0] in ("hang", "stall") else 20.0
    with pytest.raises(ModelFailed, match=message) as failed:
        await answered_by(url, prompt(), deadline=deadline)
    assert failed.value.retryable is retryable


async def test_the_deadline_holds_over_all_retries(served: tuple[FakeOpenAi, str]) -> None:
    """The SDK would wait for each try anew."""
    served[0].fails["*"] = "hang"
    began = asyncio.get_running_loop().time()
    with pytest.raises(ModelFailed, match=r"did not finish within 0\.5 s"):
        await answered_by(served[1], prompt(), deadline=0.5, retries=2)
    assert asyncio.get_running_loop().time() - began < 5


async def test_first_words_have_a_deadline_of_their_own(served: tuple[FakeOpenAi, str]) -> None:
    served[0].steps.append("hang")
    async with aclosing(OpenAiModel(KEY, served[1], "fake-chat", patience=0.3)) as model:
        with pytest.raises(ModelFailed, match=r"within 0\.3 s"):
            await answered(model, prompt())


async def test_a_refused_key_is_named(served: tuple[FakeOpenAi, str]) -> None:
    with pytest.raises(ModelFailed, match="Check OPENAI_API_KEY") as failed:
        await answered_by(served[1], prompt(), key="wrong")
    assert failed.value.retryable is False


async def test_nobody_listening_is_a_broken_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ModelFailed, match="check OPENAI_BASE_URL"):
        await answered_by(f"http://127.0.0.1:{port}/v1", prompt(), retries=0)


async def test_leaving_a_reply_closes_its_stream(served: tuple[FakeOpenAi, str]) -> None:
    fake, url = served
    fake.steps.append("stall")
    async with aclosing(OpenAiModel(KEY, url, "fake-chat")) as model:
        async with aclosing(model.stream(prompt())) as pieces:
            assert await anext(pieces) == "I"
            assert fake.open_streams == 1
        async with asyncio.timeout(5):
            while fake.open_streams:  # noqa: ASYNC110  # what is waited for sets no event
                await asyncio.sleep(0.01)


# --- the fake itself, through the real client


async def test_the_fake_speaks_the_rest_of_the_protocol(served: tuple[FakeOpenAi, str]) -> None:
    async with AsyncOpenAI(api_key=KEY, base_url=served[1]) as client:
        whole = await client.chat.completions.create(model="fake-chat", messages=[{"role": "user", "content": "Hi"}])
        vectors = await client.embeddings.create(model="fake-embedding", input=["red bed", "red bed", "blue"])
        models = await client.models.list()
    assert whole.choices[0].message.content == "I don't know."
    assert [len(each.embedding) for each in vectors.data] == [64, 64, 64]
    assert vectors.data[0].embedding == vectors.data[1].embedding != vectors.data[2].embedding
    assert [each.id for each in models.data] == ["fake-chat", "fake-embedding"]
