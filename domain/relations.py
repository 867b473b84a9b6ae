"""Sentences that join two named entities: what a document states as facts of the graph."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from domain.entities import Mention
from domain.memories import ByteRange, Memory
from domain.memory_projections import Statement
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
    for sentence, start, end in in_bytes(text):
        while at < len(named) and named[at].start < start:
            at += 1
        inside = [mention for mention in named[at : at + 20] if mention.end <= end]
        pair = first_two(inside)
        if pair and not sentence.endswith("?") and len(sentence) <= LONGEST:
            first, second = pair
            names = (first.text, first.type), (second.text, second.type)
            found.append(Statement(sentence, *names, ByteRange(start, end)))
    return found


def stated_in(memory: Memory, mentions: Sequence[Mention]) -> list[Statement]:
    """Those of a document's passage, with their places in the document; `mentions` may be all of the document's."""
    place = memory.content.byte_range
    if place is None:
        return []
    inside = [
        replace(mention, start=mention.start - place.start, end=mention.end - place.start)
        for mention in mentions
        if place.start <= mention.start and mention.end <= place.end
    ]
    found = statements_of(memory.content.text, inside) if len(inside) > 1 else []
    return [replace(each, range=_moved(each.range, place.start)) for each in found]


def _moved(range_: ByteRange, by: int) -> ByteRange:
    return ByteRange(range_.start + by, range_.end + by)


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
