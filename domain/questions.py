"""What a question asks: its parts, the words that carry it, and what earlier turns lend to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.answer_types import SATISFIED_WORDS, AnswerType, asked_type, main_clause
from domain.chats import Sender
from domain.models import Turn
from domain.patterns import any_of, compiled
from domain.periods import Window, period_in
from domain.words import is_closed, is_generic, is_number, is_stopped, stem, tokens

_ASKERS = "who whom whose what what's when where where's which why how who's"
_LINKS = "in on at for with to from by of until since about"
_PARTS = compiled(
    rf"(?:,\s*|\s+)(?:and|but)\s+(?:also\s+)?(?=(?:{any_of(_LINKS)}\s+)?{any_of(_ASKERS)})",
    r"(?<=[?])\s+(?=\S)|;\s+",
    rf",\s+(?={any_of(_ASKERS)}\s+{any_of('is are was were does do did much many long')})",
)
_ASKING = compiled(
    r"\?",
    rf"^\W*(?:{any_of('and but so ok please hey hi hello', _LINKS)}\W+)*"
    + any_of(
        _ASKERS,
        "is are was were do does did can could may might must should shall will would has have had am",
        "tell explain describe list name show give summari[sz]e remind",
    ),
    rf"{any_of('tell know wonder remember ask forg* explain find_out')}.*{any_of(_ASKERS)}",
)
_TELLING = compiled(
    r"^\W*" + any_of("I I['’](?:m|ve|d|ll) my we our from_now_on actually honestly just_so_you_know note_that remember")
)
_POINTS_BACK = compiled(
    any_of("it its it's they them their he she his her him that_one this_one those there the_same the_other that")
)
_GOES_ON = compiled(r"^\W*" + any_of("and but so what_about how_about also or then"))
_PREFERENCE = compiled(
    any_of("prefer* favou?rites? likes? loves? hates? dislikes? enjoy* rather fond opinion"),
    any_of("think_of think_about feel_about stand_on"),
)
_ABOUT_MEMBER = compiled(any_of("I me my mine myself you your yours yourself we us our"))
_PERSONAL = compiled(
    r"\b(?:do|did|have|had|are|were|was|am|will|would)\s+(?:you|I)\b"
    rf"(?!\s+{any_of('have need get find know pay reach allowed supposed required start')})"
)
_WHERE_TO = compiled(
    rf"\bwhere\b.*?{any_of('can could do does did should must may')}\s+{any_of('I we you one')}"
    r"\s+(?:have to |need to )?(\w+)"
)
_STANDS = any_of("lie stand come belong is are was")
_DESCRIBED = compiled(rf"(\w+)\s+(?:{any_of(_LINKS)}\s+)?(?:{_STANDS}\s+)?{any_of('that who whom whose which where')}")
_OF_MINE = compiled(any_of("of_my of_our of_your"))
_WHICH = compiled(r"\b(?:which|what)(?:\s+(?:kind|sort|type|brand|name)s?\s+of)?\s+([\w-]+)(?:\s+([\w-]+))?")
_COLLECTIVE = compiled(
    r"\b(?:in|at|of|for|within|by) (?:our|this|my|the) (?:co-?op(?:erative)?|dao|collective|association)\b",
    r"\b(?:in|at|of|for|within|by) our (?:workshop|house|club|community|organi[sz]ation|group|village|company|team)\b",
)
"""Where everything is that the member's DAO has: it tells nothing."""
SHORT = 4
"""Words of a second part that asks about the first: "and what was the result?" """
_BACK = 3
"""Earlier turns that a follow-up may lean on."""
NAME_WEIGHT, WORD_WEIGHT, DOING_WEIGHT, GENERIC_WEIGHT, KIND_WEIGHT, TOPIC_WEIGHT = 2.0, 1.0, 0.6, 0.25, 0.5, 0.6


@dataclass(frozen=True, slots=True)
class Term:
    """One word that carries the question; `vital` ones (names, numbers, dates) must stand in the answer's source."""

    word: str
    stem: str
    weight: float
    vital: bool = False
    kind: bool = False
    """It names the kind of thing asked for: an example of it will do."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One question, ready to be compared with statements."""

    text: str
    type: AnswerType
    terms: tuple[Term, ...]
    topic: tuple[Term, ...] = ()
    """What earlier turns were about; one of them must be met when the question points back."""
    about_member: bool = False
    preference: bool = False
    personal: bool = False
    """It asks what the member itself is, has or does, which only the member's own words or the record tell."""
    relational: bool = False
    """One thing is described by another: "the printer that broke"."""
    main: frozenset[str] = frozenset()
    """Stems of the main clause, when a relative clause follows."""
    window: Window | None = None
    pointing: bool = False
    """It has a pronoun that only an earlier turn explains."""

    def without(self, term: Term) -> str:
        """The question with one word left out."""
        return " ".join(re.sub(rf"\b{re.escape(term.word)}\b", "", self.text).split())

    @property
    def all_terms(self) -> tuple[Term, ...]:
        return self.terms + self.topic


def is_telling(text: str) -> bool:
    """The member tells something and asks nothing."""
    return bool(_TELLING.match(text)) and not _ASKING.search(text)


def inquiries_of(question: str, turns: Sequence[Turn], *, name: str, now: datetime) -> list[Inquiry]:
    """The parts of a question, each with the topic of the turns or of the part before it when it leans on them."""
    asked = split_question(question)
    found: list[Inquiry] = []
    for number, part in enumerate(asked):
        inquiry = inquiry_of(part, name=name, now=now)
        if number and (leans(part, inquiry) or (len(part.split()) <= SHORT and len(inquiry.terms) <= 1)):
            inquiry = replace(inquiry, topic=_lent(found[-1].terms, inquiry))
        elif leans(part, inquiry):
            inquiry = _with_topic(inquiry, turns, name=name, now=now)
        found.append(inquiry)
    return found


def in_context(question: str, turns: Sequence[Turn], *, name: str, now: datetime) -> str:
    """What to search for: the question, and before it the last one when it leans on that."""
    before = next((turn.text for turn in reversed(turns) if turn.sender is Sender.MEMBER), "")
    return f"{before} {question}" if before and leans(question, inquiry_of(question, name=name, now=now)) else question


def split_question(question: str) -> list[str]:
    """ "What is X and who does Y?" is two; so are sentences."""
    parts: list[str] = []
    for part in (part.strip(" ,") for part in _PARTS.split(question) if part and part.strip(" ,?")):
        if parts and not _ASKING.search(parts[-1]):
            parts[-1] = f"{parts[-1]}, {part}"  # "Tabs or spaces, what do you prefer?" is one
        elif parts and not _ASKING.search(part):
            parts[-1] = f"{parts[-1]} {part}"
        else:
            parts.append(part)
    return parts or [question]


def inquiry_of(text: str, *, name: str, now: datetime) -> Inquiry:
    """One question by itself. The member's own name counts as "I"."""
    first = name.split()[0] if name else ""
    if first and first not in ("Dr", "Dr.", "Prof", "Prof."):
        text = re.sub(rf"\b{re.escape(name)}['’]s\b|\b{re.escape(first)}['’]s\b", "my", text)
        text = re.sub(rf"\b{re.escape(name)}\b|\b{re.escape(first)}\b", "I", text)
    kind, main = asked_type(text), main_clause(text)
    about = bool(_ABOUT_MEMBER.search(text))
    preference = about and bool(_PREFERENCE.search(text))
    window = period_in(text, now)
    terms = _terms(_COLLECTIVE.sub(" ", text), kind, preference=preference, window=window)
    return Inquiry(
        text,
        kind,
        terms,
        about_member=about,
        preference=preference,
        personal=bool(_PERSONAL.search(text)),
        relational=main != text or bool(_OF_MINE.search(text)),
        main=frozenset(stem(token) for token in tokens(main)) if main != text else frozenset(),
        window=window,
        pointing=bool(_POINTS_BACK.search(re.sub(r"\bthat (?=\w+s?\b)", "", text))),
    )


def leans(part: str, inquiry: Inquiry) -> bool:
    """It cannot be understood without what was said before."""
    if _GOES_ON.match(part):
        return True
    strong = sum(term.weight for term in inquiry.terms)
    return (inquiry.pointing and strong < 3) or (strong < WORD_WEIGHT and len(part.split()) <= 4)


def _with_topic(inquiry: Inquiry, turns: Sequence[Turn], *, name: str, now: datetime) -> Inquiry:
    """Words of the last turns; a bare "and for PETG?" also asks for the same type of thing as before."""
    recent = list(turns)[-_BACK:]
    asked = next((turn.text for turn in reversed(recent) if turn.sender is Sender.MEMBER), "")
    answered = next((turn.text for turn in reversed(recent) if turn.sender is Sender.TWIN), "")
    before = inquiry_of(asked, name=name, now=now)
    bare = inquiry.type is AnswerType.ANY and len(inquiry.terms) <= 2
    lent = _lent(before.terms, inquiry) + _lent(_names(answered), inquiry)
    return replace(
        inquiry,
        text=f"{asked} {inquiry.text}",
        topic=lent,
        type=before.type if bare else inquiry.type,
        preference=inquiry.preference or (bare and before.preference),
        about_member=inquiry.about_member or (bare and before.about_member),
    )


def _lent(terms: Sequence[Term], inquiry: Inquiry) -> tuple[Term, ...]:
    """Topic words that the question does not have itself."""
    own = {term.stem for term in inquiry.terms}
    return tuple(
        replace(term, weight=TOPIC_WEIGHT, vital=False, kind=False)
        for term in terms
        if term.stem not in own and term.weight >= KIND_WEIGHT
    )


def _names(answer: str) -> tuple[Term, ...]:
    """Names in the twin's last answer: what "he", "she" or "it" may mean."""
    quoted = " ".join(re.findall(r"“([^”]+)”", answer)) or answer
    words = quoted.split()
    names = [
        w.strip(".,:;!?()“”'") for i, w in enumerate(words) if w[:1].isupper() and not is_stopped(w.strip(".,:;!?()"))
    ]
    return tuple(
        Term(word, stem(word), NAME_WEIGHT)
        for word in dict.fromkeys(names)
        if word and word[0].isalpha() and tokens(word)
    )


_THINGS = "morning evening building ceiling meeting wedding parking heating lighting spring string"
"""Nouns in -ing; other such words say what is done, which an answer may say otherwise."""
_LIKING = "prefer favourite favorite like love hate dislike enjoy rather fond opinion think best"
_PREFERRING = frozenset(stem(word) for word in _LIKING.split())


def _terms(text: str, kind: AnswerType, *, preference: bool, window: Window | None) -> tuple[Term, ...]:
    """Content words with their weights, each once."""
    satisfied = {stem(word) for word in SATISFIED_WORDS.get(kind, "").split()}
    dropped = _PREFERRING if preference else frozenset()
    asked = _asked_kinds(text)
    going = {stem(token) for found in _WHERE_TO.finditer(text) for token in tokens(found[1])}
    found: dict[str, Term] = {}
    for position, token in enumerate(tokens(text)):
        root = stem(token)
        dated = window is not None and is_closed(root) and token[0].isupper()
        if (is_stopped(token) and not dated) or root in found or root in dropped or not token[0].isalnum():
            continue
        if root in satisfied or root in going:
            found[root] = Term(token, root, GENERIC_WEIGHT, kind=True)
        else:
            found[root] = _term(token, root, position, asked, window)
    return _shared_names(text, tuple(found.values()))


def _shared_names(text: str, terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """First and last name are one name: they share its weight."""
    runs = [run.split() for run in re.findall(r"(?:\b[A-Z][\w’'-]*\s+)+[A-Z][\w’'-]*", text)]
    length = {stem(word): len([w for w in run if not is_stopped(w)]) for run in runs for word in run if tokens(word)}
    return tuple(
        replace(t, weight=t.weight / max(1, length.get(t.stem, 1))) if t.vital and t.weight == NAME_WEIGHT else t
        for t in terms
    )


def _term(token: str, root: str, position: int, asked: frozenset[str], window: Window | None) -> Term:
    if is_number(root):
        return Term(token, root, WORD_WEIGHT if window else NAME_WEIGHT, vital=window is None and token[0].isdigit())
    if is_closed(root):
        return Term(token, root, WORD_WEIGHT, vital=True)
    if (token[0].isupper() and position > 0) or (len(token) > 1 and token.isupper()):
        return Term(token, root, NAME_WEIGHT, vital=True)
    if is_generic(root):
        return Term(token, root, GENERIC_WEIGHT)
    if root in asked:
        return Term(token, root, KIND_WEIGHT, kind=True)
    if len(token) > 5 and token.endswith("ing") and token not in _THINGS.split():
        return Term(token, root, DOING_WEIGHT)
    return Term(token, root, WORD_WEIGHT)


def _asked_kinds(text: str) -> frozenset[str]:
    """Of "which filament" the filament, of "the person who" the person: an answer names one and need not say so."""
    described = frozenset(stem(word) for word in _DESCRIBED.findall(text) if not is_stopped(word))
    found = _WHICH.search(text)
    if found is None:
        return described
    first, second = found[1], found[2]
    if second and is_stopped(first) and not is_stopped(second):
        return described | {stem(second)}
    return described if is_stopped(first) else described | {stem(first)}
