"""What every embedder promises."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.embedding import minilm
from adapters.embedding.cache import VectorCache
from adapters.embedding.minilm import MiniLmEmbedder, verified
from adapters.embedding.openai import OpenAiEmbedder
from domain.embeddings import Embedder, Vector
from fakes.openai import FakeOpenAi
from fakes.serving import served


@pytest.fixture(scope="module")
def openai_url() -> Iterator[str]:
    with served(FakeOpenAi().app()) as url:
        yield f"{url}/v1"


@pytest.fixture
async def paid(openai_url: str) -> AsyncIterator[OpenAiEmbedder]:
    paid = OpenAiEmbedder("sk-x", openai_url, "text-embedding-3-small", 1536, count=lambda text: len(text.split()))
    yield paid
    await paid.aclose()


@pytest.fixture
def local(minilm: MiniLmEmbedder) -> MiniLmEmbedder:
    return minilm


@pytest.fixture(params=["local", "paid"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    found: Embedder = request.getfixturevalue(request.param)
    return found


def cosine(one: Vector, other: Vector) -> float:
    return math.sumprod(one, other)


async def test_vectors_are_of_unit_length_and_of_the_stated_size(embedder: Embedder) -> None:
    vectors = await embedder.embed(["The reserve is 12 percent.", "x", "", "PETG " * 900])
    assert [len(vector) for vector in vectors] == [embedder.dimensions] * 4
    assert [round(cosine(vector, vector), 5) for vector in vectors] == [1.0] * 4


async def test_no_text_no_vector(embedder: Embedder) -> None:
    assert await embedder.embed([]) == []


async def test_meaning_is_nearer_than_chance(embedder: Embedder) -> None:
    asked, answer, other = await embedder.embed(
        ["Which plastic do I prefer?", "My favourite filament is PETG.", "The meeting starts at nine."]
    )
    assert cosine(asked, answer) > cosine(asked, other) + 0.2


async def test_neither_order_nor_company_changes_a_vector(local: MiniLmEmbedder) -> None:
    texts = ["Quorum is sixty percent.", "Nozzles wear out. " * 12, "Quorum is sixty percent.", "ok"]
    together = await local.embed(texts)
    alone = [(await MiniLmEmbedder(threads=1, cached=0).embed([text]))[0] for text in texts[:2]]
    assert together[0] == together[2]
    assert [round(cosine(one, other), 3) for one, other in zip(together, alone, strict=False)] == [1.0, 1.0]


async def test_pieces_count_what_the_model_reads(local: MiniLmEmbedder) -> None:
    assert [local.pieces(text) for text in ("", "Hello world", "nozzles", "hot-end")] == [0, 2, 3, 3]


async def test_what_stands_past_the_last_piece_is_not_seen_and_before_max_pieces_it_is(local: MiniLmEmbedder) -> None:
    seen = "word " * (local.max_pieces - 1)
    base, changed, beyond, far = await local.embed([seen, seen + "volcano", "word " * 300, "word " * 300 + "volcano"])
    assert local.pieces(seen + "volcano") == local.max_pieces
    assert cosine(base, changed) < 0.9999
    assert beyond == far


async def test_callers_may_embed_at_once_and_change_what_they_got(embedder: Embedder) -> None:
    results = await asyncio.gather(*(embedder.embed([f"text {number % 3}"]) for number in range(9)))
    assert results[0] == results[3] == results[6]
    results[0][0][0] = 99.0
    assert (await embedder.embed(["text 0"]))[0][0] != 99.0


async def test_a_question_is_answered_while_a_document_is_embedded(local: MiniLmEmbedder) -> None:
    document = asyncio.create_task(local.embed([f"Paragraph {number}. " + "word " * 150 for number in range(60)]))
    await asyncio.sleep(0)
    question = await local.embed(["What is the quorum?"])
    assert len(question) == 1
    assert not document.done()
    assert len(await document) == 60


def test_the_cache_forgets_what_was_used_longest_ago() -> None:
    cache = VectorCache(2)
    cache.put("a", [1.0])
    cache.put("b", [2.0])
    assert cache.get("a") == [1.0]
    cache.put("c", [3.0])
    assert [cache.get(text) for text in "abc"] == [[1.0], None, [3.0]]


def test_a_file_that_is_not_the_known_one_is_refused() -> None:
    package, name, _ = minilm.TOKENIZER
    with pytest.raises(RuntimeError, match="not the expected file"):
        verified(package, name, "0" * 64)
    with pytest.raises(RuntimeError, match="not installed"):
        verified("no_such_package", name, "0" * 64)
