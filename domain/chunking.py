"""Texts cut into chunks for a model's context and, inside them, passages that an embedder sees whole.

A passage is a paragraph, a few short ones, or some sentences of a long one; a heading stands in the first passage
below it. Nothing crosses a heading.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from domain.memories import ByteRange
from domain.sentences import Span, sentences

__all__ = ["Chunk", "Passage", "chunks_of", "sentences"]

MAX_TOKENS = 2_000
"""Of the language model, in a chunk."""

CHARACTERS_A_PIECE = 20
"""A passage has at most this many characters for each piece it may have: an embedder counts a page of base64 as one."""

CHARACTERS_SURELY_LONG = 8
"""A block with more characters than this for each piece wanted is cut into sentences without being counted first."""

type Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Passage:
    """`text` is exactly the bytes of `range` in the whole text."""

    text: str
    range: ByteRange


@dataclass(frozen=True, slots=True)
class Chunk:
    """At least one passage; between them there are only blanks."""

    range: ByteRange
    passages: tuple[Passage, ...]


def chunks_of(text: str, *, pieces: Count, max_pieces: int, tokens: Count, max_tokens: int = MAX_TOKENS) -> list[Chunk]:
    """Chunks of at most `max_tokens`, in order, with passages of at most `max_pieces`.

    Together the passages hold every character that is not blank; a byte order mark is blank. Pieces must add up over
    sentences, as word pieces do; tokens are counted again for each passage and chunk, as they need not. Both limits
    hold down to a single character.
    """
    cutter = _Cutter(text, pieces=pieces, max_pieces=max_pieces, tokens=tokens, max_tokens=max_tokens)
    groups = cutter.chunks([cutter.passages(section) for section in _sections(text)])
    byte_at = _byte_offsets(text, (border for group in groups for span in group for border in span))
    return [_chunk(text, group, byte_at) for group in groups]


class _Kind(Enum):
    HEADING = auto()
    ITEM = auto()
    PROSE = auto()


class _Line(Enum):
    """MORE continues the block of the line before."""

    BLANK = auto()
    HEADING = auto()
    ITEM = auto()
    PROSE = auto()
    MORE = auto()


BLOCKS = {_Line.HEADING: _Kind.HEADING, _Line.ITEM: _Kind.ITEM, _Line.PROSE: _Kind.PROSE, _Line.MORE: _Kind.PROSE}


@dataclass(frozen=True, slots=True)
class _Block:
    start: int
    end: int
    kind: _Kind


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is never cut again unless it is too long: a block or a sentence."""

    start: int
    end: int
    kind: _Kind
    weight: int


BLANKS = "".join(chr(code) for code in range(0x3001) if chr(code).isspace()) + "\ufeff"
FENCE = re.compile(r" {0,3}(?:```|~~~)")
ATX = re.compile(r"[ \ufeff]{0,3}#{1,6}(?:[ \t]|$)")
UNDERLINE = re.compile(r" {0,3}(?:=+|-{2,})$")
ITEM = re.compile(r"[ \t]*(?:(?:[-*+•‣]|\(?\d{1,3}[.)]|\(?[a-z][.)])[ \t]+\S|\|)")
NUMBERED = re.compile(r"(?i)(?:article|section|chapter|part|annex|appendix|schedule) +(?:\d+|[ivxlc]+|[a-z])\b.{0,60}$")
TITLE = re.compile(r"(?:\d+(?:\.\d+)*[.)]? +)?[^\W_a-z].{0,78}$")
SENTENCE_END = tuple(".!?;:,…")


def _blocks(text: str) -> Iterator[_Block]:
    """Headings, list items with table rows, and paragraphs, without the blanks around them."""
    spans = [_trimmed(text, *found.span()) for found in re.finditer(r"[^\n]*\n?", text)]
    opened: _Block | None = None
    for (start, end), kind in zip(spans, _kinds([text[start:end] for start, end in spans]), strict=True):
        if opened and kind is _Line.MORE:
            opened = _Block(opened.start, end, opened.kind)
            continue
        if opened:
            yield opened
        opened = None if kind is _Line.BLANK else _Block(start, end, BLOCKS[kind])
    if opened:
        yield opened


def _kinds(lines: list[str]) -> list[_Line]:
    """What each line is; inside a code fence nothing is a heading or an item."""
    kinds: list[_Line] = []
    fenced = False
    for number, line in enumerate(lines):
        before = kinds[-1] if kinds else _Line.BLANK
        after = lines[number + 1] if number + 1 < len(lines) else None
        fence = FENCE.match(line) is not None
        if not line:
            kinds.append(_Line.BLANK)
        elif fenced or fence:
            kinds.append(_Line.MORE if fenced and before is not _Line.BLANK else _Line.PROSE)
        else:
            kinds.append(_kind(line, before, after))
        fenced ^= fence
    return kinds


def _kind(line: str, before: _Line, after: str | None) -> _Line:
    opens = before in (_Line.BLANK, _Line.HEADING)
    sentence = line.endswith(SENTENCE_END)
    if before is _Line.HEADING and UNDERLINE.match(line):
        return _Line.HEADING
    if ATX.match(line) or (NUMBERED.match(line) and not sentence):
        return _Line.HEADING
    if opens and after and UNDERLINE.match(after) and not ITEM.match(line):
        return _Line.HEADING
    if opens and after == "" and not sentence and TITLE.match(line):
        return _Line.HEADING
    if ITEM.match(line):
        return _Line.ITEM
    return _Line.PROSE if opens else _Line.MORE


def _sections(text: str) -> Iterator[list[_Block]]:
    """Blocks up to the next heading; headings that follow one another stand together."""
    section: list[_Block] = []
    for block in _blocks(text):
        if block.kind is _Kind.HEADING and section and section[-1].kind is not _Kind.HEADING:
            yield section
            section = []
        section.append(block)
    if section:
        yield section


class _Cutter:
    """One text with its limits. Weights are pieces."""

    def __init__(self, text: str, *, pieces: Count, max_pieces: int, tokens: Count, max_tokens: int) -> None:
        self._text, self._pieces, self._tokens = text, pieces, tokens
        self._max_pieces, self._max_tokens = max_pieces, max_tokens
        self._max_characters = max_pieces * CHARACTERS_A_PIECE
        self._ideal, self._small = max(1, max_pieces * 3 // 5), max_pieces // 5

    def passages(self, section: Sequence[_Block]) -> list[Span]:
        """A section's passages: headings go with what follows, what is small with its neighbours."""
        passages: list[Span] = []
        opened: list[_Unit] = []
        for part in (part for block in section for part in self._parts(block)):
            if opened and not self._joins(opened, part):
                passages += self._settled(opened)
                opened = []
            opened += part
        return passages + (self._settled(opened) if opened else [])

    def _joins(self, opened: list[_Unit], part: list[_Unit]) -> bool:
        had, more = _weight(opened), _weight(part)
        if opened[-1].kind is _Kind.HEADING:
            return had + more <= self._max_pieces
        items = opened[-1].kind is part[0].kind is _Kind.ITEM
        return had + more <= self._ideal and (items or had < self._small or more < self._small)

    def _parts(self, block: _Block) -> Iterator[list[_Unit]]:
        """The block whole, or its sentences in groups of about one size, each within the ideal if it can be."""
        if block.end - block.start <= self._ideal * CHARACTERS_SURELY_LONG:
            whole = self._unit(block.start, block.end, block.kind)
            if whole.weight <= self._ideal:
                yield [whole]
                return
        units = [
            self._unit(block.start + start, block.start + end, block.kind)
            for start, end in sentences(self._text[block.start : block.end])
        ]
        total = _weight(units)
        share = total / -(-total // self._ideal) if total else 1
        group: list[_Unit] = []
        for unit in units:
            if group and _weight(group) + unit.weight / 2 > share:
                yield group
                group = []
            group.append(unit)
        yield group

    def _unit(self, start: int, end: int, kind: _Kind) -> _Unit:
        """A text far past the limit is not counted: it is cut in any case, and counters may be slow on it."""
        long = end - start > self._max_characters
        return _Unit(start, end, kind, end - start if long else self._pieces(self._text[start:end]))

    def _settled(self, units: Sequence[_Unit]) -> list[Span]:
        """One passage if the units together keep the limits, else the same for each half."""
        span = (units[0].start, units[-1].end)
        if _weight(units) <= self._max_pieces and self._has_room(span):
            return [span]
        if len(units) == 1:
            return list(self._cut(span))
        half = len(units) // 2
        return self._settled(units[:half]) + self._settled(units[half:])

    def _cut(self, span: Span) -> Iterator[Span]:
        """A sentence that is too long: at clauses, else between words, else between characters."""
        start, end = _trimmed(self._text, *span)
        if start == end:
            return
        pieces = self._unit(start, end, _Kind.PROSE).weight
        if (pieces <= self._max_pieces and self._has_room((start, end))) or end - start == 1:
            yield start, end
            return
        size = min(end - start, self._max_characters * 2)
        while start < end:
            middle = _border(self._text, start + size // 4, start + size // 2)
            stop = end if end - middle < size // 4 else middle
            yield from self._cut((start, stop))
            start = stop

    def _has_room(self, span: Span) -> bool:
        body = self._text[span[0] : span[1]]
        return len(body) <= self._max_characters and self._tokens(body) <= self._max_tokens

    def chunks(self, sections: Iterable[Sequence[Span]]) -> list[list[Span]]:
        """Whole sections together while there is room; a section that needs more than a chunk is cut in it."""
        chunks: list[list[Span]] = []
        opened: list[Span] = []
        used = 0
        for section in sections:
            sizes = [self._tokens(self._text[before:end]) for before, end in self._with_gaps(opened, section)]
            if opened and used + sum(sizes) > self._max_tokens:
                chunks += self._checked(opened)
                opened, used = [], 0
            for span, size in zip(section, sizes, strict=True):
                if opened and used + size > self._max_tokens:
                    chunks += self._checked(opened)
                    opened, used = [], 0
                opened.append(span)
                used += size
        return chunks + (self._checked(opened) if opened else [])

    def _with_gaps(self, before: Sequence[Span], section: Sequence[Span]) -> Iterator[Span]:
        """Each passage with the blanks in front of it: a chunk holds them too."""
        last = before[-1][1] if before else section[0][0]
        for start, end in section:
            yield min(last, start), end
            last = end

    def _checked(self, passages: list[Span]) -> list[list[Span]]:
        """Tokens of parts need not add up to those of the whole."""
        whole = self._text[passages[0][0] : passages[-1][1]]
        if len(passages) == 1 or self._tokens(whole) <= self._max_tokens:
            return [passages]
        half = len(passages) // 2
        return self._checked(passages[:half]) + self._checked(passages[half:])


def _weight(units: Iterable[_Unit]) -> int:
    return sum(unit.weight for unit in units)


def _trimmed(text: str, start: int, end: int) -> Span:
    """Without the blanks at both ends; an empty span when there is nothing else."""
    body = text[start:end]
    core = body.strip(BLANKS)
    first = start + len(body) - len(body.lstrip(BLANKS)) if core else start
    return first, first + len(core)


def _border(text: str, low: int, high: int) -> int:
    """The last good place to cut in low..high: after a clause, else after a word, else anywhere."""
    for border in (r"[;:,，、–—)][\s]", r"\s"):
        found = [match.end() for match in re.finditer(border, text[low:high])]
        if found:
            return low + found[-1]
    return max(high, low + 1)


def _byte_offsets(text: str, borders: Iterable[int]) -> dict[int, int]:
    """UTF-8 offsets of ascending character offsets, in one walk."""
    offsets: dict[int, int] = {}
    at = byte = 0
    for border in borders:
        byte += len(text[at:border].encode())
        at = border
        offsets[border] = byte
    return offsets


def _chunk(text: str, spans: Sequence[Span], byte_at: dict[int, int]) -> Chunk:
    passages = tuple(Passage(text[start:end], ByteRange(byte_at[start], byte_at[end])) for start, end in spans)
    return Chunk(ByteRange(passages[0].range.start, passages[-1].range.end), passages)
