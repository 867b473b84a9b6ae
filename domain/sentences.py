"""Where sentences end: a small rule for English prose, lists and chat lines; other languages by their punctuation."""

import re
from collections.abc import Iterator

type Span = tuple[int, int]
"""Half-open, in characters of a text."""

ABBREVIATIONS = re.compile(
    r"mrs?|ms|dr|prof|sr|jr|rev|gen|capt|hon|vs|cf|al|approx|inc|ltd|corp|dept|est|incl|excl|e\.g|i\.e|viz|ca|resp|tel",
    re.IGNORECASE,
)
"""A full stop after one of these ends nothing."""

NUMBERING = re.compile(
    r"nos?|arts?|secs?|figs?|eqs?|ch|vol|pp?|paras?|st|co|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|min|max",
    re.IGNORECASE,
)
"""After one of these it ends nothing when a number follows: "No. 5", but "I said no. We left."."""

BREAK = re.compile(
    r"(?P<stop>(?<![.!?…])[.!?…]++[\"'”’)\]*_]*+)(?=\s)"  # a stop with what closes after it
    r"|(?P<wide>[。！？]++[」』”]?)"  # no blank follows these
    r"|(?P<blank>\n[^\S\n]*+(?:\n\s*+)?+)"  # a line's end: one, or with blank lines after it
)
"""Nothing in it backtracks, so that a megabyte of dots or newlines is read once."""

BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
LIST_ITEM = re.compile(r"[^\S\n]*(?:[-*+•‣–—]|\(?\d{1,3}[.)]|\(?[a-z][.)])[^\S\n]+|[^\S\n]*[|>#]")
NUMBER_ONLY = re.compile(r"(?:^|\n)[^\S\n]*(?:[-*+•>#]+[^\S\n]*)*\(?(?:\d{1,3}(?:\.\d+)*|[a-zA-Z])$")
LAST_WORD = re.compile(r"[\w.]*\w$")
OPENS = re.compile(r"[\s\"'“‘(\[*_]*(?:[^\W_a-z]|i(?:['’]\w+)?\b|[-*+•|#>])")
"""What a sentence starts with: no small letter, but for the `i` of people who never use capitals."""

SHORT_LINE = 40


def sentences(text: str) -> list[Span]:
    """The sentences of a text, without the blanks around them, in order; together they hold all that is not blank."""
    found, start = [], 0
    for end in [*_ends(text), len(text)]:
        body = text[start:end]
        if stripped := body.strip():
            first = start + len(body) - len(body.lstrip())
            found.append((first, first + len(stripped)))
        start = end
    return found


def _ends(text: str) -> Iterator[int]:
    for found in BREAK.finditer(text):
        match found.lastgroup:
            case "stop" if _stops(text, found):
                yield found.end()
            case "wide":
                yield found.end()
            case "blank" if BLANK_LINE.match(found[0]) or _deliberate(text, found):
                yield found.end()


def _stops(text: str, found: re.Match[str]) -> bool:
    """Not after an abbreviation, an initial or a list's number, and only before what may open a sentence."""
    if not OPENS.match(text, found.end(), found.end() + 80):
        return False
    if not found["stop"].startswith(".") or found["stop"].startswith(".."):
        return True
    before = text[max(0, found.start() - 40) : found.start()]
    word = LAST_WORD.search(before)
    if word is None:
        return True
    initial = len(word[0]) == 1 and word[0].isupper() and word[0] != "I"
    dotted = re.fullmatch(r"(?:[A-Z]\.)+[A-Z]", word[0]) is not None
    if ABBREVIATIONS.fullmatch(word[0]) or NUMBER_ONLY.search(before):
        return False
    if NUMBERING.fullmatch(word[0]) and re.compile(r"\s*\d").match(text, found.end(), found.end() + 80):
        return False
    return not (initial or dotted)


def _deliberate(text: str, found: re.Match[str]) -> bool:
    """A line was broken on purpose: before a list item, or after a short line when a capital follows."""
    if LIST_ITEM.match(text, found.end()):
        return True
    length = found.start() - text.rfind("\n", 0, found.start()) - 1
    return length < SHORT_LINE and OPENS.match(text, found.end(), found.end() + 80) is not None
