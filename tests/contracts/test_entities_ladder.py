"""Gemini, then spaCy: the ladder of entities."""

from collections.abc import Sequence

import pytest

from adapters.meters.prometheus import PrometheusMeters
from adapters.ner.ladder import EntitiesLadder
from adapters.ner.spacy import SpacyEntities
from domain.entities import Mention
from domain.errors import EntitiesFailed


class Scripted:
    """Finds one mention, or fails."""

    def __init__(self, name: str, *, fails: bool = False) -> None:
        self.name = name
        self._fails = fails

    async def extract(self, texts: Sequence[str]) -> list[list[Mention]]:
        if self._fails:
            raise EntitiesFailed(f"{self.name} is away.")
        return [[Mention("Ana", "PERSON", 0, 3, self.name)] for _ in texts]


async def test_the_first_engine_answers_while_it_can() -> None:
    meters = PrometheusMeters()
    ladder = EntitiesLadder(Scripted("gemini"), Scripted("spacy"), meters)
    assert [each.extractor for [each] in await ladder.extract(["Ana", "Ana"])] == ["gemini", "gemini"]
    assert ladder.name == "gemini, else spacy"
    assert "frontier_fallbacks_total{" not in meters.text().decode()


async def test_spacy_finds_what_the_first_engine_could_not(caplog: pytest.LogCaptureFixture) -> None:
    meters = PrometheusMeters()
    ladder = EntitiesLadder(Scripted("gemini", fails=True), SpacyEntities(), meters)
    [found] = await ladder.extract(["Ana Duarte lives in Lisbon."])
    assert [(each.text, each.type, each.extractor) for each in found] == [
        ("Ana Duarte", "PERSON", SpacyEntities.name),
        ("Lisbon", "GPE", SpacyEntities.name),
    ]
    assert 'frontier_fallbacks_total{port="entities"} 1.0' in meters.text().decode()
    assert "gemini is away." in caplog.text


async def test_when_both_fail_it_is_told() -> None:
    ladder = EntitiesLadder(Scripted("gemini", fails=True), Scripted("spacy", fails=True), PrometheusMeters())
    with pytest.raises(EntitiesFailed, match="spacy is away") as failed:
        await ladder.extract(["Ana"])
    assert failed.value.code == "NER_ERROR"
