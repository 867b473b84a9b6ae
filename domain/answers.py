"""How a twin answers without a language model: in the first person, in the words of its sources, or "I don't know"."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.chats import Citation, SourceKind
from domain.models import Evidence, Prompt
from domain.questions import Inquiry, inquiries_of, is_telling
from domain.relevance import Match, Vectors
from domain.selection import select
from domain.small_talk import small_talk
from domain.statements import Statement, cleaned, statements_of

UNKNOWN = "I don't know: nothing I have read or said tells me that."
HALF_UNKNOWN = "The rest of your question I can't answer: nothing I have read or said tells me that."
_QUOTED = 400
"""Characters of a quotation; a longer sentence is cut at a word."""


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A prompt taken apart, before anything is compared."""

    name: str
    inquiries: tuple[Inquiry, ...]
    statements: tuple[Statement, ...]
    reply: str | None = None
    """The whole answer, when none has to be looked for."""

    def texts(self) -> list[str]:
        """What to embed: sentences, and the questions whole and with one word left out."""
        asked = [text for i in self.inquiries for text in (i.text, *(i.without(term) for term in i.terms))]
        return list(dict.fromkeys([*asked, *(statement.read_with for statement in self.statements)]))


def read(prompt: Prompt) -> Reading:
    """Take a prompt apart: its questions, and the statements that may answer."""
    question = " ".join(cleaned(prompt.question).split())
    talk = small_talk(question, prompt.name)
    if talk is not None:
        return Reading(prompt.name, (), (), reply=talk)
    if is_telling(question):
        return Reading(prompt.name, (), (), reply=f"I take note that you said: “{question}”")
    inquiries = inquiries_of(question, prompt.turns, name=prompt.name, now=prompt.asked_at)
    statements = dict.fromkeys(each for evidence in prompt.evidence for each in statements_of(evidence))
    return Reading(prompt.name, tuple(inquiries), _distinct(statements))


def _distinct(statements: dict[Statement, None]) -> tuple[Statement, ...]:
    """One of each sentence and source: a message may be recalled as turn and as memory."""
    seen: dict[tuple[str, str], Statement] = {}
    for each in statements:
        seen.setdefault((each.text, each.evidence.source), each)
    return tuple(seen.values())


def answer(reading: Reading, vectors: Vectors) -> Answer:
    """The same for the same reading and vectors; it says nothing that no source says."""
    if reading.reply is not None:
        return Answer(reading.reply)
    chosen = [select(each, reading.statements, vectors, name=reading.name) for each in reading.inquiries]
    used = list(dict.fromkeys(found.statement for matches in chosen for found in _with_context(matches)))
    if not used:
        return Answer(UNKNOWN)
    said = [spoken(statement) for statement in used]
    if not all(chosen):
        said.append(HALF_UNKNOWN)
    return Answer(" ".join(said), tuple(cited(statement) for statement in used))


def _with_context(matches: Sequence[Match]) -> list[Match]:
    """A sentence that points back is quoted together with the one before it."""
    return [
        replace(
            each, statement=replace(each.statement, text=f"{each.statement.before} {each.statement.text}", before="")
        )
        if each.statement.leans and not _stands_in(each.statement.before, matches)
        else each
        for each in matches
    ]


def _stands_in(text: str, matches: Sequence[Match]) -> bool:
    return any(text in each.statement.text for each in matches)


def cited(statement: Statement) -> Citation:
    return replace(statement.evidence.citation, quote=statement.text)


def spoken(statement: Statement) -> str:
    """In the first person: the member's own words as they are, others' as a quotation with its source."""
    text = _cut(statement.text)
    if statement.in_own_voice:
        return text if text.endswith((".", "!", "…")) else f"{text}."
    return f"{introduced(statement.evidence)}: “{text}”"


def introduced(evidence: Evidence) -> str:
    """Where the member has it from."""
    on = f"{evidence.at.day} {evidence.at:%B %Y}"
    if evidence.citation.kind is SourceKind.FACT:
        return f"On the record I find, as of {on}"
    if evidence.citation.kind is SourceKind.MESSAGE or evidence.source == "chat":
        return f"I said in our chat on {on}" if evidence.own else f"I read in a chat of {on}"
    return f"I wrote in {evidence.source}" if evidence.own else f"In {evidence.source} I read"


def _cut(text: str) -> str:
    return text if len(text) <= _QUOTED else text[:_QUOTED].rsplit(" ", 1)[0] + " …"
