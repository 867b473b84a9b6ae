"""Chunks, passages and sentences."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.chunking import Chunk, Passage, chunks_of, sentences


def words(text: str) -> int:
    return len(re.findall(r"\w+|[^\w\s]", text))


def passages_of(text: str, *, max_pieces: int = 20, max_tokens: int = 2_000) -> list[Passage]:
    chunks = chunks_of(text, pieces=words, max_pieces=max_pieces, tokens=len, max_tokens=max_tokens)
    return [passage for chunk in chunks for passage in chunk.passages]


def texts_of(text: str, *, max_pieces: int = 20) -> list[str]:
    return [passage.text for passage in passages_of(text, max_pieces=max_pieces)]


def spread(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


BYLAWS = """\ufeff# Bylaws

## Quorum

Sixty percent of the weight must take part. Abstentions count.

## Printing

- Use PETG for brackets.
- Keep the bed at 80 °C.
- Vent the room.

A third of the reserve may be spent on spare parts in a year. The board decides on more, by a majority of two thirds.
"""


def test_a_heading_stands_in_the_first_passage_below_it() -> None:
    assert texts_of(BYLAWS, max_pieces=30) == [
        "# Bylaws\n\n## Quorum\n\nSixty percent of the weight must take part. Abstentions count.",
        "## Printing\n\n- Use PETG for brackets.\n- Keep the bed at 80 °C.",
        "- Vent the room.",
        "A third of the reserve may be spent on spare parts in a year.",
        "The board decides on more, by a majority of two thirds.",
    ]


def test_small_passages_are_preferred_to_full_ones() -> None:
    paragraph = "One two three four five six seven eight nine."
    assert texts_of(f"{paragraph}\n\n{paragraph}\n\n{paragraph}", max_pieces=40) == [paragraph] * 3


def test_short_neighbours_are_read_together() -> None:
    assert texts_of("We need:\n\n- tape\n- glue\n\nAsk Ana.", max_pieces=40) == [
        "We need:\n\n- tape\n- glue\n\nAsk Ana."
    ]


def test_a_long_paragraph_is_cut_between_sentences_into_even_parts() -> None:
    cut = texts_of(" ".join(f"Sentence number {number} is here." for number in range(12)), max_pieces=40)
    assert [text.count(".") for text in cut] == [4, 4, 4]


def test_a_long_sentence_is_cut_at_clauses_then_words_then_characters() -> None:
    clauses = "when the printer stops, " * 12
    assert all(text.endswith(("stops,", "stops")) for text in texts_of(clauses, max_pieces=20))
    assert "".join(texts_of("x" * 3_000, max_pieces=20)) == "x" * 3_000
    assert all(len(text) <= 400 for text in texts_of("x" * 3_000, max_pieces=20))


def test_offsets_are_utf8_bytes_of_the_whole_text() -> None:
    raw = BYLAWS.encode()
    assert passages_of(BYLAWS)[0].range.start == 3
    assert all(raw[p.range.start : p.range.end].decode() == p.text for p in passages_of(BYLAWS))


def test_chunks_end_at_headings_when_a_section_has_no_room() -> None:
    section = "# Part\n\n" + "A sentence of some words. " * 10 + "\n\n"
    chunks = chunks_of(section * 3, pieces=words, max_pieces=20, tokens=words, max_tokens=130)
    assert [chunk.passages[0].text[:6] for chunk in chunks] == ["# Part"] * 2
    assert [sum(p.text.startswith("#") for p in chunk.passages) for chunk in chunks] == [2, 1]


def test_a_code_fence_holds_no_headings() -> None:
    text = "# Setup\n\n```sh\n# not a heading\nmake up\n```\n\nDone."
    assert texts_of(text, max_pieces=60) == [text]


@pytest.mark.parametrize(
    "heading",
    ["Quorum\n======", "Quorum\n---", "Article 4 Quorum", "ARTICLE IV. Quorum", "4.2 Quorum\n", "## Quorum ##"],
)
def test_headings_of_several_kinds_are_not_crossed(heading: str) -> None:
    body = "Sixty percent of the weight must take part."
    assert texts_of(f"Before it.\n\n{heading}\n{body}") == ["Before it.", f"{heading}\n{body}"]


@pytest.mark.parametrize("text", ["", " \n\t\n", "\ufeff", "\ufeff\n \u2003\n"])
def test_blanks_give_no_chunk(text: str) -> None:
    assert chunks_of(text, pieces=words, max_pieces=20, tokens=len) == []


PROSE = st.lists(
    st.one_of(
        st.sampled_from(
            ["# Heading\n", "\n\n", "- item\n", "Title\n===\n", "```\n", "e.g. this. ", "No. 5 is. ", "\ufeff"]
        ),
        st.text(alphabet="ab É.!?,\n\r\t#-|9字🖨\u0301\u2028", max_size=40),
        st.text(max_size=20, alphabet=st.characters(exclude_categories=["Cs"])),
        st.integers(1, 300).map(lambda times: "word " * times),
        st.integers(1, 600).map(lambda times: "x" * times),
    ),
    max_size=12,
).map("".join)


def blank(text: str) -> bool:
    return not text.replace("\ufeff", " ").strip()


def whole_chunk(text: str, chunk: Chunk) -> str:
    return text.encode()[chunk.range.start : chunk.range.end].decode()


@settings(deadline=None)
@given(text=PROSE, max_pieces=st.integers(1, 40), max_tokens=st.integers(1, 300))
@example(text="a" + "\n" * 500 + "b", max_pieces=40, max_tokens=100)
@example(text="a" + " " * 500 + "b.", max_pieces=40, max_tokens=100)
def test_every_letter_is_in_one_passage_at_its_bytes_within_the_limits(
    text: str, max_pieces: int, max_tokens: int
) -> None:
    chunks = chunks_of(text, pieces=words, max_pieces=max_pieces, tokens=len, max_tokens=max_tokens)
    raw, at = text.encode(), 0
    for chunk in chunks:
        assert 0 < len(whole_chunk(text, chunk)) <= max_tokens
        assert (chunk.range.start, chunk.range.end) == (chunk.passages[0].range.start, chunk.passages[-1].range.end)
        for passage in chunk.passages:
            assert blank(raw[at : passage.range.start].decode())
            assert raw[passage.range.start : passage.range.end].decode() == passage.text
            assert not blank(passage.text)
            assert words(passage.text) <= max_pieces
            at = passage.range.end
    assert blank(raw[at:].decode())


SECTIONS = st.lists(
    st.one_of(
        st.sampled_from(["# Heading\n", "\ufeff### Heading\n", "## \n", "\n\nTitle\n===\n", "\n", "- item\n"]),
        st.integers(1, 300).map(lambda times: f"{'word ' * times}\n\n"),
        st.integers(1, 60).map(lambda times: f"{'Some words are here. ' * times}\n\n"),
    ),
    max_size=20,
).map("".join)


@settings(deadline=None)
@given(text=SECTIONS)
def test_no_passage_crosses_a_markdown_heading(text: str) -> None:
    """Headings that follow one another stand together."""
    for passage in texts_of(text):
        after_headings = re.sub(r"\A(?:\s|\ufeff|#+[^\n]*|Title\n|===)*", "", passage)
        assert "#" not in after_headings
        assert "===" not in after_headings


@settings(deadline=None)
@given(text=PROSE)
def test_sentences_hold_every_letter_once_in_order(text: str) -> None:
    at = 0
    for start, end in sentences(text):
        assert at <= start < end
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


@pytest.mark.parametrize(
    "unit", [".", "\n", ".\n", "(", "a.", "1. ", "# ", "|", "`", " ", "\r\n", "A. ", "a\n", "。", "- a\n"]
)
def test_endless_runs_of_anything_are_cut_without_backtracking(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    assert "".join("".join(texts_of(text, max_pieces=200)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        (
            "It costs 3.50 EUR. Dr. Weber, e.g. in Art. 5, agrees.",
            ["It costs 3.50 EUR.", "Dr. Weber, e.g. in Art. 5, agrees."],
        ),
        ("I said no. We left at 5 p.m. The end.", ["I said no.", "We left at 5 p.m.", "The end."]),
        (
            "J. R. Smith of the U.S. Treasury came. So did I. Then we ate.",
            ["J. R. Smith of the U.S. Treasury came.", "So did I.", "Then we ate."],
        ),
        ('He said "Stop." Then (slowly.) He went.', ['He said "Stop."', "Then (slowly.)", "He went."]),
        ("i like pla. i hate abs... i'm sure", ["i like pla.", "i hate abs...", "i'm sure"]),
        ("See approx. five of them, i.e. all.", ["See approx. five of them, i.e. all."]),
        ("1. Heat the bed.\n2. Print.\n- Cool", ["1. Heat the bed.", "2. Print.", "- Cool"]),
        (
            "The board of the cooperative and its twelve members\nDecided it.",
            ["The board of the cooperative and its twelve members\nDecided it."],
        ),
        ("I like PLA\nI hate ABS", ["I like PLA", "I hate ABS"]),
        ("A title\n\nand its text", ["A title", "and its text"]),
        ("これは文です。次の文です。", ["これは文です。", "次の文です。"]),
        ("Windows\r\nLines.\r\n\r\nEnd", ["Windows", "Lines.", "End"]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert spread(text) == expected
