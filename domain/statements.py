"""Sentences of recalled evidence that could stand in an answer: statements, no headings, questions or orders."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from domain.models import Evidence
from domain.patterns import any_of, compiled
from domain.sentences import sentences

_ALSO_ENDS = re.compile(
    r"(?<=°[CF]\.)\s+(?=[A-Z])|(?<=[.;])\s+(?=§)"
    r"|\n(?=\d{4}-\d\d-\d\d|\d{1,2}[:.]\d\d\b|[A-ZÀ-Þ][\w ]{0,30}: )"
    r"|(?<=[a-z] [A-Z]\.)\s+(?=(?:The|An?|It|I|We|They|He|She|In|On|At|My|Our|This|That|No|Each|Every|All)\b)"
)
_WIDTH = 60
"""A line shorter than this was not wrapped."""
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_MARKER = re.compile(r"^\s*(?:[-*+•]\s+|\d{1,2}[.)]\s+|>\s+|\|\s*)")
_HEADING = re.compile(r"^\s*#{1,6}\s+(.+?)\s*#*$")
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
    before: str = ""
    """The sentence that stands before it in the same paragraph."""

    @property
    def leans(self) -> bool:
        """It points back to the sentence before it."""
        return bool(self.before) and bool(_ANAPHOR.search(self.text))

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


def statements_of(evidence: Evidence) -> list[Statement]:
    """All statements of one piece of evidence, in order."""
    found: list[Statement] = []
    heading = before = ""
    for raw, follows in _sentences(cleaned(evidence.text)):
        titled = _HEADING.match(raw)
        sentence = " ".join(_MARKER.sub("", raw).strip(" |").split())
        if titled or _is_title(sentence):
            heading, before = titled[1] if titled else sentence.rstrip(":"), ""
        elif sentence and not _RULE.match(raw) and not is_question(sentence) and not is_order(sentence):
            found.append(Statement(sentence, evidence, heading, before if follows else ""))
            before = sentence
    return found


def _sentences(text: str) -> Iterator[tuple[str, bool]]:
    """Each sentence, and whether it stands in the same paragraph as the one before."""
    end = 0
    for start, stop in sentences(text):
        follows = end > 0 and not _BLANK_LINE.search(text[end:start]) and not _MARKER.match(text[start:stop])
        for part in _parts(text[start:stop]):
            yield part, follows
            follows = True
        end = stop


def _parts(sentence: str) -> Iterator[str]:
    """Lines that were not wrapped: the next starts like a record, or with a capital after a line that had room."""
    for part in _ALSO_ENDS.split(sentence):
        kept = ""
        for line in part.splitlines():
            if kept and len(kept.splitlines()[-1]) < _WIDTH and line[:1].isupper():
                yield kept
                kept = ""
            kept = f"{kept}\n{line}" if kept else line
        yield kept


def _is_title(paragraph: str) -> bool:
    """A line that names what follows and says nothing itself."""
    words = paragraph.split()
    shouted = paragraph.isupper() and len(words) <= 9 and not any(c.isdigit() for c in paragraph)
    return shouted or (paragraph.endswith(":") and len(words) <= 8)
