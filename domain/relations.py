"""Sentences that join two named entities: what a document states as facts of the graph."""

from collections.abc import Iterator, Sequence

from domain.entities import Mention
from domain.memories import ByteRange
from domain.projections import Statement
from domain.sentences import sentences
from domain.topics import topic_key

LINKED = frozenset({"PERSON", "ORG", "GPE", "LOC", "FAC", "PRODUCT", "EVENT", "LAW", "WORK_OF_ART", "NORP"})
"""OntoNotes types that name something; dates, numbers and amounts do not."""
LONGEST = 400
"""Characters; what is longer is a list or a table, not a statement."""


def statements_of(text: str, mentions: Sequence[Mention]) -> list[Statement]:
    """Sentences with two different named entities, the first two being subject and object; in order."""
    named = sorted((mention for mention in mentions if mention.type in LINKED), key=lambda mention: mention.start)
    found, at = [], 0
    for position, (sentence, start, end) in enumerate(in_bytes(text)):
        while at < len(named) and named[at].start < start:
            at += 1
        inside = [mention for mention in named[at : at + 20] if mention.end <= end]
        pair = first_two(inside)
        if pair and not sentence.endswith("?") and len(sentence) <= LONGEST:
            first, second = pair
            names = (first.text, first.type), (second.text, second.type)
            found.append(Statement(sentence, *names, position, ByteRange(start, end)))
    return found


def in_bytes(text: str) -> Iterator[tuple[str, int, int]]:
    """Each sentence with its half-open range of UTF-8 bytes."""
    characters = bytes_ = 0
    for start, end in sentences(text):
        bytes_ += len(text[characters:start].encode())
        length = len(text[start:end].encode())
        yield " ".join(text[start:end].split()), bytes_, bytes_ + length
        characters, bytes_ = end, bytes_ + length


def first_two(mentions: Sequence[Mention]) -> tuple[Mention, Mention] | None:
    """The first two with different names."""
    for other in mentions[1:]:
        if topic_key(other.text) != topic_key(mentions[0].text):
            return mentions[0], other
    return None
