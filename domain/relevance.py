"""How well a statement answers a question: the words that carry it, what stands around it, and nearness of meaning."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sumprod

from domain.answer_types import SOFT, AnswerType, fits, is_identity
from domain.chats import SourceKind
from domain.embeddings import Vector
from domain.questions import GENERIC_WEIGHT, KIND_WEIGHT, WORD_WEIGHT, Inquiry, Term
from domain.statements import Statement
from domain.words import excluded_by, is_closed, is_number, members_of, related, stem, stems

SAID_WEIGHT = 0.4
"""Of a word like "cost" that a fitting answer need not say, where it does."""
ALONE = 0.95
"""Share of a follow-up's own words that makes it need no earlier turn."""
RELATED, AROUND, HEADED, BEFORE, SAME_KIND = 0.9, 0.85, 0.78, 0.92, 0.9
_PRICED = re.compile(r"\b(?:prices?|costs?|fees?|rates?|tariff|charges?)", re.IGNORECASE)
_AMOUNT = re.compile(r"\b\d+[.,]\d\d\b")
_VOTED = re.compile(r"\bvot(?:e|ed|es)\b", re.IGNORECASE)

type Vectors = Mapping[str, Vector]


@dataclass(frozen=True, slots=True)
class Match:
    """A statement against one inquiry. `met` holds each term's degree, 0..1; `score` orders candidates."""

    statement: Statement
    met: tuple[float, ...]
    coverage: float
    cosine: float
    fits: bool
    score: float


def cosine(one: str, other: str, vectors: Vectors) -> float:
    """0 for a text without a vector."""
    left, right = vectors.get(one), vectors.get(other)
    return sumprod(left, right) if left and right else 0.0


def match(inquiry: Inquiry, statement: Statement, vectors: Vectors) -> Match:
    met = tuple(degree(term, statement, inquiry) for term in inquiry.all_terms)
    covered = coverage(inquiry, met)
    near = cosine(inquiry.text, statement.read_with, vectors)
    fitting = holds(inquiry, statement)
    score = covered + 0.6 * near + _bonus(inquiry, statement, fitting=fitting)
    return Match(statement, met, covered, near, fitting, score)


def holds(inquiry: Inquiry, statement: Statement) -> bool:
    """It has what the question asks for; in a list of prices a bare 29.00 is money."""
    given = frozenset(term.stem for term in inquiry.terms)
    text = _without_numbers(inquiry, statement.text)
    if fits(inquiry.type, text, given=given, identity=is_identity(inquiry.text)):
        return True
    priced = _PRICED.search(" ".join([statement.heading, statement.evidence.source]))
    return inquiry.type is AnswerType.MONEY and bool(priced) and bool(_AMOUNT.search(text))


def _without_numbers(inquiry: Inquiry, text: str) -> str:
    """The 3 of "act 3" does not say how many."""
    given = [re.escape(term.word) for term in inquiry.terms if term.word[0].isdigit()]
    return re.sub(rf"\b(?:{'|'.join(given)})\b", "", text) if given else text


def _bonus(inquiry: Inquiry, statement: Statement, *, fitting: bool) -> float:
    """For the asked type, the member's own words about itself, and the record where a vote is asked for."""
    typed = fitting and inquiry.type is not AnswerType.ANY
    if inquiry.type is AnswerType.PERSON and not inquiry.about_member:
        typed = typed and not statement.first_person
    own = inquiry.about_member and statement.evidence.own and statement.first_person
    recorded = statement.evidence.citation.kind is SourceKind.FACT and bool(_VOTED.search(inquiry.text))
    return 0.25 * typed + 0.15 * own + 0.3 * recorded


def coverage(inquiry: Inquiry, met: tuple[float, ...]) -> float:
    """Share of the question's weight that is met, 0..1; of lent topic words the best one counts."""
    own = len(inquiry.terms)
    if inquiry.topic and not inquiry.pointing and max(met[own:]) < 0.5 and tells_topic(inquiry, met):
        return own_met(inquiry, met)  # "And what do restaurants pay?" stands by itself
    weights = [_weight(term, degree) for term, degree in zip(inquiry.terms, met, strict=False)]
    total = sum(weights)
    got = sum(weight * degree for weight, degree in zip(weights, met, strict=False))
    if inquiry.topic:
        total += 1.0
        got += max(met[own:])
    return got / total if total else 0.0


def _weight(term: Term, degree: float) -> float:
    """A kind of thing need not be named, but where it is named it tells much."""
    if not term.kind or degree < AROUND:
        return term.weight
    return WORD_WEIGHT if term.weight >= KIND_WEIGHT else SAID_WEIGHT


def speaks_of_another(inquiry: Inquiry, met: tuple[float, ...], statement: Statement) -> bool:
    """Of the mother where the father is asked for."""
    words = stems(statement.text)
    return any(degree < 0.5 and excluded_by(term.stem, words) for term, degree in zip(inquiry.terms, met, strict=False))


def own_met(inquiry: Inquiry, met: tuple[float, ...]) -> float:
    """Share met of the question's own words, without what earlier turns lent."""
    own = [(term.weight, d) for term, d in zip(inquiry.terms, met, strict=False) if term.weight > GENERIC_WEIGHT]
    return sum(weight * d for weight, d in own) / sum(weight for weight, _ in own) if own else 1.0


def tells_topic(inquiry: Inquiry, met: tuple[float, ...]) -> bool:
    """It is about what earlier turns were about, or the follow-up stands by itself."""
    if not inquiry.topic or max(met[len(inquiry.terms) :]) >= 0.5:
        return True
    strong = any(term.weight >= KIND_WEIGHT for term in inquiry.terms)
    return strong and not inquiry.pointing and own_met(inquiry, met) >= ALONE


def names_only(inquiry: Inquiry, met: tuple[float, ...]) -> bool:
    """Of a question that says more than names, nothing but names is met."""
    others = [d for term, d in zip(inquiry.terms, met, strict=False) if not term.vital]
    return bool(others) and len(others) < len(inquiry.terms) and max(others) < 0.5


def narrows(inquiry: Inquiry, met: tuple[float, ...]) -> bool:
    """The question asks for a narrower thing: the away match, where the sentence tells of a match.

    Not so when the word before that is told: of "crew members rest", crew and rest are enough.
    """
    pairs = list(zip(inquiry.terms, met, strict=False))
    for number, ((term, degree), (after, next_degree)) in enumerate(pairwise(pairs)):
        same = term.weight == after.weight == WORD_WEIGHT and f"{term.word} {after.word}" in inquiry.text
        if same and degree < 0.5 <= next_degree:
            before, told = pairs[number - 1] if number else (None, 0.0)
            return not (before and told >= 0.5 and f"{before.word} {term.word}" in inquiry.text)
    return False


def rest_met(inquiry: Inquiry, met: tuple[float, ...]) -> float:
    """Share met of what a question says beside its names; 1 when it says no more."""
    if not any(term.vital for term in inquiry.terms):
        return 1.0
    pairs = [
        (t.weight, d) for t, d in zip(inquiry.terms, met, strict=False) if not t.vital and t.weight > GENERIC_WEIGHT
    ]
    return sum(w * d for w, d in pairs) / sum(w for w, _ in pairs) if pairs else 1.0


def lacks_vital(inquiry: Inquiry, met: tuple[float, ...]) -> bool:
    """A name, number or date of the question is nowhere to be found."""
    return any(term.vital and degree < 0.5 for term, degree in zip(inquiry.all_terms, met, strict=True))


def degree(term: Term, statement: Statement, inquiry: Inquiry) -> float:
    """How far a term is met by the sentence, or a little less by what stands around it."""
    here = _in_text(term, statement.text)
    if here >= 1.0:
        return here
    return max(
        here,
        _dated(term, statement, inquiry),
        (AROUND if term.vital else HEADED) * max((_in_text(term, each) for each in around(statement)), default=0.0),
        BEFORE * _in_text(term, statement.before) if statement.leans else 0.0,
    )


def around(statement: Statement) -> list[str]:
    """Heading and filename."""
    source = re.sub(r"\.\w{1,4}$", "", statement.evidence.source) if "." in statement.evidence.source else ""
    return [part for part in (statement.heading, re.sub(r"[-_/]", " ", source)) if part]


def _in_text(term: Term, text: str) -> float:
    words = stems(text)
    if term.stem in words:
        return 1.0
    if is_number(term.stem):
        return 0.0
    if not members_of(term.stem).isdisjoint(words):
        return SAME_KIND
    if term.vital:
        return (
            0.9
            if len(term.stem) > 4
            and any(w.startswith(term.stem) or (len(w) > 4 and term.stem.startswith(w)) for w in words)
            else 0.0
        )
    if any(related(term.stem, word) for word in words) or f"{term.stem}er" in words:
        return RELATED
    if len(term.stem) > 4 and any(len(w) > 4 and (w.startswith(term.stem) or term.stem.startswith(w)) for w in words):
        return RELATED
    return 0.0


def gains_without(inquiry: Inquiry, term: Term, found: Match, vectors: Vectors) -> float:
    """How much nearer the question comes to the sentence when the term is left out.

    It comes farther (below 0) when the sentence says the term in other words.
    """
    return cosine(inquiry.without(term), found.statement.read_with, vectors) - found.cosine


def known_in(term: Term, texts: Sequence[str]) -> bool:
    """Some text says it, or a synonym of it."""
    return any(_in_text(term, text) >= AROUND for text in texts)


def outside_period(inquiry: Inquiry, statement: Statement) -> bool:
    """A fact or message of another time than the one asked about."""
    timeless = statement.evidence.citation.kind is SourceKind.MEMORY
    return inquiry.window is not None and not timeless and not inquiry.window.holds(statement.evidence.at)


def _dated(term: Term, statement: Statement, inquiry: Inquiry) -> float:
    """A month or year of the question is met by a fact or message of that time."""
    timeless = statement.evidence.citation.kind is SourceKind.MEMORY and statement.evidence.source != "chat"
    if inquiry.window is None or timeless or not inquiry.window.holds(statement.evidence.at):
        return 0.0
    return 1.0 if is_number(term.stem) or is_closed(term.stem) or stem(term.word) in _PERIOD_WORDS else 0.0


_PERIOD_WORDS = frozenset(stem(word) for word in ("week", "month", "year", "day", "quarter", "yesterday", "today"))


def strict_type(inquiry: Inquiry) -> bool:
    """A sentence without the asked type is no answer."""
    return inquiry.type not in SOFT
