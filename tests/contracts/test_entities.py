"""What every extractor of named entities promises."""

from collections.abc import Iterator

import pytest

from adapters.ner.gemini import GeminiEntities
from adapters.ner.spacy import SpacyEntities
from adapters.ner.spans import WINDOW, windows
from domain.entities import Entities
from fakes.gemini import FakeGemini
from fakes.serving import served

TEXT = "Ana Petrova of Northern Print Works met the European Commission in Berlin on 5 May 2024."


@pytest.fixture(scope="module")
def spacy() -> SpacyEntities:
    return SpacyEntities()


@pytest.fixture(scope="module")
def gemini_url() -> Iterator[str]:
    with served(FakeGemini().app()) as url:
        yield url


@pytest.fixture
def gemini(gemini_url: str) -> GeminiEntities:
    return GeminiEntities("AIza-x", gemini_url, "gemini-2.5-flash", deadline=60)


@pytest.fixture(params=["spacy", "gemini"])
def entities(request: pytest.FixtureRequest) -> Entities:
    found: Entities = request.getfixturevalue(request.param)
    return found


async def test_persons_organisations_places_and_dates_are_found_in_order(entities: Entities) -> None:
    [mentions] = await entities.extract([TEXT])
    assert [(mention.text, mention.type) for mention in mentions] == [
        ("Ana Petrova", "PERSON"),
        ("Northern Print Works", "ORG"),
        ("the European Commission", "ORG"),
        ("Berlin", "GPE"),
        ("5 May 2024", "DATE"),
    ]
    assert {mention.extractor for mention in mentions} == {entities.name}


async def test_offsets_are_bytes_of_each_text(entities: Entities) -> None:
    texts = ["🖨️ Café “Zürich” – " + TEXT, "", "nothing here", TEXT + " Łódź. " + TEXT]
    found = await entities.extract(texts)
    assert [len(mentions) for mentions in found[1:3]] == [0, 0]
    for text, mentions in zip(texts, found, strict=True):
        assert [text.encode()[mention.start : mention.end].decode() for mention in mentions] == [
            mention.text for mention in mentions
        ]
    assert "Ana Petrova" in [mention.text for mention in found[0]]


async def test_no_texts_no_mentions(entities: Entities) -> None:
    assert await entities.extract([]) == []


async def test_a_text_longer_than_a_window_is_read_to_its_end(entities: Entities) -> None:
    text = "We print brackets for the workshop. " * 900 + "Ünd " + TEXT
    [mentions] = await entities.extract([text])
    assert mentions[-1].text == "5 May 2024"
    assert text.encode()[mentions[-1].start : mentions[-1].end] == b"5 May 2024"


@pytest.mark.parametrize("text", ["a b " * 20_000, "line\n" * 9_000, "x" * 50_001, "", "  \n "])
def test_windows_hold_every_character_once(text: str) -> None:
    cut = list(windows(text))
    assert "".join(text[start:end] for start, end in cut) == (text if text.strip() else "")
    assert all(end - start <= WINDOW for start, end in cut)
