"""Sentences that join two named entities."""

from domain.entities import Mention
from domain.memories import ByteRange
from domain.memory_projections import Statement
from domain.relations import statements_of


def mention(text: str, name: str, kind: str, *, nth: int = 0) -> Mention:
    content, start = text.encode(), -1
    for _ in range(nth + 1):
        start = content.index(name.encode(), start + 1)
    return Mention(name, kind, start, start + len(name.encode()), "test")


def test_a_sentence_with_two_names_states_something_of_them() -> None:
    text = "Café opens at eight. Ana Ribeiro – our minutes' keeper – met Joris at Velo Noord. It rained."
    mentions = [
        mention(text, "Ana Ribeiro", "PERSON"),
        mention(text, "Joris", "PERSON"),
        mention(text, "Velo Noord", "ORG"),
    ]
    start = len("Café opens at eight. ".encode())
    assert statements_of(text, mentions) == [
        Statement(
            "Ana Ribeiro – our minutes' keeper – met Joris at Velo Noord.",
            ("Ana Ribeiro", "PERSON"),
            ("Joris", "PERSON"),
            ByteRange(start, start + len("Ana Ribeiro – our minutes' keeper – met Joris at Velo Noord.".encode())),
        )
    ]


def test_dates_and_amounts_name_nobody() -> None:
    text = "Ana paid 40 euros on Monday."
    mentions = [mention(text, "Ana", "PERSON"), mention(text, "40 euros", "MONEY"), mention(text, "Monday", "DATE")]
    assert statements_of(text, mentions) == []


def test_one_name_twice_joins_nothing() -> None:
    text = "Ana knows what Ana wants."
    assert statements_of(text, [mention(text, "Ana", "PERSON"), mention(text, "Ana", "PERSON", nth=1)]) == []


def test_a_question_states_nothing() -> None:
    text = "Did Ana meet Joris?"
    assert statements_of(text, [mention(text, "Ana", "PERSON"), mention(text, "Joris", "PERSON")]) == []
