"""Sentences of recalled evidence that could stand in an answer: statements, no headings, questions or orders."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from domain.models import Evidence
from domain.patterns import any_of, compiled
from domain.sentences import sentences

_ALSO_ENDS = re.compile(
    r"(?<=°[CF]\.)\s+(?=[A-Z])|(?<=[.;])\s+(?=§)"
    r"|(?<=[a-z] [A-Z]\.)\s+(?=(?:The|An?|It|I|We|They|He|She|In|On|At|My|Our|This|That|No|Each|Every|All)\b)"
)
_RECORD = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[:.]\d\d\b|\w[\w /()-]{0,30}: ")
"""How a line of a list begins: with a day, a time, or the name of what it tells of."""
_CLAUSE = re.compile(r"§ ?\d|\d{1,2}\.\d{1,2}\.? [A-Z]")
"""How a clause of a statute begins: a matter of its own."""
_CELL = re.compile(r"\s*[|;\t]\s*")
_WIDTH = 60
"""A line shorter than this was not wrapped."""
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_MARKER = re.compile(r"^\s*(?:[-*+•]\s+|\d{1,2}[.)]\s+|>\s+|\|\s*)")
_HEADING = re.compile(r"^\s*#{1,6}\s+(.+?)\s*#*$")
_LABEL = re.compile(r"^(\*\*|__)(?P<bold>[^*_]{1,60})\1[.:]?$")
_WEEKDAYS = any_of("on monday tuesday wednesday thursday friday saturday sunday")
_MONTHS = any_of("january february march april may june july august september october november december")
_DAY = compiled(rf"^(?:{_WEEKDAYS},? ?)*(?:the )?\d{{1,2}}(?:st|nd|rd|th)? {_MONTHS}(?: \d{{4}})?[.:]?$")
_RULE = re.compile(r"^[\s|:=*_-]+$")
_MACHINE = r"(?:digital )?(?:twins?|assistants?|ais?|bots?|language models?|llms?)"
_ORDER = compiled(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instruction|prompt|rule|above|previous|prior|everything)",
    r"\b(?:system prompt|developer mode|jailbreak)\b",
    r"^\W*(?:system|assistant|user)\s*:|<\|?\w+\|?>",
    r"\b(?:you (?:are|must|should|will|have to)|please)\b.{0,60}"
    + any_of("reply respond answer say tell vote output pretend reveal repeat print"),
    r"\b(?:reply|respond|answer)\b.{0,20}\b(?:only|with|exactly)\b",
    rf"\b(?:all|every|any|the|dear) {_MACHINE}\b.{{0,40}}" + any_of("must should shall vote reply say have_to answer"),
    rf"\b(?:as|note to|attention|instructions? (?:to|for)) (?:an? |the |all )?{_MACHINE}\b",
    r"^\W*(?:ai|assistant|bot|twin|llm)\s*[,:]|##\s*VOTE:",
)
_ANAPHOR = compiled(
    r"^\W*"
    + any_of("it its it's they their he his she her this that these those there both then the_former the_latter"),
    any_of("it its them him"),
)
_FIRST_PERSON = re.compile(r"\b(?:I|I['’](?:m|ve|d|ll)|my|mine|me|myself)\b|\bi\b(?!\.)")
_OWN_SUBJECT = re.compile(r"^\W*(?:[\w’']+,? ){0,4}?(?:I|I['’](?:m|ve|d|ll)|[Mm]y)\b")


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence as it stands in its source, and what stands around it."""

    text: str
    evidence: Evidence
    heading: str = ""
    """Titles above it, the label of its paragraph, or the columns of its table."""
    before: str = ""
    """What stands before it in the same paragraph: back to the last sentence that points back to none itself."""
    place: tuple[int, int] = (0, 0)
    """Number of its paragraph, and its own number in that."""

    @property
    def leans(self) -> bool:
        """It points back to the sentence before it."""
        return bool(self.before) and points_back(self.text)

    @property
    def first_person(self) -> bool:
        return bool(_FIRST_PERSON.search(self.text))

    @property
    def in_own_voice(self) -> bool:
        """The member's own words about itself, fit to be said as they are."""
        return self.evidence.own and bool(_OWN_SUBJECT.match(self.text)) and self.text[:1].isupper()

    @property
    def read_with(self) -> str:
        """The sentence with what a reader knows when reaching it."""
        parts = (self.heading, self.before if self.leans else "", self.text)
        return ". ".join(part.rstrip(".") for part in parts if part)


def cleaned(text: str) -> str:
    """Without characters that no reader sees, which could hide an order."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cf", "Cc", "Co", "Cn"))


def is_order(text: str) -> bool:
    """Addressed to a machine: it is neither obeyed nor passed on."""
    return bool(_ORDER.search(text))


def is_question(text: str) -> bool:
    return text.rstrip("\"”’')* ").endswith("?")


def points_back(text: str) -> bool:
    return bool(_ANAPHOR.search(text))


def statements_of(evidence: Evidence) -> list[Statement]:
    """All statements of one piece of evidence, in order."""
    found: list[Statement] = []
    title = label = before = ""
    paragraph = place = 0
    for raw, follows in _sentences(cleaned(evidence.text)):
        if not follows:
            paragraph, place, label, before = paragraph + 1, 0, "", ""
        place += 1
        sentence = " ".join(_MARKER.sub("", raw).strip(" |").split())
        if _RULE.match(raw):
            continue
        if titled := _title(raw, sentence):
            title, before = titled, ""
        elif labelled := _label(sentence):
            label, before = labelled, ""
        elif sentence and not is_question(sentence) and not is_order(sentence):
            heading = ". ".join(part for part in (title, label) if part)
            found.append(Statement(sentence, evidence, heading, before, (paragraph, place)))
            before = f"{before} {sentence}" if before and points_back(sentence) else sentence
    return _under_columns(found)


def _title(raw: str, sentence: str) -> str:
    titled = _HEADING.match(raw)
    return titled[1] if titled else sentence.rstrip(":") if _is_title(sentence) else ""


def _label(sentence: str) -> str:
    """A bold start or a day that the rest of a paragraph stands under."""
    labelled = _LABEL.match(sentence)
    return labelled["bold"].strip(" .:") if labelled else sentence.strip(" .:") if _DAY.match(sentence) else ""


def _under_columns(statements: list[Statement]) -> list[Statement]:
    """Rows of a table stand under its first row, which names the columns and says nothing."""
    found: list[Statement] = []
    columns, width = "", 0
    for each in statements:
        cells = len(_CELL.split(each.text)) if _is_row(each.text) else 0
        if cells and cells == width:
            found.append(replace(each, heading=f"{each.heading}. {columns}".strip(". ")))
            continue
        columns, width = (each.text, cells) if cells and not any(c.isdigit() for c in each.text) else ("", 0)
        found.append(each)
    heads = {each.heading.rsplit(". ", 1)[-1] for each in found}
    return [each for each in found if not (_is_row(each.text) and each.text in heads)]


def _is_row(line: str) -> bool:
    """Cells between bars, or at least three between semicolons or tabs."""
    inner = line.strip(" |")
    return " | " in inner or len(re.findall(r"[;\t]", inner)) >= 2


def _sentences(text: str) -> Iterator[tuple[str, bool]]:
    """Each sentence, and whether it stands in the same paragraph as the one before."""
    end = 0
    for start, stop in sentences(text):
        follows = end > 0 and not _BLANK_LINE.search(text[end:start]) and not _MARKER.match(text[start:stop])
        for part, goes_on in _parts(text, start, stop):
            yield part, follows and goes_on
            follows = True
        end = stop


def _parts(text: str, start: int, stop: int) -> Iterator[tuple[str, bool]]:
    """Lines that were not wrapped: the next starts like a record, or with a capital after a line that had room.

    With each whether it goes on the one before; a record does not.
    """
    at, goes_on = start, True
    for line_end in [*_line_ends(text, start, stop), stop]:
        if line_end < stop:
            length = line_end - (text.rfind("\n", 0, line_end) + 1)
            this, following = text[at:line_end].rsplit("\n", 1)[-1], text[line_end + 1 : stop].split("\n", 1)[0]
            record = (_is_row(this) and _is_row(following)) or (length < _WIDTH and _RECORD.match(following))
            if not record and not (length < _WIDTH and following[:1].isupper()):
                continue
        else:
            record = False
        for inner, part in enumerate(_ALSO_ENDS.split(text[at:line_end])):
            yield part, (goes_on or inner > 0) and not _CLAUSE.match(part.strip())
        at, goes_on = line_end, not record


def _line_ends(text: str, start: int, stop: int) -> Iterator[int]:
    return (start + found.start() for found in re.finditer(r"\n", text[start:stop]))


def _is_title(paragraph: str) -> bool:
    """A line that names what follows and says nothing itself."""
    words = paragraph.split()
    shouted = paragraph.isupper() and len(words) <= 9 and not any(c.isdigit() for c in paragraph)
    return shouted or (paragraph.endswith(":") and len(words) <= 8)
