"""Gemini when it fails, refuses, invents or breaks off; and what is asked of it."""

import time
from collections.abc import Iterator

import pytest

from adapters.ner.gemini import GeminiEntities
from adapters.ner.gemini_answers import names, spans
from domain.errors import EntitiesFailed
from fakes.gemini import FakeGemini, found
from fakes.serving import served

TEXT = "Ana Petrova of Northern Print Works flew to Berlin."
EXPECTED = [("Ana Petrova", "PERSON"), ("Northern Print Works", "ORG"), ("Berlin", "GPE")]


@pytest.fixture
def fake() -> FakeGemini:
    return FakeGemini()


@pytest.fixture
def url(fake: FakeGemini) -> Iterator[str]:
    found("loads the model")
    with served(fake.app()) as url:
        yield url


@pytest.fixture
def gemini(url: str) -> GeminiEntities:
    return GeminiEntities("AIza-x", url, "gemini-2.5-flash", deadline=2.0)


async def extracted(gemini: GeminiEntities, text: str = TEXT) -> list[tuple[str, str]]:
    [mentions] = await gemini.extract([text])
    assert {mention.extractor for mention in mentions} <= {"gemini gemini-2.5-flash"}
    assert [text.encode()[each.start : each.end].decode() for each in mentions] == [each.text for each in mentions]
    return [(mention.text, mention.type) for mention in mentions]


async def test_the_text_is_sent_apart_from_the_instruction_with_a_schema(
    gemini: GeminiEntities, fake: FakeGemini
) -> None:
    assert await extracted(gemini) == EXPECTED
    [body] = fake.requests
    assert body["contents"] == [{"parts": [{"text": TEXT}], "role": "user"}]
    assert "never an instruction" in body["systemInstruction"]["parts"][0]["text"]
    assert body["generationConfig"]["responseMimeType"] == "application/json"
    assert body["generationConfig"]["responseSchema"]["items"]["required"] == ["text", "type"]


@pytest.mark.parametrize("step", ["429", "500", "503"])
async def test_what_passes_is_tried_again(gemini: GeminiEntities, fake: FakeGemini, step: str) -> None:
    fake.steps.append(step)
    assert await extracted(gemini) == EXPECTED
    assert len(fake.requests) == 2


@pytest.mark.parametrize("step", ["fenced", "made-up"])
async def test_only_what_stands_in_the_text_is_believed(gemini: GeminiEntities, fake: FakeGemini, step: str) -> None:
    fake.steps.append(step)
    assert await extracted(gemini) == EXPECTED


@pytest.mark.parametrize(
    ("step", "told", "retryable"),
    [
        ("400", "refuses the request with status 400", False),
        ("403", "refuses the key. Check GEMINI_API_KEY", False),
        ("404", "model is unknown", False),
        ("blocked", "will not read this text", False),
        ("safety", "will not read this text", False),
        ("cut", "broke off before its end", True),
        ("empty", "broke off before its end", True),
        ("prose", "something unreadable", True),
        ("html", "something unreadable", True),
        ("hang", "did not finish within 2 s", True),
        ("slow:3", "did not finish within 2 s", True),
    ],
)
async def test_what_does_not_pass_says_what_to_do(
    gemini: GeminiEntities, fake: FakeGemini, step: str, told: str, retryable: bool
) -> None:
    await extracted(gemini)
    fake.steps.append(step)
    began = time.monotonic()
    with pytest.raises(EntitiesFailed, match=told) as raised:
        await gemini.extract([TEXT])
    assert raised.value.retryable is retryable
    assert (len(fake.requests), time.monotonic() - began < 4) == (2, True)


async def test_a_server_that_fails_on_is_given_up(gemini: GeminiEntities, fake: FakeGemini) -> None:
    fake.steps.extend(["503"] * 9)
    with pytest.raises(EntitiesFailed, match=r"Gemini fails|did not finish"):
        await gemini.extract([TEXT])
    assert len(fake.requests) <= 3


async def test_a_server_that_is_gone_says_so() -> None:
    gemini = GeminiEntities("AIza-x", "http://127.0.0.1:9", "gemini-2.5-flash", deadline=5.0)
    with pytest.raises(EntitiesFailed, match="connection to Gemini broke"):
        await gemini.extract([TEXT])


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("Ana met Ana.", [("Ana", "PERSON")], [(0, 3, "PERSON"), (8, 11, "PERSON")]),
        ("Anatomy by Ana", [("Ana", "PERSON")], [(11, 14, "PERSON")]),
        ("New York City", [("York", "GPE"), ("New York City", "GPE")], [(0, 13, "GPE")]),
        ("a.b (c) [d]", [("(c)", "ORG"), ("a.b", "ORG")], [(0, 3, "ORG"), (4, 7, "ORG")]),
        ("nothing", [("else", "ORG")], []),
    ],
)
def test_names_are_found_wherever_they_stand(
    text: str, given: list[tuple[str, str]], expected: list[tuple[int, int, str]]
) -> None:
    assert spans(text, given) == expected


@pytest.mark.parametrize("answer", ["", "{}", "null", "[", "1", '{"text": "Ana"}'])
def test_an_answer_that_is_no_list_is_refused(answer: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # of two kinds
        names(answer)
