"""OpenAI's embeddings when the service fails, and what is asked of it."""

import time
from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.embedding.openai import BATCH, OpenAiEmbedder
from domain.errors import RetrievalFailed
from fakes.openai import FakeOpenAi
from fakes.serving import served


@pytest.fixture
def fake() -> FakeOpenAi:
    return FakeOpenAi()


@pytest.fixture
def url(fake: FakeOpenAi) -> Iterator[str]:
    with served(fake.app()) as url:
        yield f"{url}/v1"


@pytest.fixture
async def embedder(url: str) -> AsyncIterator[OpenAiEmbedder]:
    embedder = opened(url)
    await embedder.embed(["loads the SDK"])
    yield embedder
    await embedder.aclose()


def opened(url: str, *, key: str = "sk-x", dimensions: int = 64) -> OpenAiEmbedder:
    return OpenAiEmbedder(key, url, "fake-embedding", dimensions, count=len, deadline=2.0)


async def test_texts_go_in_batches_each_once(embedder: OpenAiEmbedder, fake: FakeOpenAi) -> None:
    texts = [f"text {number}" for number in range(BATCH + 10)]
    fake.requests.clear()
    vectors = await embedder.embed([*texts, *texts])
    assert sorted(len(body["input"]) for body in fake.requests) == [10, BATCH]
    assert [vectors[0], vectors[-1]] == await embedder.embed([texts[0], texts[-1]])
    assert len(fake.requests) == 2
    assert {body["dimensions"] for body in fake.requests} == {64}


@pytest.mark.parametrize("step", ["429", "500", "503"])
async def test_what_passes_is_tried_again(embedder: OpenAiEmbedder, fake: FakeOpenAi, step: str) -> None:
    fake.steps.append(step)
    assert len((await embedder.embed(["again"]))[0]) == 64


@pytest.mark.parametrize(
    ("step", "told", "retryable"),
    [
        ("401", "refuses the key. Check OPENAI_API_KEY", False),
        ("404", "is unknown at its base URL", False),
        ("400", "refuses the request with status 400", False),
        ("short", "does not send 2 vectors of 64 floats", False),
        ("hang", "did not finish within 2 s", True),
    ],
)
async def test_what_does_not_pass_says_what_to_do(
    embedder: OpenAiEmbedder, fake: FakeOpenAi, step: str, told: str, retryable: bool
) -> None:
    fake.steps.append(step)
    began = time.monotonic()
    with pytest.raises(RetrievalFailed, match=told) as raised:
        await embedder.embed(["a text", "another"])
    assert raised.value.retryable is retryable
    assert time.monotonic() - began < 4


async def test_a_server_that_fails_on_ends_within_the_deadline(embedder: OpenAiEmbedder, fake: FakeOpenAi) -> None:
    fake.steps.extend(["503"] * 20)
    began = time.monotonic()
    with pytest.raises(RetrievalFailed, match=r"status 503|did not finish"):
        await embedder.embed(["a text"])
    assert time.monotonic() - began < 4


async def test_a_server_that_is_gone_says_so() -> None:
    embedder = opened("http://127.0.0.1:9/v1")
    with pytest.raises(RetrievalFailed, match="connection to the embedding model broke"):
        await embedder.embed(["a text"])
    await embedder.aclose()


async def test_texts_that_the_service_refuses_are_mended(embedder: OpenAiEmbedder, fake: FakeOpenAi) -> None:
    fake.requests.clear()
    assert len(await embedder.embed(["", "é" * 9_000, "\ud800"])) == 3
    assert fake.requests[0]["input"] == [" ", "é" * 4_000, "?"]
